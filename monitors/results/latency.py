"""Read how often checks succeeded and how fast answers were, over any range, from roll-ups and what is fresh."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from monitors.results import histograms
from monitors.results.columns import Columns
from monitors.results.rollups import counts
from pulse import scoping

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURS_KEPT = timedelta(days=95)
# What is fresh is what no roll-up knows: one statement, so that nothing is in both or in neither.
FRESH = """
SELECT date_trunc('hour', slot, 'UTC'), location, NULL, NULL, NULL, NULL, NULL, NULL,
    array_agg(ok), array_agg(soft), array_agg(error), array_agg(total_us)
FROM telemetry_checkresult
WHERE tenant_no = %(tenant)s AND monitor_no = %(number)s AND slot >= %(start)s AND slot < %(end)s GROUP BY 1, 2
"""
ROLLED = """
SELECT at, location, ok, soft, failed, unknown, total_us, latency, NULL::bool[], NULL::bool[], NULL::smallint[],
    NULL::int[]
FROM {table}
WHERE tenant_no = %(tenant)s AND monitor_no = %(number)s AND at >= %(start)s AND at < %(end)s {more}
"""
NOTED = (
    "(at AT TIME ZONE 'UTC')::date {} (SELECT day FROM telemetry_resultdaydue WHERE monitor_no = %(number)s)"
)
BY_HOUR = ROLLED.format(table="telemetry_resulthour", more="") + " UNION ALL " + FRESH
# Of a day whose roll-up does not know all of its hours there is a note, until it does.
BY_DAY = " UNION ALL ".join(
    (
        ROLLED.format(table="telemetry_resultday", more="AND " + NOTED.format("NOT IN")),
        ROLLED.format(table="telemetry_resulthour", more="AND " + NOTED.format("IN")),
        FRESH,
    )
)


@dataclass(slots=True)
class Answers:
    """Counts of results, and how long the good and the soft ones took: microseconds together, and their histogram."""

    ok: int = 0
    soft: int = 0
    failed: int = 0
    unknown: int = 0
    total_us: int = 0
    latency: Counter[int] = field(default_factory=Counter)

    def add(self, row: Sequence[Any]) -> None:
        """Counts in this order, and a flat histogram."""
        self.ok += row[0]
        self.soft += row[1]
        self.failed += row[2]
        self.unknown += row[3]
        self.total_us += row[4]
        self.latency.update(histograms.add([row[5]]))

    def percentile(self, share: float) -> float | None:
        """Milliseconds that so many of the answers stayed under, within 1 %; None without an answer."""
        found = histograms.percentile(self.latency, share)
        return None if found is None else found / 1000

    @property
    def mean(self) -> float | None:
        """Milliseconds."""
        answers = self.latency.total()
        return self.total_us / answers / 1000 if answers else None


@dataclass(frozen=True, slots=True)
class Part:
    """What was answered in [start, end) at one place; `location` is None for all of them together."""

    start: datetime
    end: datetime
    location: int | None
    answers: Answers


def read_parts(
    number: int, start: datetime, end: datetime, width: timedelta, by_place: bool = False
) -> list[Part]:
    """The parts of `width` (whole hours, or whole days) in which something was checked, the oldest first.

    Parts begin `width` apart from the beginning of the hour of `start`, or of its day (UTC) where the width is of
    days. Hours are known for 95 days back; what is older counts in parts of a day or more only.
    """
    days = width % DAY == timedelta()
    start = _floor(start, days=days)
    found: defaultdict[tuple[int, int | None], Answers] = defaultdict(Answers)
    for at, location, *row in _rows(number, start, end, days=days):
        values = row[:6] if row[0] is not None else counts(_columns(row[6:]))
        found[(at - start) // width, location if by_place else None].add(values)
    return [
        Part(start + width * place, min(start + width * (place + 1), end), location, answers)
        for (place, location), answers in sorted(
            found.items(), key=lambda each: (each[0][0], each[0][1] or 0)
        )
    ]


def together(parts: Iterable[Part]) -> Answers:
    """All of them as one."""
    found = Answers()
    for part in parts:
        one = part.answers
        found.add((one.ok, one.soft, one.failed, one.unknown, one.total_us, ()))
        found.latency.update(one.latency)
    return found


def _rows(number: int, start: datetime, end: datetime, *, days: bool) -> list[tuple[Any, ...]]:
    values = {"tenant": scoping.current().no, "number": number, "start": start, "end": end}
    with connection.cursor() as cursor:
        cursor.execute(BY_DAY if days else BY_HOUR, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _columns(row: Sequence[Any]) -> Columns:
    ok, soft, error, total = row
    return Columns(ok=ok, soft=soft, error=error, total_us=total)


def _floor(moment: datetime, *, days: bool) -> datetime:
    hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour.replace(hour=0) if days else hour
