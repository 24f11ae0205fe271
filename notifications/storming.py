"""When one message of a storm goes out: at once, gathered with others, or when a limit has room again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Load:
    """What a receiver already has: when the messages of the last hour were made, and until when others are held."""

    made: Sequence[datetime] = ()
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` is pending or held, `at` when it is due, `why` is said where somebody looks at what waits."""

    state: str
    at: datetime
    why: str = ""


def judge(now: datetime, wait: timedelta, digest: timedelta, limit: int | None, load: Load) -> Verdict:
    """What waits already takes along what comes: order is kept, and one message tells of all."""
    due = now + wait
    if digest:
        until = load.held_until if load.held_until and load.held_until > due else due + digest
        return Verdict("held", until, f"gathered with others until {until:%H:%M:%S} UTC")
    if limit is None:
        return Verdict("pending", due)
    recent = sorted(at for at in load.made if at > now - HOUR)
    if len(recent) < limit and load.held_until is None:
        return Verdict("pending", due)
    room = recent[-limit] + HOUR if len(recent) >= limit else now
    until = max(due, load.held_until or room)
    return Verdict("held", until, f"above the limit of {limit} an hour; goes out at {until:%H:%M:%S} UTC")
