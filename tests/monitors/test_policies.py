"""The whole policy against a second telling of it, and against the traces that the docs promise."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.evaluation import State, Verdict, evaluate
from monitors.policy import Policy
from monitors.remembering import CALM, change_share, packed, pushed, unpacked
from monitors.statuses import Status
from monitors.telemetry.states import memory_of, state_of
from tests.monitors.judging_model import Model

START = datetime(2026, 3, 1, tzinfo=UTC)
VERDICTS = {"+": Verdict.GOOD, "~": Verdict.SOFT, "-": Verdict.BAD, "?": Verdict.UNKNOWN}
GUIDE = Path(__file__).parents[2] / "docs" / "evaluation.md"
TRACE = re.compile(
    r"^\| (?P<name>[^|]+) \|(?P<policy>[^|]*)\| `(?P<results>[-+~?x ]+)` \| (?P<changes>[^|]+) \|$", re.M
)
CHANGE = re.compile(r"(?P<status>\w+) at (?P<at>\d+)(?: since (?P<since>\d+))?")


def promised() -> list[tuple[str, Policy, str, list[tuple[int, str, int]]]]:
    """The traces of the guide: name, policy, results, and (place, status, place it is dated to) of each change."""
    found = []
    for row in TRACE.finditer(GUIDE.read_text()):
        parts = dict(part.split("=") for part in re.findall(r"[a-z_]+=[0-9.]+", row["policy"]))
        numbers: dict[str, Any] = {
            name: float(value) if "." in value else int(value) for name, value in parts.items()
        }
        policy = Policy(**numbers)
        changes = [
            (int(one["at"]), one["status"], int(one["since"] or one["at"]))
            for one in CHANGE.finditer(row["changes"])
        ]
        found.append((row["name"], policy, row["results"].replace(" ", ""), changes))
    return found


@pytest.mark.parametrize(
    ("name", "policy", "results", "changes"), promised(), ids=[row[0] for row in promised()]
)
def test_each_trace_of_the_guide_gives_the_transitions_that_it_promises(
    name: str, policy: Policy, results: str, changes: list[tuple[int, str, int]]
) -> None:
    state, seen = State(), []
    for place, answer in enumerate(results, 1):
        if answer == "x":  # not believed: it never reaches the judgement
            continue
        state, transition = evaluate(policy, state, VERDICTS[answer], START + timedelta(minutes=place))
        if transition:
            since = (transition.began - START) / timedelta(minutes=1)
            seen.append((place, transition.after.label, round(since)))
    assert seen == changes


def test_the_guide_promises_every_trace_that_matters() -> None:
    names = " ".join(row[0] for row in promised()).lower()
    assert all(
        word in names for word in ("steady", "flapping", "slow", "partial", "too early", "blind", "unknown")
    )


POLICIES = st.builds(
    Policy,
    down_after=st.integers(1, 4),
    up_after=st.integers(1, 4),
    degraded_after=st.integers(1, 4),
    window=st.sampled_from([0, 0, 2, 5, 9]),
    ratio=st.sampled_from([0.2, 0.5, 0.6, 1.0]),
    quiet_seconds=st.sampled_from([0, 0, 60, 300]),
    degraded_up_after=st.none() | st.integers(1, 4),
    flapping_above=st.sampled_from([0.0, 0.2, 0.4]),
    flapping_below=st.sampled_from([0.05, 0.15]),
)
ANSWERS = st.lists(
    st.text("+~-?", min_size=1, max_size=25) | st.sampled_from(["+-" * 9, "++", "----", "~~~~"]), max_size=5
)


@settings(max_examples=300)
@given(POLICIES, ANSWERS.map("".join))
def test_the_machine_agrees_with_a_second_telling_of_the_policy(policy: Policy, answers: str) -> None:
    state, model = State(), Model(policy)
    for place, answer in enumerate(answers):
        slot = START + timedelta(minutes=place)
        state, transition = evaluate(policy, state, VERDICTS[answer], slot)
        expected = model.see(VERDICTS[answer], slot)
        assert (transition and transition.after) == (expected and expected[0]), answers[: place + 1]
        if transition and expected:  # results that are not remembered are not at even distances
            unknown = answers.count("?") if policy.window else 0
            assert abs(transition.began - expected[1]) <= timedelta(minutes=unknown), answers[: place + 1]
        assert state.status is model.status


@given(POLICIES, ANSWERS.map("".join))
def test_a_state_survives_its_row(policy: Policy, answers: str) -> None:
    state = kept = State()
    for place, answer in enumerate(answers):
        slot = START + timedelta(minutes=place)
        state, _ = evaluate(policy, state, VERDICTS[answer], slot)
        kept, _ = evaluate(policy, kept, VERDICTS[answer], slot)
        row = (
            int(kept.status), kept.failures, kept.successes, kept.first_failed, kept.softs, kept.first_soft,
            kept.calm_since, memory_of(kept),
        )  # fmt: skip
        kept = state_of(row)
        assert kept == state
        assert 0 <= memory_of(kept) < 2**63


@given(POLICIES, POLICIES, ANSWERS.map("".join), ANSWERS.map("".join))
def test_an_edit_of_the_policy_resets_nothing_and_breaks_nothing(
    before: Policy, after: Policy, first: str, then: str
) -> None:
    state = State()
    for place, answer in enumerate(first + then):
        policy = before if place < len(first) else after
        if place == len(first) and first:
            status = state.status
            assert (
                evaluate(after, state, Verdict.GOOD, START)[0].flaps >> 1 == pushed(state.flaps, False) >> 1
            )
            assert state.status is status
        state, transition = evaluate(policy, state, VERDICTS[answer], START + timedelta(minutes=place))
        assert transition is None or transition.after is state.status


def test_a_steady_result_is_nothing_new() -> None:
    state = State()
    for place in range(60):
        state, _ = evaluate(Policy(window=30), state, Verdict.GOOD, START + timedelta(minutes=place))
    assert evaluate(Policy(window=30), state, Verdict.GOOD, START)[0] is state
    assert state.flaps == CALM


def test_a_quiet_period_begins_anew_when_the_clock_is_set_back() -> None:
    policy, state = Policy(1, 1, quiet_seconds=600), State()
    state, _ = evaluate(policy, state, Verdict.BAD, START)
    state, _ = evaluate(policy, state, Verdict.GOOD, START + timedelta(minutes=1))
    back = START - timedelta(minutes=59)
    state, transition = evaluate(policy, state, Verdict.GOOD, back)
    assert transition is None
    state, transition = evaluate(policy, state, Verdict.GOOD, back + timedelta(minutes=10))
    assert transition is not None
    assert state.status is Status.UP


@pytest.mark.parametrize(
    ("answers", "share"),
    [
        ("", 0),
        ("+", 0),
        ("+" * 21, 0),
        ("-" * 30, 0),
        ("+-" * 20, 1.0),
        ("+" * 20 + "-", 0.06),
        ("-" + "+" * 20, 0.04),
    ],
)
def test_changes_are_weighted_by_how_new_they_are(answers: str, share: float) -> None:
    memory = 1
    for answer in answers:
        memory = pushed(memory, answer == "-")
    assert change_share(memory) == pytest.approx(share)


@given(st.integers(0, 20), st.integers(1, 2**22 - 1), st.integers(1, 2**31 - 1))
def test_memories_fit_into_one_number(unknowns: int, flaps: int, window: int) -> None:
    assert unpacked(packed(unknowns, flaps, window)) == (unknowns, flaps, window)
