"""Lay windows out in a month, on the clocks of whoever reads. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from monitors.maintenance.describing import note
from monitors.maintenance.model import MaintenanceWindow
from monitors.maintenance.recurring import Occurrence, between

PER_WINDOW = 800  # an hourly one has 744 in a month
PER_DAY = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """One window on one day. `words` is its part of the day, `is_running` whether that is now."""

    window: MaintenanceWindow
    start: datetime
    words: str
    note: str
    is_running: bool
    continues: bool


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    in_month: bool
    is_today: bool
    entries: list[Entry]
    more: int


@dataclass(frozen=True, slots=True)
class Month:
    title: str
    weeks: list[list[Day]]
    before: str
    after: str

    @property
    def days(self) -> list[Day]:
        """Those of the month on which something happens."""
        return [day for week in self.weeks for day in week if day.in_month and day.entries]


def month_of(text: str, today: date) -> date:
    """The first day of the month `2027-03`; of this month where that is none, or is too far away."""
    try:
        first = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        return today.replace(day=1)
    return first if abs((first - today).days) < 366 * 6 else today.replace(day=1)


def lay_out(
    windows: Sequence[MaintenanceWindow],
    real: Mapping[tuple[UUID, datetime], datetime],
    first: date,
    zone_name: str,
    now: datetime,
) -> Month:
    """The weeks of the month, Monday first. Paused windows happen on no day.

    `real` says of single occurrences when they really end, or ended; those of no length are left out.
    """
    zone = ZoneInfo(zone_name)
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    start = datetime.combine(weeks[0][0], time(), zone).astimezone(UTC)
    end = datetime.combine(weeks[-1][-1] + timedelta(days=1), time(), zone).astimezone(UTC)
    by_day: dict[date, list[Entry]] = {}
    for window in windows:
        if window.paused_at:
            continue
        for occurrence in between(window.schedule, start, end, PER_WINDOW):
            ends = real.get((window.pk, occurrence.start), occurrence.end)
            for day, entry in _entries(window, replace(occurrence, end=ends), zone, now):
                by_day.setdefault(day, []).append(entry)
    today = now.astimezone(zone).date()
    days = [[_day(day, first, today, by_day.get(day, [])) for day in week] for week in weeks]
    before = (first - timedelta(days=1)).strftime("%Y-%m")
    after = (first + timedelta(days=32)).strftime("%Y-%m")
    return Month(f"{first:%B %Y}", days, before, after)


def _day(day: date, first: date, today: date, entries: list[Entry]) -> Day:
    ordered = sorted(entries, key=lambda entry: (entry.start, entry.window.name))
    return Day(day, day.month == first.month, day == today, ordered[:PER_DAY], max(0, len(ordered) - PER_DAY))


def _entries(
    window: MaintenanceWindow, occurrence: Occurrence, zone: ZoneInfo, now: datetime
) -> list[tuple[date, Entry]]:
    if occurrence.end <= occurrence.start:
        return []
    start, end = occurrence.start.astimezone(zone), occurrence.end.astimezone(zone)
    last = (end - timedelta(microseconds=1)).date()
    found, day = [], start.date()
    while day <= last:
        begins = f"{start:%H:%M}" if day == start.date() else "00:00"
        ends = f"{end:%H:%M}" if day == end.date() else "24:00"
        words = "all day" if (begins, ends) == ("00:00", "24:00") else f"{begins} to {ends}"
        is_first = day == start.date()
        said = note(occurrence, window.zone) if is_first else ""
        entry = Entry(window, occurrence.start, words, said, occurrence.covers(now), not is_first)
        found.append((day, entry))
        day += timedelta(days=1)
    return found
