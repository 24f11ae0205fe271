"""Judge a monitor by its newest result. Pure: no clock, no database; workers, back-tests and tests share it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

from monitors.policy import Policy
from monitors.remembering import CALM, EMPTY, bad_among, change_share, oldest_bad, pushed
from monitors.statuses import Status


class Verdict(IntEnum):
    """What one result says. SOFT: it works, but not as well as it should (a soft assertion failed, or it was slow).

    UNKNOWN: it says nothing of the monitor, because whoever would know it did not tell.
    """

    GOOD = 0
    SOFT = 1
    BAD = 2
    UNKNOWN = 3


class State(NamedTuple):
    """Where a monitor stands at one location.

    `failures`, `successes` (answers, soft ones too), `softs` and `unknowns` count results in a row that have not
    confirmed a change yet. `first_failed` is the slot that began the failures it is counting or down for,
    `first_soft` the one that began the soft results, `calm_since` the first answer of the recovery being counted.
    `flaps` and `window` are memories of results (see `remembering`). One that is unknown without failures and
    has a `first_failed` was down before: its outage may still go on. A tuple: it is made anew for every result that
    is counted, and a frozen dataclass takes three times as long.
    """

    status: Status = Status.PENDING
    failures: int = 0
    successes: int = 0
    first_failed: datetime | None = None
    softs: int = 0
    first_soft: datetime | None = None
    unknowns: int = 0
    flaps: int = EMPTY
    window: int = EMPTY
    calm_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """A confirmed change. `began` dates it back: an outage began with its first failing slot."""

    before: Status
    after: Status
    began: datetime


Step = tuple[State, Transition | None]


def evaluate(policy: Policy, state: State, verdict: Verdict, slot: datetime) -> Step:
    """Fold the result of one slot into the state.

    A single good result makes a new (pending) or long unmeasured (unknown) monitor up: nothing had
    failed. Recovery from down or degraded needs `up_after` of them, so that one lucky answer ends no
    outage; a soft result is an answer too and counts towards the end of an outage. An unknown result ends no
    run of failures, only one of good answers; `down_after` of them in a row make the monitor unknown. While it
    is flapping nothing else is told, until the results have been alike for long enough.
    """
    if verdict is Verdict.GOOD and _is_steady(policy, state):
        return state, None
    if verdict is Verdict.UNKNOWN:
        return _unknown(policy, state, slot)
    known = _remembered(policy, state, verdict is Verdict.BAD, slot)
    if state.status is Status.FLAPPING:
        return _flapping(policy, known, verdict, slot)
    after, transition = _STEPS[verdict](policy, known, slot)
    if policy.flapping_above and change_share(known.flaps) >= policy.flapping_above:
        return _begin_flapping(known, after, verdict, slot)
    return after, transition


def combine(statuses: Collection[Status], quorum: int) -> Status:
    """What a monitor is that several locations watch: down when `quorum` of them say so, likewise degraded.

    A location that is unknown (nobody has measured there for a while) has no vote, and never are more votes
    asked for than there are voters. One that is pending has not voted yet: it is waited for. One that is
    flapping joins those that are down, to make it flapping.
    """
    voters = [status for status in statuses if status is not Status.UNKNOWN]
    if not voters:
        return Status.UNKNOWN
    needed = max(1, min(quorum, len(voters)))
    down, flapping = voters.count(Status.DOWN), voters.count(Status.FLAPPING)
    if down >= needed:
        return Status.DOWN
    if down + flapping >= needed:
        return Status.FLAPPING
    degraded = voters.count(Status.DEGRADED)
    if down + flapping + degraded >= needed:
        return Status.DEGRADED
    return Status.UP if Status.UP in voters or degraded else Status.PENDING


def _is_steady(policy: Policy, state: State) -> bool:
    return (
        state.status is Status.UP
        and state.flaps == CALM
        and not (state.failures or state.softs or state.successes or state.unknowns)
        and state.window == (1 << policy.window if policy.window else EMPTY)
    )


def _remembered(policy: Policy, state: State, is_bad: bool, slot: datetime) -> State:
    """With the result in its memories. What failed within a window is counted here, good results between or not."""
    flaps = pushed(state.flaps, is_bad)
    if not policy.window or _is_outage(state):
        return state if flaps == state.flaps else state._replace(flaps=flaps)
    window = pushed(state.window, is_bad, policy.window)
    failures, first = bad_among(window), state.first_failed
    oldest, before = oldest_bad(window), oldest_bad(state.window)
    if oldest is None or before is None or first is None:
        first = slot if is_bad else None
    elif (
        before + 1 >= policy.window
    ):  # it slid out: results come at even distances, so the next one's time follows
        first = slot - (slot - first) * oldest / (before + 1)
    return state._replace(flaps=flaps, window=window, failures=failures, first_failed=first)


def _good(policy: Policy, state: State, slot: datetime) -> Step:
    if _is_outage(state):
        counted = _recovering(state, slot)
        if not _is_over(policy, counted, slot):
            return counted._replace(softs=0, first_soft=None), None
        return _up(state), Transition(state.status, Status.UP, slot)
    if state.status is Status.UP and not (state.failures or state.softs or state.unknowns):
        return state, None
    calm = _without_failures(policy, state._replace(softs=0, first_soft=None, unknowns=0))
    if state.status is Status.DEGRADED and state.successes + 1 < policy.good_needed:
        return calm._replace(successes=state.successes + 1), None
    after = calm._replace(status=Status.UP, successes=0)
    return after, None if state.status is Status.UP else Transition(state.status, Status.UP, slot)


def _soft(policy: Policy, state: State, slot: datetime) -> Step:
    softs, first = state.softs + 1, state.first_soft or slot
    if _is_outage(state):
        counted = _recovering(state, slot)._replace(softs=softs, first_soft=first)
        if not _is_over(policy, counted, slot):
            return counted, None
        calm = _up(state)
    else:
        calm = _without_failures(policy, state._replace(successes=0, unknowns=0))
    if state.status is Status.DEGRADED:
        return calm, None
    if softs >= policy.degraded_after:
        after = calm._replace(status=Status.DEGRADED, softs=0, first_soft=None)
    else:
        after = calm._replace(status=Status.UP, softs=softs, first_soft=first)
    if after.status is state.status:
        return after, None
    began = first if after.status is Status.DEGRADED and state.status is Status.UP else slot
    return after, Transition(state.status, after.status, began)


def _bad(policy: Policy, state: State, slot: datetime) -> Step:
    if state.status is Status.DOWN:
        counting = state.successes or state.softs or state.unknowns
        return _down(state, state.first_failed) if counting else state, None
    if _is_outage(state):  # it was unknown in between, and goes on
        return _down(state, slot), Transition(state.status, Status.DOWN, slot)
    failures = state.failures if policy.window else state.failures + 1
    first = state.first_failed or slot
    if failures >= policy.failures_needed:
        return _down(state, first), Transition(state.status, Status.DOWN, first)
    counted = State(state.status, failures, first_failed=first, flaps=state.flaps, window=state.window)
    return counted, None


def _unknown(policy: Policy, state: State, slot: datetime) -> Step:
    """The change is dated to the result that confirmed it: nobody is told, and what was known held until then."""
    if state.status is Status.UNKNOWN:
        return state._replace(successes=0, calm_since=None) if state.successes else state, None
    unknowns = state.unknowns + 1
    if unknowns < policy.down_after:
        return state._replace(successes=0, calm_since=None, unknowns=unknowns), None
    outage = (state.first_failed or slot) if _is_outage(state) else None
    after = State(Status.UNKNOWN, first_failed=outage, flaps=state.flaps)
    return after, Transition(state.status, Status.UNKNOWN, slot)


def _begin_flapping(state: State, after: State, verdict: Verdict, slot: datetime) -> Step:
    """`after` is what the result would have made of it; an outage that goes on keeps its beginning."""
    began = state.first_failed or after.first_failed or slot
    flapping = State(Status.FLAPPING, first_failed=began, flaps=state.flaps)
    return _in_a_row(flapping, verdict, slot), Transition(state.status, Status.FLAPPING, began)


def _flapping(policy: Policy, state: State, verdict: Verdict, slot: datetime) -> Step:
    """Until results have been alike for long enough; `first_failed` stays when the unrest began."""
    counted = _in_a_row(state, verdict, slot)
    if change_share(counted.flaps) > policy.flapping_below:
        return counted, None
    if counted.failures >= policy.down_after:
        began = counted.first_soft or slot
        return _down(counted, began), Transition(Status.FLAPPING, Status.DOWN, began)
    if counted.successes < policy.up_after:
        return counted, None
    status = Status.DEGRADED if counted.softs >= policy.degraded_after else Status.UP
    return _up(counted)._replace(status=status), Transition(Status.FLAPPING, status, slot)


def _in_a_row(state: State, verdict: Verdict, slot: datetime) -> State:
    """Count results that are alike; `first_soft` is the first failure of those, where they are failures."""
    if verdict is Verdict.BAD:
        first = state.first_soft if state.failures else slot
        return state._replace(failures=state.failures + 1, successes=0, softs=0, first_soft=first, unknowns=0)
    softs = state.softs + 1 if verdict is Verdict.SOFT else 0
    return state._replace(failures=0, successes=state.successes + 1, softs=softs, first_soft=None, unknowns=0)


def _is_outage(state: State) -> bool:
    """It is down or flapping, or was when it became unknown."""
    if state.status is Status.UNKNOWN:
        return not state.failures and state.first_failed is not None
    return state.status is Status.DOWN or state.status is Status.FLAPPING


def _recovering(state: State, slot: datetime) -> State:
    """One answer more in an outage. A clock set back begins the quiet period anew."""
    since = min(state.calm_since or slot, slot)
    return state._replace(successes=state.successes + 1, failures=0, unknowns=0, calm_since=since)


def _is_over(policy: Policy, counted: State, slot: datetime) -> bool:
    assert counted.calm_since is not None
    is_quiet = slot - counted.calm_since >= timedelta(seconds=policy.quiet_seconds)
    return counted.successes >= policy.up_after and is_quiet


def _without_failures(policy: Policy, state: State) -> State:
    """An answer ends failures in a row, and none that are counted within a window."""
    if policy.window and state.failures:
        return state
    return state._replace(failures=0, first_failed=None, calm_since=None)


def _up(state: State) -> State:
    return State(Status.UP, flaps=state.flaps)


def _down(state: State, since: datetime | None) -> State:
    return State(Status.DOWN, first_failed=since, flaps=state.flaps)


_STEPS = {Verdict.GOOD: _good, Verdict.SOFT: _soft, Verdict.BAD: _bad}
