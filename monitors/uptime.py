"""Work out from changes of status how long a monitor was up, down, or not measured. Pure: no clock, no database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitors.statuses import Status

# Degraded answers are answers; a monitor that flaps cannot be relied on.
UP = frozenset({Status.UP, Status.DEGRADED})
DOWN = frozenset({Status.DOWN, Status.FLAPPING})


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` on the monitor had `status`, until its next change."""

    at: datetime
    status: Status


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time [start, end)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """Time [start, end) in one status."""

    start: datetime
    end: datetime
    status: Status


@dataclass(frozen=True, slots=True)
class Uptime:
    """How long each lasted; the three add up to the time that was asked about."""

    up: timedelta = timedelta()
    down: timedelta = timedelta()
    unknown: timedelta = timedelta()

    @property
    def share(self) -> float | None:
        """Up as a share of 1 of the time that was measured; None if none was."""
        measured = self.up + self.down
        return self.up / measured if measured else None

    @property
    def coverage(self) -> float:
        """The measured time as a share of 1."""
        measured = self.up + self.down
        return measured / (measured + self.unknown) if measured else 0.0


def in_all(lists: Sequence[Sequence[Stretch]]) -> list[Stretch]:
    """The time that is in a stretch of every list."""
    if not lists:
        return []
    common = list(lists[0])
    for other in lists[1:]:
        overlaps = (
            Stretch(max(one.start, two.start), min(one.end, two.end)) for one in common for two in other
        )
        common = [stretch for stretch in overlaps if stretch.start < stretch.end]
    return common


def spans(
    changes: Sequence[Change], unmeasured: Iterable[Stretch], start: datetime, end: datetime
) -> list[Span]:
    """Cover [start, end) without a hole or an overlap, oldest first.

    `changes` are in order of time and hold the last one before `start`, if there was any. Before the
    first change, and wherever nobody measured, the status is unknown, whatever was known around it.
    """
    found: list[Span] = []
    at, status = start, Status.UNKNOWN
    for change in changes:
        began = min(max(change.at, start), end)
        if began > at:
            found.append(Span(at, began, status))
        at, status = max(at, began), _measured(change.status)
    if end > at:
        found.append(Span(at, end, status))
    return _blank_out(found, merged(unmeasured))


def measure(covered: Iterable[Span]) -> Uptime:
    up = down = unknown = timedelta()
    for span in covered:
        lasted = span.end - span.start
        if span.status in UP:
            up += lasted
        elif span.status in DOWN:
            down += lasted
        else:
            unknown += lasted
    return Uptime(up, down, unknown)


def since(covered: Iterable[Span], start: datetime) -> list[Span]:
    """The part of `covered` from `start` on."""
    return [
        span if span.start >= start else Span(start, span.end, span.status)
        for span in covered
        if span.end > start
    ]


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """In order, with those that touch or overlap made one."""
    found: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda each: each.start):
        if found and stretch.start <= found[-1].end:
            found[-1] = Stretch(found[-1].start, max(found[-1].end, stretch.end))
        elif stretch.end > stretch.start:
            found.append(stretch)
    return found


def _measured(status: Status) -> Status:
    return status if status in UP or status in DOWN else Status.UNKNOWN


def _blank_out(covered: list[Span], holes: list[Stretch]) -> list[Span]:
    """Cut the holes out of the spans; both are in order, so one pass over both is enough."""
    if not holes:
        return covered
    found: list[Span] = []
    place = 0
    for span in covered:
        at = span.start
        while place < len(holes) and holes[place].end <= at:
            place += 1
        ahead = place
        while ahead < len(holes) and holes[ahead].start < span.end:
            hole = holes[ahead]
            if hole.start > at:
                found.append(Span(at, hole.start, span.status))
            upto = min(hole.end, span.end)
            found.append(Span(max(at, hole.start), upto, Status.UNKNOWN))
            at = upto
            ahead += 1
        if at < span.end:
            found.append(Span(at, span.end, span.status))
    return found
