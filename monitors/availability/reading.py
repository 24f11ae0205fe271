"""Read uptime of many monitors over any number of days in one query, and the days of one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection

from monitors.availability.course import CHANGE, GAPS, OVERDUE_AFTER, PLACE, PLACES, STATUSES, Story, course
from monitors.statuses import Status
from monitors.telemetry.claiming import moment
from monitors.uptime import DAY, Span, Stretch, Uptime, by_day, measure, merged, without
from pulse import scoping

CENTISECOND = timedelta(milliseconds=10)
KEPT, NOTED, HEAD = 10, 11, 12
# Of the days that are kept: sums over months, by differences. Today is what a monitor's head says, unless that
# changed today or something was not measured: only of those the course is told.
PART = "{0}[cardinality({0})] - coalesce({0}[least(cardinality({0}), %(first)s::date - month)], 0)"
SUMS = ", ".join(f"sum({PART.format(name)})::bigint" for name in ("up_cs", "degraded_cs", "down_cs", "turns"))
STATEMENT = f"""
SELECT {KEPT}, monitor_no, max(month + cardinality(up_cs)) - %(first)s::date, {SUMS}
FROM telemetry_statemonth
WHERE tenant_no = %(tenant)s AND monitor_no = ANY(%(numbers)s) AND month >= %(month)s GROUP BY monitor_no
UNION ALL
SELECT {HEAD}, monitor_no, NULL, status, (status_since > %(start)s)::int, NULL, NULL FROM telemetry_livestate
WHERE tenant_no = %(tenant)s AND monitor_no = ANY(%(numbers)s) AND is_head
UNION ALL
SELECT {NOTED}, monitor_no, NULL, NULL, NULL, NULL, NULL FROM telemetry_statedaydue
WHERE tenant_no = %(tenant)s AND monitor_no = ANY(%(numbers)s)
UNION ALL
SELECT what, monitor_no, number, since, until, status, NULL FROM ({GAPS} UNION ALL {PLACES})
    AS missed(what, monitor_no, number, since, until, status)
UNION ALL
SELECT {CHANGE}, c.monitor_no, c.no, (extract(epoch FROM c.at) * 1000000)::bigint, NULL, c.status, NULL
FROM telemetry_livestate h CROSS JOIN LATERAL (
    (SELECT no, monitor_no, at, status FROM telemetry_statechange
    WHERE tenant_no = %(tenant)s AND monitor_no = h.monitor_no AND at >= %(start)s)
    UNION ALL
    (SELECT no, monitor_no, at, status FROM telemetry_statechange
    WHERE tenant_no = %(tenant)s AND monitor_no = h.monitor_no AND at < %(start)s ORDER BY at DESC, no DESC LIMIT 1)
) c
WHERE h.tenant_no = %(tenant)s AND h.monitor_no = ANY(%(numbers)s) AND h.is_head AND h.status_since > %(start)s
"""  # noqa: S608
DAYS = """
SELECT month, up_cs, degraded_cs, down_cs, turns, (
    SELECT min(day) FROM telemetry_statedaydue WHERE tenant_no = %(tenant)s AND monitor_no = %(number)s)
FROM telemetry_statemonth
WHERE tenant_no = %(tenant)s AND monitor_no = %(number)s AND month >= %(month)s ORDER BY month
"""


@dataclass(frozen=True, slots=True)
class Day:
    """A day from midnight to midnight UTC; today ends now."""

    at: date
    uptime: Uptime


def first_day(days: int, now: datetime) -> datetime:
    """Midnight UTC with which so many days begin, of which today is the last."""
    return midnight(now.astimezone(UTC).date() - timedelta(days=days - 1))


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class _Known:
    """What one statement tells of a monitor."""

    def __init__(self) -> None:
        self.days, self.uptime = 0, Uptime()
        self.story = Story()
        self.status: Status | None = None
        self.is_noted = False

    def take(self, what: int, row: Sequence[Any], now: datetime) -> None:
        """One row of the statement, less the number of its monitor."""
        if what == KEPT:
            self.days = row[0]
            self.uptime = _uptime(row[1], row[2], row[3], row[4], self.days)
        elif what == HEAD:
            self.status = None if row[2] else STATUSES[row[1]]
        elif what == NOTED:
            self.is_noted = True
        elif what != PLACE or _is_overdue(row[2], now):
            self.story.take((what, *row[:4]), now)
        else:
            self.story.places.append(row[0])

    def since(self, start: datetime, now: datetime) -> Uptime:
        if self.status is not None and not self.story.gaps:
            return measure([Span(start, now, self.status)])
        if self.status is not None:
            self.story.changes = [(start, 0, self.status)]
        return measure(self.story.covered(start, now))


def uptimes(numbers: Collection[int], days: int, now: datetime) -> dict[int, Uptime]:
    """By monitor number, uptime over so many days (UTC), of which today is the last; one query in the usual case.

    Monitors whose days are not kept yet, or are noted to have changed, are read from their changes by a second one.
    """
    first, start = first_day(days, now), first_day(1, now)
    values: dict[str, Any] = {
        "tenant": scoping.current().no, "numbers": list(numbers), "start": start, "end": now, "first": first.date(),
        "month": first.date().replace(day=1), "day_before": start - DAY,
    }  # fmt: skip
    known = {number: _Known() for number in numbers}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, values)
        for what, number, *row in cursor.fetchall():
            known[number].take(what, row, now)
    left = [number for number, one in known.items() if one.is_noted or one.days < days - 1]
    found = {number: one.uptime + one.since(start, now) for number, one in known.items()}
    if left:
        found |= {number: measure(covered) for number, covered in course(left, first, now).items()}
    return found


def _is_overdue(until_us: int | None, now: datetime) -> bool:
    return until_us is not None and moment(until_us) + OVERDUE_AFTER < now


def days_of(number: int, days: int, now: datetime) -> list[Day]:
    """One monitor's days, the oldest first and today the last; two queries however many days."""
    first = first_day(days, now)
    with connection.cursor() as cursor:
        cursor.execute(
            DAYS,
            {
                "tenant": scoping.current().no,
                "number": number,
                "month": first.date().replace(day=1),
            },
        )
        months = cursor.fetchall()
    kept = _kept_days(months, first.date())
    edge = first + DAY * len(kept)
    rest = by_day(course([number], edge, now)[number], edge, days - len(kept))
    today = rest[-1]
    unknown = now - first_day(1, now) - today.measured
    rest[-1] = Uptime(today.up, today.down, unknown, today.degraded, today.turns)
    return [Day(first.date() + timedelta(days=place), day) for place, day in enumerate([*kept, *rest])]


def days_without(
    number: int, days: int, now: datetime, excluded: Sequence[Stretch]
) -> tuple[list[Day], list[Span]]:
    """The same days less the time that is excluded, and the spans that are left; from the changes themselves."""
    first = first_day(days, now)
    covered = without(course([number], first, now)[number], excluded)
    out = [Span(max(one.start, first), min(one.end, now), Status.DOWN) for one in merged(excluded)]
    left_out = by_day([span for span in out if span.start < span.end], first, days)
    found = []
    for place, (day, cut) in enumerate(zip(by_day(covered, first, days), left_out, strict=True)):
        start = first + DAY * place
        unknown = max(min(start + DAY, now) - start - day.measured - cut.down, timedelta())
        found.append(Day(start.date(), Uptime(day.up, day.down, unknown, day.degraded, day.turns, cut.down)))
    return found, covered


def _kept_days(months: Sequence[tuple[Any, ...]], first: date) -> list[Uptime]:
    """The days from `first` on that are kept and still true; without a hole."""
    found: list[Uptime] = []
    for month, *sums, noted in months:
        for place in range(len(sums[0])):
            at = month + timedelta(days=place)
            if at < first:
                continue
            if at != first + timedelta(days=len(found)) or (noted is not None and at >= noted):
                return found
            found.append(_uptime(*(one[place] - (one[place - 1] if place else 0) for one in sums)))
    return found


def _uptime(up: int, degraded: int, down: int, turns: int, days: int = 1) -> Uptime:
    measured = CENTISECOND * (up + down)
    return Uptime(
        CENTISECOND * up,
        CENTISECOND * down,
        max(DAY * days - measured, timedelta()),
        CENTISECOND * degraded,
        turns,
    )
