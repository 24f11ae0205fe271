"""When a rule speaks: hours of the week on the clocks of one zone. Pure; right on days that have 23 or 25 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pulse.fields import ConfigError, FieldError, read_fields

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Hours:
    """From `starts` to `ends` on each of `days` (0 is Monday); past midnight where `ends` is not later."""

    zone: str
    days: frozenset[int]
    starts: time
    ends: time

    def opens(self, now: datetime) -> datetime:
        """`now` within the hours, else when they begin next (aware, UTC)."""
        local = now.astimezone(ZoneInfo(self.zone))
        for offset in range(-1, 8):
            day = local.date() + timedelta(days=offset)
            if day.weekday() not in self.days:
                continue
            last = day if self.ends > self.starts else day + timedelta(days=1)
            begin = _instant(datetime.combine(day, self.starts), self.zone)
            end = _instant(datetime.combine(last, self.ends), self.zone)
            if begin <= now < end:
                return now
            if begin > now:
                return begin
        return now  # no day at all: the reader refuses that

    def __str__(self) -> str:
        days = (
            ", ".join(DAYS[day] for day in sorted(self.days)) if len(self.days) < len(DAYS) else "every day"
        )
        return f"{days} {self.starts:%H:%M} to {self.ends:%H:%M} ({self.zone})"


def read(value: Any) -> dict[str, Any] | None:
    """Stored hours as JSON, or None for all hours; FieldError says what to change."""
    if value is None or value == {}:
        return None
    try:
        found = read_fields(value, {"zone": _zone, "days": _days, "starts": _clock, "ends": _clock})
    except ConfigError as error:
        pointer, words = error.errors[0]
        raise FieldError(f"{pointer.lstrip('/') or 'hours'}: {words}") from None
    missing = [name for name in ("zone", "days", "starts", "ends") if name not in found]
    if missing:
        raise FieldError(f"Give the hours with {', '.join(missing)} too, or leave them out for all hours.")
    return found


def load(stored: dict[str, Any] | None) -> Hours | None:
    if not stored:
        return None
    starts, ends = (time.fromisoformat(stored[name]) for name in ("starts", "ends"))
    return Hours(stored["zone"], frozenset(stored["days"]), starts, ends)


def _instant(wall: datetime, zone: str) -> datetime:
    """A wall time that does not exist is as much later as the gap is long; one that comes twice is its first."""
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def _zone(value: Any) -> str:
    try:
        if not isinstance(value, str) or not value:
            raise ValueError
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise FieldError("Use a time zone of the IANA list, like Europe/Berlin.") from None
    return value


def _days(value: Any) -> list[int]:
    good = isinstance(value, list) and value and all(type(day) is int and 0 <= day <= 6 for day in value)
    if not good:
        raise FieldError("Use a list of days from 0 (Monday) to 6 (Sunday), with at least one.")
    return sorted(set(value))


def _clock(value: Any) -> str:
    try:
        if not isinstance(value, str) or len(value) != 5:
            raise ValueError
        return f"{time.fromisoformat(value):%H:%M}"
    except ValueError:
        raise FieldError("Use a time of day like 09:00.") from None
