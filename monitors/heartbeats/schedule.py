"""Say when a job is expected next. Pure: no clock, no database.

Cron expressions are read as Debian's cron does (cronsim), OnCalendar lines as systemd.time(7) does (oncalendar);
both on the days when clocks are set too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from oncalendar import OnCalendar, OnCalendarError

Kind = Literal["period", "cron", "oncalendar"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job should report in: every so often, or at the moments of a calendar in a zone.

    `period_seconds` counts for the kind "period" only, `lines` and `zone` for the others; several lines mean
    whichever comes first.
    """

    kind: Kind
    period_seconds: int = 0
    lines: tuple[str, ...] = ()
    zone: str = "UTC"

    @property
    def is_calendar(self) -> bool:
        return self.kind != "period"

    def after(self, moment: datetime) -> datetime | None:
        """The first expected moment later than `moment`, in UTC; None when the calendar has ended."""
        if not self.is_calendar:
            return moment + timedelta(seconds=self.period_seconds)
        return _next(self.kind, self.lines, self.zone, moment.replace(microsecond=0))

    def upcoming(self, moment: datetime, count: int) -> list[datetime]:
        found: list[datetime] = []
        slot = self.after(moment)
        while slot is not None and len(found) < count:
            found.append(slot)
            slot = self.after(slot)
        return found


def check_line(kind: Kind, line: str, moment: datetime) -> None:
    """Raises ValueError, in the words of the library, for a line that cannot be read or never comes after `moment`."""
    try:
        if next(_iterate(kind, line, ZoneInfo("UTC"), moment), None) is None:
            raise ValueError("it never comes again")
    except (CronSimError, OnCalendarError) as error:
        raise ValueError(str(error)) from None


@lru_cache(maxsize=8192)
def _next(kind: Kind, lines: tuple[str, ...], zone: str, moment: datetime) -> datetime | None:
    """Many jobs run at the same time by the same line: kept by line, zone and second."""
    firsts = (next(_iterate(kind, line, ZoneInfo(zone), moment), None) for line in lines)
    return min((first for first in firsts if first is not None), default=None)


def _iterate(kind: Kind, line: str, zone: ZoneInfo, moment: datetime) -> Iterator[datetime]:
    start = moment.astimezone(zone)
    found = CronSim(line, start) if kind == "cron" else OnCalendar(line, start)
    # In the hour that a clock repeats, OnCalendar goes by its first pass: what lies before is no next time.
    return (slot for slot in (each.astimezone(UTC) for each in found) if slot > moment)
