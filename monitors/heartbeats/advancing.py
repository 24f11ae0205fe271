"""Fold pings and missed deadlines into how a heartbeat stands. Pure: no clock, no database.

The rules are those of healthchecks, so that jobs which report there behave the same here: a start opens a run,
the next success or failure with the same run id closes it; a success asks for the next one by the schedule; a
missed deadline is one failure, dated to the deadline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from monitors.deciding import Weighed, weigh
from monitors.evaluation import State, Transition, Verdict
from monitors.heartbeats.durations import words
from monitors.heartbeats.settings import HeartbeatConfig
from monitors.policy import Policy
from monitors.telemetry.models import Status

# Runs that never end would add up: of more than this the oldest is forgotten.
OPEN_RUNS_AT_MOST = 20


class Kind(IntEnum):
    """What a ping says; stored."""

    SUCCESS = 0
    START = 1
    FAIL = 2
    LOG = 3
    IGNORED = 4


@dataclass(frozen=True, slots=True)
class Run:
    """One that has started and not ended. `overdue`: that it takes too long was counted already."""

    started: datetime
    rid: UUID | None = None
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Beat:
    """What is known of a heartbeat beside its status.

    `anchor` is the moment from which `expected_at` was reckoned: the last success or failure (or the slot that
    it came a little early for), the slot that was missed, or an edit of the schedule.
    """

    anchor: datetime | None = None
    expected_at: datetime | None = None
    runs: tuple[Run, ...] = ()
    last_ping_at: datetime | None = None
    last_kind: Kind | None = None
    last_duration: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A ping that was accepted. `exit_status` other than 0 makes it a failure whatever its kind was."""

    kind: Kind
    at: datetime
    rid: UUID | None = None
    exit_status: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What an event or a deadline made of it. `expected_at` is what the ping answered, if anything."""

    beat: Beat
    state: State
    transition: Transition | None
    due_at: datetime | None
    duration: timedelta | None = None
    expected_at: datetime | None = None
    detail: str = ""
    weighed: Weighed | None = None


def advance(
    config: HeartbeatConfig, policy: Policy, beat: Beat, state: State, event: Event, refused: str = ""
) -> Step:
    """Fold one ping in. `refused` says what of its settings has to be corrected: no success makes it up until then."""
    seen = replace(beat, last_ping_at=event.at, last_kind=event.kind)
    if event.kind in (Kind.LOG, Kind.IGNORED):
        return Step(seen, state, None, due_at(config, seen, state))
    if event.kind is Kind.START:
        started = replace(seen, runs=_with_run(seen.runs, Run(event.at, event.rid)))
        return Step(started, state, None, due_at(config, started, state))
    return _ended(config, policy, seen, state, event, refused)


def miss(config: HeartbeatConfig, policy: Policy, beat: Beat, state: State, now: datetime) -> Step | None:
    """Fold in the oldest deadline that has passed by `now`; None when none has."""
    deadline = due_at(config, beat, state)
    if deadline is None or deadline > now:
        return None
    late = _overdue_run(config, beat, deadline)
    if late is not None:
        runs = tuple(replace(run, overdue=True) if run is late else run for run in beat.runs)
        after_beat = replace(beat, runs=runs)
        limit = words(_seconds(config.run_limit))
        detail = f"the run that started at {_clock(config, late.started)} has not ended within {limit}"
    else:
        slot = beat.expected_at
        assert slot is not None
        after_beat = replace(beat, anchor=slot, expected_at=config.expected.after(slot))
        detail = f"no ping by {_clock(config, deadline)}; it was expected at {_clock(config, slot)}"
    weighed = weigh(policy, state, Verdict.BAD, deadline)
    after = weighed.after
    return Step(
        after_beat, after, weighed.transition, due_at(config, after_beat, after), None, beat.expected_at, detail,
        weighed,
    )  # fmt: skip


def due_at(config: HeartbeatConfig, beat: Beat, state: State) -> datetime | None:
    """The next moment at which silence would be a failure. None while it is down, or waits for its first ping."""
    if state.status is Status.DOWN:
        return None
    limits = [run.started + config.run_limit for run in beat.runs if not run.overdue]
    if beat.expected_at is not None and not _is_covered(config, beat):
        limits.append(beat.expected_at + config.grace)
    return min(limits, default=None)


def rescheduled(config: HeartbeatConfig, beat: Beat, now: datetime) -> Beat:
    """The same after an edit: a schedule that changed holds from now on, so that an edit pages nobody."""
    if beat.anchor is None:
        return beat
    expected = config.expected.after(beat.anchor)
    if expected == beat.expected_at:
        return beat
    if expected is None or expected > now:
        return replace(beat, expected_at=expected)
    return replace(beat, anchor=now, expected_at=config.expected.after(now))


def late_since(expected_at: datetime | None, deadline: datetime | None, now: datetime) -> datetime | None:
    """From when on it is late: expected, not there, and not yet down."""
    if expected_at is None or deadline is None or not expected_at < now < deadline:
        return None
    return expected_at


def _ended(
    config: HeartbeatConfig, policy: Policy, beat: Beat, state: State, event: Event, refused: str
) -> Step:
    failed = event.kind is Kind.FAIL or bool(event.exit_status)
    run = next((run for run in reversed(beat.runs) if run.rid == event.rid), None)
    # Without a run id it speaks for the whole job: no run is open afterwards.
    runs = tuple(one for one in beat.runs if one.rid != event.rid) if event.rid else ()
    duration = event.at - run.started if run else None
    anchor = _answered(config, beat, event.at, run)
    if state.status is Status.DOWN:  # what took too long meanwhile is no second outage
        runs = tuple(replace(one, overdue=one.started + config.run_limit <= event.at) for one in runs)
    after_beat = replace(
        beat, anchor=anchor, expected_at=config.expected.after(anchor), runs=runs, last_duration=duration
    )
    verdict = Verdict.BAD if failed else Verdict.GOOD
    if refused and not failed:
        verdict, policy = Verdict.UNKNOWN, replace(policy, down_after=1)
    slot = event.at if state.first_failed is None else max(event.at, state.first_failed)
    weighed = weigh(policy, state, verdict, slot)
    after, detail = weighed.after, _failure(event) if failed else refused
    return Step(
        after_beat, after, weighed.transition, due_at(config, after_beat, after), duration, beat.expected_at, detail,
        weighed,
    )  # fmt: skip


def _answered(config: HeartbeatConfig, beat: Beat, at: datetime, run: Run | None) -> datetime:
    """The moment from which the next one is reckoned: a slot of the calendar that it came a little early for, or now.

    Clocks differ: a job that reports at 02:59:58 by ours is that of 03:00. Slots may be close together, so early
    is never more than a quarter of their distance; and a run that began before then belongs to the slot before.
    """
    slot = beat.expected_at
    if not config.expected.is_calendar or slot is None or at >= slot:
        return at
    following = config.expected.after(slot)
    early = config.tolerance if following is None else min(config.tolerance, (following - slot) / 4)
    began = run.started if run else at
    return slot if slot - began <= early else at


def _with_run(runs: tuple[Run, ...], run: Run) -> tuple[Run, ...]:
    """A second start with the same run id, or again without one, begins that run anew."""
    others = tuple(one for one in runs if one.rid != run.rid)
    return (*others, run)[-OPEN_RUNS_AT_MOST:]


def _is_covered(config: HeartbeatConfig, beat: Beat) -> bool:
    """Whether what is expected has begun and has a limit of its own: then that is waited for instead."""
    if config.run_limit_seconds is None or beat.expected_at is None:
        return False
    since = beat.expected_at - max(config.tolerance, config.grace)
    return any(run.started >= since and not run.overdue for run in beat.runs)


def _overdue_run(config: HeartbeatConfig, beat: Beat, deadline: datetime) -> Run | None:
    return next(
        (run for run in beat.runs if not run.overdue and run.started + config.run_limit == deadline), None
    )


def _failure(event: Event) -> str:
    return (
        f"the job ended with exit status {event.exit_status}"
        if event.exit_status
        else "the job reported a failure"
    )


def _clock(config: HeartbeatConfig, moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(config.zone)).strftime("%Y-%m-%d %H:%M:%S %Z")


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())
