"""Judge a monitor by its newest result. Pure: no clock, no database; workers, back-tests and tests share it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from monitors.telemetry.models import Status


class Verdict(IntEnum):
    """What one result says. SOFT: it works, but not as well as it should (a soft assertion failed).

    UNKNOWN: it says nothing of the monitor, because whoever would know it did not tell.
    """

    GOOD = 0
    SOFT = 1
    BAD = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Policy:
    """How many results in a row confirm a change: to down, to up again, to degraded; all at least 1."""

    down_after: int = 3
    up_after: int = 2
    degraded_after: int = 3


@dataclass(frozen=True, slots=True)
class State:
    """Where a monitor stands at one location.

    `first_failed` is the slot that began the failures it is counting or down for, `first_soft` the one that
    began the soft results it is counting. `successes` below 0 counts unknown results in a row. One that is
    unknown without failures and has a `first_failed` was down before: its outage may still go on.
    """

    status: Status = Status.PENDING
    failures: int = 0
    successes: int = 0
    first_failed: datetime | None = None
    softs: int = 0
    first_soft: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """A confirmed change. `began` dates it back: an outage began with its first failing slot."""

    before: Status
    after: Status
    began: datetime


def evaluate(
    policy: Policy, state: State, verdict: Verdict, slot: datetime
) -> tuple[State, Transition | None]:
    """Fold the result of one slot into the state.

    A single good result makes a new (pending) or long unmeasured (unknown) monitor up: nothing had
    failed. Recovery from down or degraded needs `up_after` of them, so that one lucky answer ends no
    outage; a soft result is an answer too and counts towards the end of an outage. An unknown result ends no
    run of failures, only one of good answers; `down_after` of them in a row make the monitor unknown.
    """
    if verdict is Verdict.GOOD:
        return _good(policy, state, slot)
    if verdict is Verdict.BAD:
        return _bad(policy, state, slot)
    if verdict is Verdict.SOFT:
        return _soft(policy, state, slot)
    return _unknown(policy, state, slot)


def combine(statuses: Collection[Status], quorum: int) -> Status:
    """What a monitor is that several locations watch: down when `quorum` of them say so, likewise degraded.

    A location that is unknown (nobody has measured there for a while) has no vote, and never are more votes
    asked for than there are voters. One that is pending has not voted yet: it is waited for.
    """
    voters = [status for status in statuses if status is not Status.UNKNOWN]
    if not voters:
        return Status.UNKNOWN
    needed = max(1, min(quorum, len(voters)))
    down, degraded = voters.count(Status.DOWN), voters.count(Status.DEGRADED)
    if down >= needed:
        return Status.DOWN
    if down + degraded >= needed:
        return Status.DEGRADED
    return Status.UP if Status.UP in voters or degraded else Status.PENDING


def _good(policy: Policy, state: State, slot: datetime) -> tuple[State, Transition | None]:
    if state.status is Status.UP and not (state.failures or state.softs or state.successes):
        return state, None
    if state.status in (Status.DOWN, Status.DEGRADED) or _was_down(state):
        successes = max(state.successes, 0) + 1
        if successes < policy.up_after:
            return replace(state, successes=successes, failures=0, softs=0, first_soft=None), None
    after = State(Status.UP)
    if state.status is Status.UP:
        return after, None
    return after, Transition(state.status, Status.UP, slot)


def _soft(policy: Policy, state: State, slot: datetime) -> tuple[State, Transition | None]:
    softs, first = state.softs + 1, state.first_soft or slot
    if state.status is Status.DEGRADED:
        return replace(state, successes=0, failures=0, first_failed=None), None
    successes = max(state.successes, 0) + 1
    if (state.status is Status.DOWN or _was_down(state)) and successes < policy.up_after:
        return replace(state, successes=successes, failures=0, softs=softs, first_soft=first), None
    after = Status.DEGRADED if softs >= policy.degraded_after else Status.UP
    counted = State(after) if after is Status.DEGRADED else State(Status.UP, softs=softs, first_soft=first)
    if after is state.status:
        return counted, None
    began = first if after is Status.DEGRADED and state.status is Status.UP else slot
    return counted, Transition(state.status, after, began)


def _bad(policy: Policy, state: State, slot: datetime) -> tuple[State, Transition | None]:
    if state.status is Status.DOWN:
        counting = state.successes or state.softs
        return State(Status.DOWN, first_failed=state.first_failed) if counting else state, None
    if _was_down(state):  # the outage that it was unknown in goes on
        return State(Status.DOWN, first_failed=slot), Transition(state.status, Status.DOWN, slot)
    failures, first = state.failures + 1, state.first_failed or slot
    if failures < policy.down_after:
        return State(state.status, failures, first_failed=first), None
    return State(Status.DOWN, first_failed=first), Transition(state.status, Status.DOWN, first)


def _unknown(policy: Policy, state: State, slot: datetime) -> tuple[State, Transition | None]:
    """The change is dated to the result that confirmed it: nobody is told, and what was known held until then."""
    if state.status is Status.UNKNOWN:
        return replace(state, successes=0) if state.successes else state, None
    successes = min(state.successes, 0) - 1
    if -successes < policy.down_after:
        return replace(state, successes=successes), None
    outage = state.first_failed if state.status is Status.DOWN else None
    return State(Status.UNKNOWN, first_failed=outage), Transition(state.status, Status.UNKNOWN, slot)


def _was_down(state: State) -> bool:
    return state.status is Status.UNKNOWN and not state.failures and state.first_failed is not None
