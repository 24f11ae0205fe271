"""Lay a schedule out in a week or a month, on the clocks of whoever reads. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from notifications.oncall import rota
from notifications.oncall.reading import Known
from notifications.oncall.rota import Shift

Kind = Literal["turn", "cover", "gap", "past"]
GAP = "Nobody"
HUES = 5
PER_DAY = 50  # twice the hourly turns of the longest day


@dataclass(frozen=True, slots=True)
class Line:
    """One shift in words; `hue` tells people apart, and always beside a name."""

    shift: Shift
    name: str
    why: str
    kind: Kind
    hue: int
    is_now: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A line on an axis, in per cent of it."""

    line: Line
    left: str
    width: str


@dataclass(frozen=True, slots=True)
class Track:
    label: str
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a day begins on the axis."""

    day: date
    left: str
    is_today: bool


@dataclass(frozen=True, slots=True)
class Week:
    title: str
    marks: list[Mark]
    tracks: list[Track]
    lines: list[Line]
    now: str
    before: date
    after: date


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a line that lies in one day."""

    line: Line
    words: str


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    in_month: bool
    is_today: bool
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Month:
    title: str
    weeks: list[list[Day]]
    before: date
    after: date

    @property
    def days(self) -> list[Day]:
        return [day for week in self.weeks for day in week if day.in_month]


def day_of(text: str, today: date) -> date:
    """The day `2027-03-01`; today where that is none, or too far away."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if abs((day - today).days) < 366 * 5 else today


def week(known: Known, day: date, zone_name: str, now: datetime) -> Week:
    """The week of this day, Monday first: each layer, and below them who has it in the end."""
    zone, monday = ZoneInfo(zone_name), day - timedelta(days=day.weekday())
    days = [monday + timedelta(days=number) for number in range(7)]
    start, end = _midnight(monday, zone), _midnight(monday + timedelta(days=7), zone)
    final = lines(known, rota.by_person(rota.shifts(known.rota, start, end)), now)
    tracks = [
        Track(layer.name, _bars(lines(known, rota.turns(known.rota, place, start, end), now), start, end))
        for place, layer in enumerate(known.rota.layers)
    ]
    if len(tracks) == 1 and all(line.kind != "cover" for line in final):
        tracks = []
    today = now.astimezone(zone).date()
    marks = [Mark(one, _share(_midnight(one, zone), start, end), one == today) for one in days]
    return Week(
        title=f"{monday.day} {monday:%b} to {days[-1].day} {days[-1]:%b %Y}",
        marks=marks,
        tracks=[*tracks, Track("On call", _bars(final, start, end))],
        lines=final,
        now=_share(now, start, end) if start <= now < end else "",
        before=monday - timedelta(days=7),
        after=monday + timedelta(days=7),
    )


def month(known: Known, day: date, zone_name: str, now: datetime) -> Month:
    """The weeks of the month of this day, Monday first: who has it in the end."""
    zone, first = ZoneInfo(zone_name), day.replace(day=1)
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    start, end = _midnight(weeks[0][0], zone), _midnight(weeks[-1][-1] + timedelta(days=1), zone)
    found = lines(known, rota.by_person(rota.shifts(known.rota, start, end)), now)
    by_day: dict[date, list[Part]] = {}
    for line in found:
        for one, part in _parts(line, zone):
            by_day.setdefault(one, []).append(part)
    today = now.astimezone(zone).date()
    days = [
        [Day(one, one.month == first.month, one == today, by_day.get(one, [])[:PER_DAY]) for one in row]
        for row in weeks
    ]
    return Month(f"{first:%B %Y}", days, first - timedelta(days=1), first + timedelta(days=32))


def lines(known: Known, found: Sequence[Shift], now: datetime) -> list[Line]:
    """Shifts in words, in their order; people keep their hue in all views of a schedule."""
    people = [person for layer in known.rota.layers for person in layer.people if person]
    order: dict[UUID | None, int] = {person: place for place, person in enumerate(dict.fromkeys(people))}
    return [_line(known, shift, order.get(shift.person, len(order)), now) for shift in found]


def _line(known: Known, shift: Shift, place: int, now: datetime) -> Line:
    is_now = shift.start <= now < shift.end
    if shift.person is None and shift.end <= now:
        return Line(shift, GAP, "nobody was on call", "past", 0, is_now)
    if shift.person is None:
        return Line(shift, GAP, "a gap: nobody is paged", "gap", 0, is_now)
    why = "an override" if shift.cover else "several layers"
    if shift.layer is not None:
        why = known.rota.layers[shift.layer].name
    kind: Kind = "cover" if shift.cover else "turn"
    return Line(shift, known.name(shift.person), why, kind, place % HUES, is_now)


def _bars(found: Sequence[Line], start: datetime, end: datetime) -> list[Bar]:
    return [
        Bar(
            line,
            _share(line.shift.start, start, end),
            _per_cent((line.shift.end - line.shift.start) / (end - start)),
        )
        for line in found
    ]


def _parts(line: Line, zone: ZoneInfo) -> list[tuple[date, Part]]:
    start, end = line.shift.start.astimezone(zone), line.shift.end.astimezone(zone)
    last = (end - timedelta(microseconds=1)).date()
    found, day = [], start.date()
    while day <= last:
        begins = f"{start:%H:%M}" if day == start.date() else "00:00"
        ends = f"{end:%H:%M}" if day == end.date() else "24:00"
        words = "all day" if (begins, ends) == ("00:00", "24:00") else f"{begins} to {ends}"
        found.append((day, Part(line, words)))
        day += timedelta(days=1)
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return rota.moment(datetime.combine(day, time()), zone).astimezone(UTC)


def _share(moment: datetime, start: datetime, end: datetime) -> str:
    return _per_cent((moment - start) / (end - start))


def _per_cent(share: float) -> str:
    return f"{share * 100:.3f}%"
