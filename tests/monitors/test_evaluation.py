"""The judgement of results, as tables and as properties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.evaluation import State, Verdict, combine, evaluate
from monitors.policy import Policy
from monitors.telemetry.models import Status

START = datetime(2026, 3, 1, tzinfo=UTC)
VERDICTS = {"+": Verdict.GOOD, "~": Verdict.SOFT, "-": Verdict.BAD, "?": Verdict.UNKNOWN}


def verdict(ok: bool) -> Verdict:
    return Verdict.GOOD if ok else Verdict.BAD


def walk(policy: Policy, answers: str) -> list[tuple[int, str, int]]:
    """(index, status after, index of the slot it is dated to) of each transition.

    `+` is good, `~` soft, `-` bad, `?` unknown.
    """
    state, seen = State(), []
    for index, answer in enumerate(answers):
        state, transition = evaluate(policy, state, VERDICTS[answer], START + timedelta(minutes=index))
        if transition:
            seen.append((index, transition.after.label, (transition.began - START) // timedelta(minutes=1)))
    return seen


@pytest.mark.parametrize(
    ("answers", "transitions"),
    [
        ("+", [(0, "up", 0)]),
        ("++++", [(0, "up", 0)]),
        ("+--+--+", [(0, "up", 0)]),
        ("+---", [(0, "up", 0), (3, "down", 1)]),
        ("+-----", [(0, "up", 0), (3, "down", 1)]),
        ("---", [(2, "down", 0)]),
        ("---+", [(2, "down", 0)]),
        ("---++", [(2, "down", 0), (4, "up", 4)]),
        ("---+-++", [(2, "down", 0), (6, "up", 6)]),
        ("---++---", [(2, "down", 0), (4, "up", 4), (7, "down", 5)]),
        ("-+--", [(1, "up", 1)]),
    ],
)
def test_three_failures_take_a_monitor_down_and_two_good_results_bring_it_back(
    answers: str, transitions: list[tuple[int, str, int]]
) -> None:
    assert walk(Policy(3, 2), answers) == transitions


def test_one_failure_is_enough_when_the_policy_says_so() -> None:
    assert walk(Policy(1, 1), "+-+-") == [(0, "up", 0), (1, "down", 1), (2, "up", 2), (3, "down", 3)]


@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.lists(st.booleans(), max_size=60),
)
def test_the_machine_agrees_with_counting_runs(down_after: int, up_after: int, answers: list[bool]) -> None:
    state, model = State(), Status.PENDING
    for index, ok in enumerate(answers):
        state, transition = evaluate(
            Policy(down_after, up_after, flapping_above=0),
            state,
            verdict(ok),
            START + timedelta(minutes=index),
        )
        before = model
        run = 1
        while run <= index and answers[index - run] == ok:
            run += 1
        if not ok and run >= down_after:
            model = Status.DOWN
        elif ok and (model is not Status.DOWN or run >= up_after):
            model = Status.UP
        assert state.status == model
        assert (transition is not None) == (model != before)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_an_outage_is_dated_to_the_first_failure_of_its_run(answers: list[bool]) -> None:
    state = State()
    for index, ok in enumerate(answers):
        state, transition = evaluate(Policy(3, 2), state, verdict(ok), START + timedelta(minutes=index))
        if transition and transition.after is Status.DOWN:
            assert transition.began == START + timedelta(minutes=index - 2)


@pytest.mark.parametrize(
    ("answers", "transitions"),
    [
        ("~", [(0, "up", 0)]),
        ("+~~~", [(0, "up", 0), (3, "degraded", 1)]),
        ("+~~+~~", [(0, "up", 0)]),
        ("+~~~++", [(0, "up", 0), (3, "degraded", 1), (5, "up", 5)]),
        ("+~~~+~+", [(0, "up", 0), (3, "degraded", 1)]),
        ("+~~~---", [(0, "up", 0), (3, "degraded", 1), (6, "down", 4)]),
        ("+~~~--++", [(0, "up", 0), (3, "degraded", 1), (7, "up", 7)]),
        ("---~~", [(2, "down", 0), (4, "up", 4)]),
        ("---~+~~", [(2, "down", 0), (4, "up", 4)]),
        ("+~-~--+", [(0, "up", 0)]),
        ("+~~-~", [(0, "up", 0)]),
    ],
)
def test_soft_results_degrade_a_monitor_and_count_as_answers(
    answers: str, transitions: list[tuple[int, str, int]]
) -> None:
    assert walk(Policy(3, 2, 3), answers) == transitions


@pytest.mark.parametrize(
    ("answers", "transitions"),
    [
        ("???", [(2, "unknown", 2)]),
        ("+???", [(0, "up", 0), (3, "unknown", 3)]),
        ("+??+??", [(0, "up", 0)]),
        ("+?????", [(0, "up", 0), (3, "unknown", 3)]),
        ("+???+", [(0, "up", 0), (3, "unknown", 3), (4, "up", 4)]),
        ("+???---", [(0, "up", 0), (3, "unknown", 3), (6, "down", 4)]),
        ("+???--+", [(0, "up", 0), (3, "unknown", 3), (6, "up", 6)]),
        # Not knowing ends no run of failures.
        ("+-?-?-", [(0, "up", 0), (5, "down", 1)]),
        # An outage that nobody can see any more is no recovery, and goes on at the first failure.
        ("---???", [(2, "down", 0), (5, "unknown", 5)]),
        ("---??-??-", [(2, "down", 0)]),
        ("---???-", [(2, "down", 0), (5, "unknown", 5), (6, "down", 6)]),
        ("---???+", [(2, "down", 0), (5, "unknown", 5)]),
        ("---???++", [(2, "down", 0), (5, "unknown", 5), (7, "up", 7)]),
        ("---???+-", [(2, "down", 0), (5, "unknown", 5), (7, "down", 7)]),
        ("---???+?+", [(2, "down", 0), (5, "unknown", 5)]),
        ("---???~~", [(2, "down", 0), (5, "unknown", 5), (7, "up", 7)]),
        ("---+?++", [(2, "down", 0), (6, "up", 6)]),
        ("~~~???+", [(0, "up", 0), (2, "degraded", 0), (5, "unknown", 5), (6, "up", 6)]),
    ],
)
def test_unknown_results_make_a_monitor_unknown_and_never_down(
    answers: str, transitions: list[tuple[int, str, int]]
) -> None:
    assert walk(Policy(3, 2, 3), answers) == transitions


def test_an_outage_that_ends_in_soft_results_ends_degraded_when_one_is_enough() -> None:
    assert walk(Policy(1, 2, 1), "-~~++") == [(0, "down", 0), (2, "degraded", 2), (4, "up", 4)]


@given(st.text("+~-?", max_size=60), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
def test_no_change_is_told_twice_and_each_starts_from_the_last(
    answers: str, down_after: int, up_after: int, degraded_after: int
) -> None:
    state = State()
    for index, answer in enumerate(answers):
        before = state.status
        policy = Policy(down_after, up_after, degraded_after)
        state, transition = evaluate(policy, state, VERDICTS[answer], START + timedelta(minutes=index))
        assert (transition is not None) == (state.status is not before)
        if transition:
            assert (transition.before, transition.after) == (before, state.status)
            assert START <= transition.began <= START + timedelta(minutes=index)


UP, DOWN, DEGRADED, PENDING, UNKNOWN = Status.UP, Status.DOWN, Status.DEGRADED, Status.PENDING, Status.UNKNOWN


@pytest.mark.parametrize(
    ("statuses", "quorum", "together"),
    [
        ([UP, UP, UP], 2, UP),
        ([DOWN, UP, UP], 2, UP),
        ([DOWN, DOWN, UP], 2, DOWN),
        ([DOWN, UP, UP], 1, DOWN),
        ([DOWN, DEGRADED, UP], 2, DEGRADED),
        ([DEGRADED, UP], 1, DEGRADED),
        ([PENDING, PENDING], 2, PENDING),
        ([UNKNOWN, UNKNOWN], 1, UNKNOWN),
        ([PENDING, UNKNOWN], 1, PENDING),
        ([PENDING, DOWN], 2, PENDING),
        ([PENDING, DOWN, UP], 2, UP),
        ([UNKNOWN, DOWN], 2, DOWN),
        ([PENDING, UP], 2, UP),
    ],
)
def test_so_many_locations_must_agree_of_those_that_know(
    statuses: list[Status], quorum: int, together: Status
) -> None:
    assert combine(statuses, quorum) is together
