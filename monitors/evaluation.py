"""Judge a monitor by its newest result. Pure: no clock, no database; workers, back-tests and tests share it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from monitors.telemetry.models import Status


@dataclass(frozen=True, slots=True)
class Policy:
    """Down after so many failures in a row, up after so many good results in a row; both at least 1."""

    down_after: int = 3
    up_after: int = 2


@dataclass(frozen=True, slots=True)
class State:
    """Where a monitor stands. `first_failed` is the slot that began the failures it is counting or down for."""

    status: Status = Status.PENDING
    failures: int = 0
    successes: int = 0
    first_failed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """A confirmed change. `began` dates it back: an outage began with its first failing slot."""

    before: Status
    after: Status
    began: datetime


def evaluate(policy: Policy, state: State, ok: bool, slot: datetime) -> tuple[State, Transition | None]:
    """Fold the result of one slot into the state.

    A single good result makes a new (pending) or long unmeasured (unknown) monitor up: nothing had
    failed. Recovery from down needs `up_after` of them, so that one lucky answer ends no outage.
    """
    return _good(policy, state, slot) if ok else _bad(policy, state, slot)


def _good(policy: Policy, state: State, slot: datetime) -> tuple[State, Transition | None]:
    if state.status is Status.UP and not state.failures:
        return state, None
    if state.status is Status.DOWN:
        successes = state.successes + 1
        if successes < policy.up_after:
            return replace(state, successes=successes, failures=0), None
    after = State(Status.UP)
    if state.status is Status.UP:
        return after, None
    return after, Transition(state.status, Status.UP, slot)


def _bad(policy: Policy, state: State, slot: datetime) -> tuple[State, Transition | None]:
    if state.status is Status.DOWN:
        return replace(state, failures=0, successes=0) if state.successes else state, None
    failures, first = state.failures + 1, state.first_failed or slot
    if failures < policy.down_after:
        return replace(state, failures=failures, first_failed=first), None
    return State(Status.DOWN, first_failed=first), Transition(state.status, Status.DOWN, first)
