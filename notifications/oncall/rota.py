"""Work out who has the pager when. Pure, and bounded in time whatever the layers say.

Turns, hand-overs and hours all go by what the clocks of the schedule's zone show. So a day that is set back has a
turn of 25 hours, and a hand-over at a time that clocks jump over is at the first moment after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from itertools import pairwise
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from monitors.maintenance.recurring import begins

Rotation = Literal["daily", "weekly", "custom"]
Unit = Literal["hours", "days", "weeks"]
LENGTHS: dict[str, timedelta] = {
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}
# At most so much is asked for at once: hourly turns of all that time are some ten thousand.
LONGEST = timedelta(days=400)
# A hand-over is looked for in steps: most come within a week, and who has the pager alone never hands over.
REACHES = (timedelta(days=8), timedelta(days=40), LONGEST)
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """On which days (0 is Monday) and from when until when a layer holds; an end not after the start is a day later."""

    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns, from the hand-over of the day `start` on. None among them: a turn that nobody takes.

    `weekday` says on which day weeks hand over; the first turn is the shorter where `start` is another day.
    """

    name: str
    people: tuple[UUID | None, ...]
    rotation: Rotation
    start: date
    handoff: time
    weekday: int = 0
    every: int = 1
    unit: Unit = "days"
    hours: Hours | None = None

    @property
    def turn(self) -> timedelta:
        """How long one turn is, on clocks that are never set."""
        if self.rotation == "custom":
            return self.every * LENGTHS[self.unit]
        return LENGTHS["days" if self.rotation == "daily" else "weeks"]

    @property
    def hands_over_weekly(self) -> bool:
        return self.rotation == "weekly" or (self.rotation == "custom" and self.unit == "weeks")

    def without(self, people: Iterable[UUID]) -> Layer:
        """The same rhythm, with the turns of these taken by nobody."""
        gone = set(people)
        return replace(self, people=tuple(None if person in gone else person for person in self.people))


@dataclass(frozen=True, slots=True)
class Cover:
    """Somebody takes over for [start, end), whatever the layers say."""

    id: UUID
    person: UUID
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Rota:
    """Later layers go before earlier ones, and covers before all; of two covers, the one given last."""

    zone: str
    layers: tuple[Layer, ...]
    covers: tuple[Cover, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """Time [start, end) in UTC that one person has; nobody, where `person` is None: a gap.

    `layer` is the place of the layer that says so, `cover` the id of the cover that does.
    """

    start: datetime
    end: datetime
    person: UUID | None = None
    layer: int | None = None
    cover: UUID | None = None

    @property
    def said_by(self) -> tuple[object, ...]:
        return self.person, self.layer, self.cover


@dataclass(frozen=True, slots=True)
class Handover:
    at: datetime
    before: UUID | None
    after: UUID | None


def shifts(rota: Rota, start: datetime, end: datetime) -> list[Shift]:
    """[start, end) exactly once, in order: who has it, and the gaps."""
    if not timedelta() < end - start <= LONGEST:
        raise ValueError(f"ask for more than nothing, and for {LONGEST.days} days at most")
    found = [Shift(start, end)]
    for place in range(len(rota.layers)):
        found = _laid_over(found, turns(rota, place, start, end))
    found = _laid_over(found, _covered(rota.covers, start, end))
    return _joined(found)


def turns(rota: Rota, place: int, start: datetime, end: datetime) -> list[Shift]:
    """What one layer alone says about [start, end), gaps left out."""
    layer, zone = rota.layers[place], ZoneInfo(rota.zone)
    found = [Shift(*span, person, place) for span, person in _rotated(layer, zone, start, end) if person]
    if layer.hours:
        found = list(_within(found, _open(layer.hours, zone, start, end)))
    return _joined(found)


def on_call(rota: Rota, at: datetime) -> UUID | None:
    return shifts(rota, at, at + INSTANT)[0].person


def next_handover(rota: Rota, at: datetime) -> Handover | None:
    """When the pager next goes from one person to another, or to nobody; None: not within LONGEST."""
    for reach in REACHES:
        if found := next(iter(handovers(rota, at, at + reach)), None):
            return found
    return None


def handovers(rota: Rota, start: datetime, end: datetime) -> list[Handover]:
    """All after `start` and before `end`. From one layer to another of the same person is none."""
    found = shifts(rota, start, end)
    return [
        Handover(two.start, one.person, two.person)
        for one, two in pairwise(found)
        if one.person != two.person
    ]


def moment(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment in UTC at which clocks of the zone show this time; the first after, where they jump over it."""
    offset = zone.utcoffset(local)
    if offset is not None and offset == zone.utcoffset(local.replace(fold=1)):
        return (local - offset).replace(tzinfo=UTC)  # all but two hours a year, and five times as fast
    return begins(local, zone)[0]


def by_person(found: Iterable[Shift]) -> list[Shift]:
    """Those that touch and are the same person's are one; of several layers it names none. Covers stay apart."""
    joined: list[Shift] = []
    for shift in found:
        last = joined[-1] if joined else None
        if last and last.end == shift.start and (last.person, last.cover) == (shift.person, shift.cover):
            layer = last.layer if last.layer == shift.layer else None
            joined[-1] = replace(last, end=shift.end, layer=layer)
        else:
            joined.append(shift)
    return joined


def _rotated(
    layer: Layer, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[tuple[datetime, datetime], UUID | None]]:
    first = datetime.combine(layer.start, layer.handoff)
    back = (layer.start.weekday() - layer.weekday) % 7 if layer.hands_over_weekly else 0
    origin, step = first - timedelta(days=back), layer.turn
    lower = max(start, moment(first, zone))
    if len(set(layer.people)) == 1:  # who is alone has one long turn, however often it is handed over
        if lower < end:
            yield (lower, end), layer.people[0]
        return
    # A day of room, for clocks are set by less.
    number = max(0, (lower.astimezone(zone).replace(tzinfo=None) - timedelta(days=1) - origin) // step)
    begun = moment(origin + number * step, zone)
    while begun < end:
        over = moment(origin + (number + 1) * step, zone)
        span = max(begun, lower), min(over, end)
        if span[0] < span[1]:  # the turn of an hour that clocks jump over has no length
            yield span, layer.people[number % len(layer.people)]
        number, begun = number + 1, over


def _open(
    hours: Hours, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """When these hours hold, from the day before `start` on: what began then may still last."""
    day, last = start.astimezone(zone).date() - timedelta(days=1), end.astimezone(zone).date()
    later = timedelta(days=1 if hours.end <= hours.start else 0)
    while day <= last:
        if day.weekday() in hours.days:
            begun = moment(datetime.combine(day, hours.start), zone)
            yield begun, moment(datetime.combine(day + later, hours.end), zone)
        day += timedelta(days=1)


def _within(found: Sequence[Shift], spans: Iterable[tuple[datetime, datetime]]) -> Iterator[Shift]:
    """The parts of shifts that lie in these spans; both are in order, and neither overlaps itself."""
    index = 0
    for opens, closes in spans:
        while index < len(found) and found[index].end <= opens:
            index += 1
        for shift in found[index:]:
            if shift.start >= closes:
                break
            yield replace(shift, start=max(shift.start, opens), end=min(shift.end, closes))


def _covered(covers: Iterable[Cover], start: datetime, end: datetime) -> list[Shift]:
    """Covers that overlap each other are made into shifts that do not: the later one given wins."""
    cut = (
        Shift(max(cover.start, start), min(cover.end, end), cover.person, cover=cover.id)
        for cover in covers
        if cover.start < end and cover.end > start
    )
    nothing: list[Shift] = []
    return reduce(lambda below, shift: _laid_over(below, [shift]), cut, nothing)


def _laid_over(below: Sequence[Shift], above: Sequence[Shift]) -> list[Shift]:
    """`above`, and what of `below` it leaves to be seen. Both are in order; so is what comes out."""
    found: list[Shift] = []
    index = 0
    for shift in below:
        begun = shift.start
        while index < len(above) and above[index].start < shift.end:
            upper = above[index]
            if upper.start > begun:
                found.append(replace(shift, start=begun, end=upper.start))
            begun = max(begun, upper.end)
            if upper.end > shift.end:  # it goes on over the next
                break
            found.append(upper)
            index += 1
        if begun < shift.end:
            found.append(replace(shift, start=begun))
    return [*found, *above[index:]]


def _joined(found: Iterable[Shift]) -> list[Shift]:
    """Those that touch and say the same are one."""
    joined: list[Shift] = []
    for shift in found:
        if joined and joined[-1].end == shift.start and joined[-1].said_by == shift.said_by:
            joined[-1] = replace(joined[-1], end=shift.end)
        else:
            joined.append(shift)
    return joined
