"""What a policy does next, as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.escalation import Move, Policy, Standing, Step, Target, load, move, read_steps, timetable
from pulse.fields import ConfigError, FieldError

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
ALICE, BOB, OPS = (Target("person", UUID(int=number)) for number in (1, 2, 3))
FIVE = timedelta(minutes=5)
TWO = Policy((Step((ALICE,), FIVE), Step((BOB, OPS), FIVE)), repeat=1)
TURNS = Policy((Step((ALICE, BOB, OPS), FIVE, round_robin=True),), repeat=2)


@pytest.mark.parametrize(
    ("policy", "standing", "taken"),
    [
        (TWO, Standing(0, 0, 0), Move((ALICE,), 1, 0, NOW + FIVE)),
        (TWO, Standing(1, 0, 0), Move((BOB, OPS), 0, 1, NOW + FIVE)),
        (TWO, Standing(1, 1, 0), Move((BOB, OPS), 2, 1, None)),
        (TURNS, Standing(0, 0, 0), Move((ALICE,), 0, 1, NOW + FIVE)),
        (TURNS, Standing(0, 1, 0), Move((BOB,), 0, 2, NOW + FIVE)),
        (TURNS, Standing(0, 0, 5), Move((OPS,), 0, 1, NOW + FIVE)),
        (TWO, Standing(7, 1, 0), Move((BOB, OPS), 2, 1, None)),  # shortened while at work
        (Policy(()), Standing(0, 0, 0), Move((), 0, 0, None)),
    ],
)
def test_each_step_tells_its_targets_and_says_when_the_next_is_due(
    policy: Policy, standing: Standing, taken: Move
) -> None:
    assert move(policy, standing, NOW) == taken


@given(
    steps=st.lists(st.integers(10, 600), min_size=1, max_size=6),
    repeat=st.integers(0, 5),
    run=st.integers(0, 9),
)
def test_a_policy_takes_every_step_of_every_round_and_ends(steps: list[int], repeat: int, run: int) -> None:
    policy = Policy(tuple(Step((ALICE,), timedelta(seconds=wait)) for wait in steps), repeat)

    found = timetable(policy, NOW, run)

    assert [step for _, step, _ in found] == list(range(len(steps))) * (repeat + 1)
    waits = (steps * (repeat + 1))[:-1]
    gaps = [(after[0] - before[0]).total_seconds() for before, after in pairwise(found)]
    assert gaps == waits


GOOD = [{"targets": [{"kind": "person", "id": str(UUID(int=1))}]}]


def test_steps_are_stored_complete() -> None:
    (stored,) = read_steps(GOOD)

    assert (stored["wait_seconds"], stored["round_robin"]) == (300, False)
    assert load([stored], 0).steps[0].targets == (ALICE,)


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ([{"targets": []}], "/0/targets"),
        ([{}], "/0/targets"),
        ([*GOOD, {"targets": [{"kind": "team", "id": str(UUID(int=1))}]}], "/1/targets"),
        ([{**GOOD[0], "wait_seconds": 5}], "/0/wait_seconds"),
        ([{**GOOD[0], "wait_seconds": 90_000}], "/0/wait_seconds"),
        ([{**GOOD[0], "people": []}], "/0/people"),
        ([{"targets": [{"kind": "person", "id": "alice"}]}], "/0/targets"),
        (["alice"], "/0"),
    ],
)
def test_steps_that_cannot_be_are_refused_where_they_are(value: Any, pointer: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_steps(value)

    assert refused.value.errors[0][0] == pointer


@pytest.mark.parametrize("value", [None, [], "x", GOOD * 21])
def test_a_policy_has_from_one_to_twenty_steps(value: Any) -> None:
    with pytest.raises(FieldError):
        read_steps(value)
