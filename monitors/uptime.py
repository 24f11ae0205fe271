"""Work out from changes of status how long a monitor was up, down, or not measured. Pure: no clock, no database."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitors.statuses import Status

# Degraded answers are answers; a monitor that flaps cannot be relied on.
UP = frozenset({Status.UP, Status.DEGRADED})
DOWN = frozenset({Status.DOWN, Status.FLAPPING})
DAY = timedelta(days=1)


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
    """How long each lasted; up, down and unknown add up to the time that was asked about, less what was excluded.

    `degraded` is part of `up`. `turns` counts changes between up and down: each is known to one check interval only.
    """

    up: timedelta = timedelta()
    down: timedelta = timedelta()
    unknown: timedelta = timedelta()
    degraded: timedelta = timedelta()
    turns: int = 0
    excluded: timedelta = timedelta()

    def __add__(self, other: Uptime) -> Uptime:
        return Uptime(
            self.up + other.up,
            self.down + other.down,
            self.unknown + other.unknown,
            self.degraded + other.degraded,
            self.turns + other.turns,
            self.excluded + other.excluded,
        )

    @property
    def measured(self) -> timedelta:
        return self.up + self.down

    @property
    def share(self) -> float | None:
        """Up as a share of 1 of the time that was measured; None if none was."""
        return self.up / self.measured if self.measured else None

    @property
    def coverage(self) -> float:
        """The measured time as a share of 1."""
        return self.measured / (self.measured + self.unknown) if self.measured else 0.0

    def error(self, interval: timedelta) -> float:
        """How far `share` may be from the truth: an outage begins and ends somewhere between two checks."""
        return min(1.0, self.turns * interval / self.measured) if self.measured else 0.0


def in_all(lists: Sequence[Sequence[Stretch]]) -> list[Stretch]:
    """The time that is in a stretch of every list."""
    if not lists:
        return []
    common = list(lists[0])
    for other in lists[1:]:
        common = _in_both(merged(common), merged(other))
    return common


def _in_both(ones: Sequence[Stretch], twos: Sequence[Stretch]) -> list[Stretch]:
    """Both are in order without overlaps, so one pass over both is enough."""
    found, first, second = [], 0, 0
    while first < len(ones) and second < len(twos):
        one, two = ones[first], twos[second]
        if one.start < two.end and two.start < one.end:
            found.append(Stretch(max(one.start, two.start), min(one.end, two.end)))
        if one.end <= two.end:
            first += 1
        else:
            second += 1
    return found


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
    up = down = unknown = degraded = timedelta()
    turns, before = 0, None
    for span in covered:
        lasted = span.end - span.start
        if span.status in UP:
            up += lasted
            if span.status is Status.DEGRADED:
                degraded += lasted
        elif span.status in DOWN:
            down += lasted
        else:
            unknown += lasted
        turns += before is not None and _turns(before, span)
        before = span
    return Uptime(up, down, unknown, degraded, turns)


def by_day(covered: Sequence[Span], first: datetime, days: int) -> list[Uptime]:
    """One for each day of 24 hours from `first` on; time that no span covers is unknown. Spans are in order."""
    found, place = [], 0
    for number in range(days):
        start, end = first + DAY * number, first + DAY * (number + 1)
        while place < len(covered) and covered[place].end <= start:
            place += 1
        inside, ahead = [], place
        while ahead < len(covered) and covered[ahead].start < end:
            span = covered[ahead]
            inside.append(Span(max(span.start, start), min(span.end, end), span.status))
            ahead += 1
        found.append(_whole(measure(inside), _turned_at(covered, place, start)))
    return found


def _whole(day: Uptime, turned: bool) -> Uptime:
    unknown = DAY - day.measured
    return Uptime(day.up, day.down, unknown, day.degraded, day.turns + turned)


def _turned_at(covered: Sequence[Span], place: int, start: datetime) -> bool:
    """Whether the day begins with a change of its own."""
    return (
        0 < place < len(covered) and covered[place].start == start and _turns(*covered[place - 1 : place + 1])
    )


def _turns(before: Span, after: Span) -> bool:
    return (before.status in UP and after.status in DOWN) or (before.status in DOWN and after.status in UP)


def without(covered: Iterable[Span], excluded: Iterable[Stretch]) -> list[Span]:
    """The spans less what lies in the stretches: time that is not asked about, neither known nor unknown."""
    holes = merged(excluded)
    ends = [hole.end for hole in holes]
    return [piece for span in covered for piece in _outside(span, holes, bisect_right(ends, span.start))]


def _outside(span: Span, holes: Sequence[Stretch], place: int) -> Iterator[Span]:
    """`place` is that of the first hole that ends after the span begins."""
    at = span.start
    while place < len(holes) and holes[place].start < span.end:
        hole = holes[place]
        if hole.start > at:
            yield Span(at, hole.start, span.status)
        at = max(at, hole.end)
        place += 1
    if at < span.end:
        yield Span(at, span.end, span.status)


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
