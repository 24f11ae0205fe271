"""Say in words when a window happens, and what clocks do to it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from monitors.maintenance.recurring import Occurrence, Schedule
from monitors.maintenance.rules import Recurrence, parse
from pulse.templatetags.times import duration

DAYS = {
    "MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
    "SU": "Sunday",
}  # fmt: skip
PLACES = {"1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth", "-1": "last"}
UNITS = {"YEARLY": "year", "MONTHLY": "month", "WEEKLY": "week", "DAILY": "day", "HOURLY": "hour"}
SIMPLE = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"})


@dataclass(frozen=True, slots=True)
class Shown:
    """An occurrence on three clocks: the window's, the reader's and UTC, each as (start, end)."""

    occurrence: Occurrence
    here: tuple[str, str]
    yours: tuple[str, str]
    utc: tuple[str, str]
    note: str


def words(schedule: Schedule) -> str:
    """`Every week on Sunday, 02:00 to 04:00 Europe/Vienna`"""
    end = schedule.start + schedule.duration
    if not schedule.rule:
        return f"Once, {_moment(schedule.start)} to {_end(schedule.start, end)} {schedule.zone}"
    rule = parse(schedule.rule, schedule.zone)
    return f"{_often(rule, schedule)}, {_hours(rule, schedule)} {schedule.zone}{_ending(rule)}"


def shown(occurrence: Occurrence, schedule: Schedule, yours: str) -> Shown:
    return Shown(
        occurrence,
        _span(occurrence, ZoneInfo(schedule.zone)),
        _span(occurrence, ZoneInfo(yours)),
        _span(occurrence, UTC),
        note(occurrence, schedule.zone),
    )


def note(occurrence: Occurrence, zone: str) -> str:
    """What the setting of clocks does to it; empty where it does nothing."""
    start = occurrence.start.astimezone(ZoneInfo(zone))
    end = occurrence.end.astimezone(ZoneInfo(zone))
    said = f"{occurrence.local:%H:%M}"
    if occurrence.shift == "gap":
        return f"Clocks jump over {said} on this day: it starts at {start:%H:%M}, the first moment after."
    if occurrence.shift == "fold":
        return f"Clocks show {said} twice on this day: it starts at the first, {_offset(start)}."
    if start.utcoffset() != end.utcoffset():
        way = "forward" if (end.utcoffset() or timedelta()) > (start.utcoffset() or timedelta()) else "back"
        length = duration(occurrence.end - occurrence.start)
        return f"Clocks are set {way} during it: it lasts {length} all the same, and ends at {end:%H:%M}."
    return ""


def _often(rule: Recurrence, schedule: Schedule) -> str:
    unit = UNITS[rule.frequency]
    every = f"Every {unit}" if rule.interval == 1 else f"Every {rule.interval} {unit}s"
    if not SIMPLE.issuperset(rule.parts):
        return f"{every} by {schedule.rule}"
    if "BYDAY" in rule.parts:
        return f"{every} on {_joined([_day(value) for value in rule.parts['BYDAY'].split(',')])}"
    if rule.frequency == "WEEKLY":
        return f"{every} on {schedule.start:%A}"
    if rule.frequency == "MONTHLY":
        missing = "; months without it are left out" if schedule.start.day > 28 else ""
        return f"{every} on day {schedule.start.day}{missing}"
    return f"{every} on {schedule.start.day} {schedule.start:%B}" if rule.frequency == "YEARLY" else every


def _day(value: str) -> str:
    number, name = value[:-2].removeprefix("+"), DAYS[value[-2:]]
    return f"the {PLACES.get(number, f'{number}th')} {name}" if number else name


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _hours(rule: Recurrence, schedule: Schedule) -> str:
    if rule.frequency == "HOURLY" or rule.parts.keys() & {"BYHOUR", "BYMINUTE"}:
        return f"for {duration(schedule.duration)}"
    return f"{schedule.start:%H:%M} to {_end(schedule.start, schedule.start + schedule.duration)}"


def _ending(rule: Recurrence) -> str:
    if rule.count:
        return f", {rule.count} times" if rule.count > 1 else ", 1 time"
    return f", until {rule.until.day} {rule.until:%B %Y}" if rule.until else ""


def _end(start: datetime, end: datetime) -> str:
    if end.date() == start.date():
        return f"{end:%H:%M}"
    days = (end.date() - start.date()).days
    return f"{end:%H:%M} the next day" if days == 1 else f"{_moment(end)}"


def _span(occurrence: Occurrence, zone: tzinfo) -> tuple[str, str]:
    start, end = occurrence.start.astimezone(zone), occurrence.end.astimezone(zone)
    begins = f"{start:%a} {start.day} {start:%b %Y %H:%M}"
    return begins, f"{end:%H:%M}" if end.date() == start.date() else f"{end:%a} {end.day} {end:%b %H:%M}"


def _moment(local: datetime) -> str:
    return f"{local.day} {local:%b %Y %H:%M}"


def _offset(moment: datetime) -> str:
    text = f"{moment:%z}"
    return f"UTC{text[:3]}:{text[3:]}"
