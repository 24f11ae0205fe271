"""Decide what becomes of an outage that is held back. Pure: no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from monitors.facts import Suppression
from monitors.telemetry.models import Status

WORKS = frozenset({Status.UP, Status.DEGRADED})
FAILS = frozenset({Status.DOWN, Status.FLAPPING})
# Somebody looks at every outage that is held back at least this often, whatever happened to the news of its end.
LOOK_EVERY = timedelta(seconds=30)
# While it is not known yet whether a parent is down: its answer is awaited.
LOOK_SOON = timedelta(seconds=2)


class Fate(Enum):
    KEEP = "keep"
    RELEASE = "release"
    END = "end"


@dataclass(frozen=True, slots=True)
class Held:
    """An outage that nobody was told of. `began` is its first failing check, `at` when it was confirmed."""

    monitor_no: int
    began: datetime
    at: datetime
    detail: str
    by: Suppression


@dataclass(frozen=True, slots=True)
class Unseen:
    """Whether the prober of a monitor reaches nothing now, not even its control targets, and when it last saw again."""

    is_blind: bool = False
    saw_again: datetime | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """How its monitor stands now, and what could still hold the outage back.

    `cause` holds it back now; where that is not `is_certain`, only until a parent answers. `parent_works_since` is when
    the last of its parents began to work; None when it has none that works. `answers` good answers were counted since
    it went down.
    """

    status: Status
    cause: Suppression | None
    parent_works_since: datetime | None
    interval: timedelta
    up_after: int
    answers: int
    last_checked: datetime | None
    unseen: Unseen = Unseen()
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    fate: Fate
    by: Suppression
    look_at: datetime


def decide(held: Held, now_is: Situation, now: datetime) -> Decision:
    """A recovery ends it, a cause keeps it, and otherwise it is released: at the end of a window at once, after a
    parent's recovery once the monitor had time to be checked. One that is just recovering is given that time too."""
    if now_is.status in WORKS:
        return Decision(Fate.END, held.by, now)
    if now_is.cause is not None:
        look_at = min(now + LOOK_EVERY, now_is.cause.until or now + LOOK_EVERY)
        look_at = look_at if now_is.is_certain else now + LOOK_SOON
        return Decision(Fate.KEEP, now_is.cause, look_at)
    if now_is.status is Status.PENDING:  # a group whose members are all paused: nobody can tell
        return Decision(Fate.KEEP, held.by, now + LOOK_EVERY)
    if now_is.unseen.is_blind:  # on the word of a blind prober nobody is told of an outage
        return Decision(Fate.KEEP, held.by, now + LOOK_EVERY)
    waits_until = _waits_until(held, now_is)
    if waits_until is not None and now < waits_until:
        return Decision(Fate.KEEP, replace(held.by, until=waits_until), min(waits_until, now + LOOK_EVERY))
    return Decision(Fate.RELEASE, held.by, now)


def _waits_until(held: Held, now_is: Situation) -> datetime | None:
    """Until when it may prove that it works."""
    if held.by.reason == "parent" and now_is.parent_works_since and now_is.parent_works_since > held.began:
        return now_is.parent_works_since + (now_is.up_after + 1) * now_is.interval
    seen, saw_again = now_is.last_checked, now_is.unseen.saw_again
    if saw_again and (seen is None or seen < saw_again):  # what is known of it is older than that
        return saw_again + now_is.interval + timedelta(seconds=15)
    if now_is.answers and now_is.last_checked:
        return (
            now_is.last_checked + now_is.interval + timedelta(seconds=15)
        )  # of the next check, with its timeout
    return None
