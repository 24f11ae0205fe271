"""What is written down of each result: what it changed, or was counted for without changing anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitors import editing
from monitors.deciding import decide
from monitors.evaluation import State, Verdict, evaluate
from monitors.models import Monitor
from monitors.policy import Policy
from monitors.statuses import Status
from monitors.telemetry.models import Decision
from monitors.why import wording
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, SOFT, head, status, step

START = datetime(2026, 3, 1, tzinfo=UTC)
VERDICTS = {"+": Verdict.GOOD, "~": Verdict.SOFT, "-": Verdict.BAD, "?": Verdict.UNKNOWN}


def reasons(policy: Policy, answers: str) -> list[str]:
    """`place kind rule counted/needed` of each result that decided something or was counted."""
    state, said = State(), []
    for place, answer in enumerate(answers, 1):
        before = state
        state, transition = evaluate(policy, state, VERDICTS[answer], START + timedelta(minutes=place))
        reason = decide(policy, before, state, VERDICTS[answer], transition)
        if reason:
            said.append(f"{place} {reason.kind.name} {reason.rule.name} {reason.counted}/{reason.needed}")
    return said


@pytest.mark.parametrize(
    ("policy", "answers", "said"),
    [
        (Policy(), "+++", ["1 CHANGED FIRST_ANSWER 0/0"]),
        (Policy(), "+--+", ["1 CHANGED FIRST_ANSWER 0/0", "2 COUNTED IN_A_ROW 1/3", "3 COUNTED IN_A_ROW 2/3",
                            "4 DISMISSED IN_A_ROW 2/3"]),
        (Policy(), "---- -+-++", ["1 COUNTED IN_A_ROW 1/3", "2 COUNTED IN_A_ROW 2/3", "3 CHANGED IN_A_ROW 3/3",
                                  "6 COUNTED ANSWERS 1/2", "7 DISMISSED ANSWERS 1/2", "8 COUNTED ANSWERS 1/2",
                                  "9 CHANGED ANSWERS 2/2"]),
        (Policy(down_after=1, quiet_seconds=180), "-+++++", ["1 CHANGED IN_A_ROW 1/1", "2 COUNTED ANSWERS 1/2",
                                                          "3 COUNTED QUIET 2/2", "4 COUNTED QUIET 3/2",
                                                          "5 CHANGED QUIET 4/2"]),
        (Policy(degraded_after=2), "+~~~++", ["1 CHANGED FIRST_ANSWER 0/0", "2 COUNTED SOFT_IN_A_ROW 1/2",
                                             "3 CHANGED SOFT_IN_A_ROW 2/2", "5 COUNTED GOOD_IN_A_ROW 1/2",
                                             "6 CHANGED GOOD_IN_A_ROW 2/2"]),
        (Policy(), "+~+", ["1 CHANGED FIRST_ANSWER 0/0", "2 COUNTED SOFT_IN_A_ROW 1/3",
                           "3 DISMISSED SOFT_IN_A_ROW 1/3"]),
        (Policy(window=4, ratio=0.5), "+-+-", ["1 CHANGED FIRST_ANSWER 0/0", "2 COUNTED SHARE 1/2",
                                              "4 CHANGED SHARE 2/2"]),
        (Policy(window=2, ratio=1.0), "+-++", ["1 CHANGED FIRST_ANSWER 0/0", "2 COUNTED SHARE 1/2",
                                              "4 DISMISSED SHARE 1/2"]),
        (Policy(down_after=2), "+??+", ["1 CHANGED FIRST_ANSWER 0/0", "2 COUNTED UNKNOWN_IN_A_ROW 1/2",
                                        "3 CHANGED UNKNOWN_IN_A_ROW 2/2", "4 CHANGED FIRST_ANSWER 0/0"]),
        (Policy(down_after=1), "-?-", ["1 CHANGED IN_A_ROW 1/1", "2 CHANGED UNKNOWN_IN_A_ROW 1/1",
                                       "3 CHANGED GOES_ON 1/1"]),
    ],
)  # fmt: skip
def test_each_result_that_counts_says_by_which_rule(policy: Policy, answers: str, said: list[str]) -> None:
    assert reasons(policy, answers.replace(" ", "")) == said


def test_a_flapping_monitor_says_why_it_is_silent() -> None:
    said = reasons(Policy(), "++-+-+-+-+-+-" + "+" * 20)
    assert "10 CHANGED FLAPPING_IN 0/0" in said
    assert "11 COUNTED FLAPPING_OUT 0/0" in said
    assert said[-1].endswith("CHANGED FLAPPING_OUT 0/0")


def decided(monitor: Monitor) -> list[Decision]:
    with as_pipeline():
        return list(Decision.objects.filter(monitor_no=monitor.no).order_by("no"))


def test_the_recorder_writes_each_decision_with_what_was_seen(acme: Any) -> None:
    monitor = make(acme, policy={"down_after": 2, "up_after": 1})
    for outcome in (GOOD, GOOD, BAD, BAD, BAD, GOOD):
        step(monitor, outcome)

    rows = [row for row in decided(monitor) if row.verdict is not None]
    assert [wording.sentence(row) for row in rows] == [
        "Became up: its first answer.",
        "Failure 1 of 2 in a row.",
        "Became down: 2 of 2 failures in a row.",
        "Became up: 1 of 1 answers in a row.",
    ]
    assert wording.seen(rows[1]) == "connection refused"
    assert [(row.before, row.after) for row in rows[1:]] == [(1, 1), (1, 3), (3, 1)]
    assert all(row.decided_at >= row.at for row in rows)


def test_what_is_steady_writes_nothing(acme: Any) -> None:
    monitor = make(acme)
    for _ in range(25):
        step(monitor, GOOD)

    assert len(decided(monitor)) == 1


def test_a_slow_answer_is_soft_by_the_policy_and_says_so(acme: Any) -> None:
    monitor = make(acme, policy={"slow_ms": 1, "degraded_after": 1})
    step(monitor, GOOD)
    step(monitor, replace(GOOD, total_us=1400))

    assert status(monitor) is Status.DEGRADED
    assert decided(monitor)[-1].words == "slow: took 1 ms, over 1 ms"


def test_a_pause_resets_no_streak_and_resumes_an_outage_at_its_first_failure(acme: Any) -> None:
    monitor = make(acme)
    for outcome in (GOOD, BAD, BAD):
        step(monitor, outcome)
    with in_tenant(acme):
        paused = editing.pause(acme, monitor, COMMAND_LINE)
        editing.resume(acme, paused, COMMAND_LINE)
    assert head(monitor).failures == 2
    step(monitor, BAD)
    assert status(monitor) is Status.DOWN

    with in_tenant(acme):
        paused = editing.pause(acme, Monitor.objects.get(pk=monitor.pk), COMMAND_LINE)
        assert monitor.incidents.filter(resolved_at=None).count() == 0
        editing.resume(acme, paused, COMMAND_LINE)
    assert status(monitor) is Status.UNKNOWN
    step(monitor, BAD)
    assert status(monitor) is Status.DOWN
    with in_tenant(acme):
        assert monitor.incidents.filter(resolved_at=None).count() == 1


def test_soft_results_are_decisions_too(acme: Any) -> None:
    monitor = make(acme, policy={"degraded_after": 2})
    for outcome in (GOOD, SOFT, SOFT):
        step(monitor, outcome)

    assert [row.counted for row in decided(monitor)] == [0, 1, 2]
