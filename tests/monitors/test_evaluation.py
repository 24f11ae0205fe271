"""The judgement of results, as tables and as properties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.evaluation import Policy, State, evaluate
from monitors.telemetry.models import Status

START = datetime(2026, 3, 1, tzinfo=UTC)


def walk(policy: Policy, answers: str) -> list[tuple[int, str, int]]:
    """(index, status after, index of the slot it is dated to) of each transition; `+` is good, `-` is bad."""
    state, seen = State(), []
    for index, answer in enumerate(answers):
        state, transition = evaluate(policy, state, answer == "+", START + timedelta(minutes=index))
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
            Policy(down_after, up_after), state, ok, START + timedelta(minutes=index)
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
        state, transition = evaluate(Policy(3, 2), state, ok, START + timedelta(minutes=index))
        if transition and transition.after is Status.DOWN:
            assert transition.began == START + timedelta(minutes=index - 2)
