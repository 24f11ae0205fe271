"""What a back-test finds is what the live judgement would have done."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import process_time

import pytest
from hypothesis import given

from monitors.backtest.comparing import compare
from monitors.backtest.replaying import Replay, replay
from monitors.backtest.replaying import moment as moment_of
from monitors.backtest.running import Backtest, as_json
from monitors.evaluation import State, evaluate
from monitors.policy import Policy
from monitors.results.columns import Columns
from monitors.statuses import Status
from monitors.uptime import Stretch
from tests.monitors.test_policies import ANSWERS, POLICIES, VERDICTS

MINUTE = 60_000_000
START = moment_of(1_800_000_000_000_000)


def stored(answers: str, *, every: int = MINUTE, begin: int = 1_800_000_000_000_000) -> Columns:
    """`+~-?` as results are stored."""
    return Columns(
        slot=[begin + place * every for place in range(len(answers))],
        ok=[answer in "+~" for answer in answers],
        soft=[answer == "~" for answer in answers],
        error=[{"-": 10, "?": 100}.get(answer, 0) for answer in answers],
        total_us=[1000 for _ in answers],
        detail=["it failed softly" if answer == "~" else None for answer in answers],
    )


def run(policy: Policy, *places: str, quorum: int = 1) -> Replay:
    longest = max(len(place) for place in places)
    columns = {number: stored(answers) for number, answers in enumerate(places, 1)}
    return replay(policy, quorum, columns, START + timedelta(minutes=longest))


def minutes(found: Replay) -> list[tuple[int, int, int | None]]:
    """(began, confirmed, ended) of each outage, in minutes from the start."""
    return [
        (_at(one.began), _at(one.confirmed), None if one.ended is None else _at(one.ended))
        for one in found.outages
    ]


def _at(moment: datetime) -> int:
    return round((moment - START) / timedelta(minutes=1))


@pytest.mark.parametrize(
    ("policy", "answers", "outages"),
    [
        (Policy(), "++++++", []),
        (Policy(), "+---++", [(1, 3, 5)]),
        (Policy(down_after=1, up_after=1), "+-+-+", [(1, 1, 2), (3, 3, 4)]),
        (Policy(), "+-----", [(1, 3, None)]),
        (Policy(), "---++", [(0, 2, 4)]),
        (Policy(), "+---???-++", [(1, 3, 9)]),
        (Policy(flapping_above=0.2), "++-+-+" + "+" * 25, [(4, 5, 13)]),
    ],
)
def test_an_outage_is_opened_and_closed_as_an_incident_would_be(
    policy: Policy, answers: str, outages: list[tuple[int, int, int | None]]
) -> None:
    assert minutes(run(policy, answers)) == outages


@given(POLICIES, ANSWERS.map("".join).filter(bool))
def test_it_opens_what_the_live_judgement_confirms(policy: Policy, answers: str) -> None:
    state, opened, is_open = State(), [], False
    for place, answer in enumerate(answers):
        state, transition = evaluate(policy, state, VERDICTS[answer], START + timedelta(minutes=place))
        if transition and transition.after in (Status.DOWN, Status.FLAPPING) and not is_open:
            opened.append(START + timedelta(minutes=place))
            is_open = True
        elif transition and transition.after in (Status.UP, Status.DEGRADED):
            is_open = False
    assert [one.confirmed for one in run(policy, answers).outages] == opened


@pytest.mark.parametrize(
    ("places", "quorum", "outages"),
    [
        (("+---++++", "++++++++", "++++++++"), 2, []),
        (("+---++++", "++++++++", "++++++++"), 1, [(1, 3, 5)]),
        (("+-----++", "++---+++", "++++++++"), 2, [(2, 4, 6)]),
    ],
)
def test_several_locations_must_agree(
    places: tuple[str, ...], quorum: int, outages: list[tuple[int, int, int | None]]
) -> None:
    assert minutes(run(Policy(), *places, quorum=quorum)) == outages


def test_slow_is_what_the_draft_calls_slow() -> None:
    columns = stored("++++++")
    columns.total_us = [1000, 1000, 900_000, 900_000, 900_000, 1000]
    columns.soft = [False, False, True, True, True, False]
    columns.detail = [None, None, *["slow: took 900 ms, over 500 ms"] * 3, None]
    end = START + timedelta(minutes=6)

    assert replay(Policy(slow_ms=500), 1, {1: columns}, end).degraded == 1
    assert replay(Policy(slow_ms=950), 1, {1: columns}, end).degraded == 0
    assert replay(Policy(), 1, {1: columns}, end).degraded == 0


def test_what_nothing_worked_before_may_have_begun_earlier() -> None:
    assert [one.is_earlier for one in run(Policy(), "---++---").outages] == [True, False]


def words(today: Policy, draft: Policy, answers: str) -> list[str]:
    end = START + timedelta(days=30)
    return compare(run(today, answers), run(draft, answers), START, end).sentences


def test_the_difference_is_said_in_words() -> None:
    answers = "+++--+++++++----++++++"
    quick, slow = Policy(down_after=2, flapping_above=0), Policy(down_after=3, flapping_above=0)

    assert words(quick, slow, answers) == [
        "In 30 days this rule would have opened 1 incident; today's rule opens 2.",
        "It leaves out one of 3 min that today's rule opens.",
        "Outages that both see are told 1 min later.",
    ]
    assert words(slow, slow, answers) == [
        "In 30 days this rule would have opened 1 incident, as today's rule does."
    ]
    assert words(slow, quick, answers)[1] == "It adds one of 3 min that today's rule passes over."


def test_nothing_stored_is_said_too() -> None:
    nothing = replay(Policy(), 1, {}, START)
    assert compare(nothing, nothing, START, START).sentences == [
        "No result is stored of that time, so there is nothing to replay."
    ]


def test_a_monitor_that_alternates_for_days_is_compared_at_once() -> None:
    quick = Policy(down_after=1, up_after=1, flapping_above=0)
    alternating = run(quick, "+-" * 20_000)
    began = process_time()

    found = compare(alternating, alternating, START, START + timedelta(days=28))
    shown = as_json(Backtest(quick, 1, found, [], False), found.end)

    assert process_time() - began < 2
    assert (shown["draft"]["opened"], len(shown["draft"]["outages"])) == (20_000, 1_000)


def test_an_outage_is_in_maintenance_if_it_was_confirmed_in_it() -> None:
    replayed = run(Policy(down_after=1, up_after=1, flapping_above=0), "+-" * 5)
    windows = [Stretch(START + timedelta(minutes=one), START + timedelta(minutes=one + 2)) for one in (2, 6)]
    found = Backtest(Policy(), 1, compare(replayed, replayed, START, replayed.end), windows, False)

    assert [found.is_in_maintenance(one) for one in replayed.outages] == [False, True, False, True, False]
