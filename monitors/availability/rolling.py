"""Keep by day how long each monitor was up, degraded and down, and again for days that something is dated back to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from typing import Any

from django.db import connection, transaction

from monitors.availability.course import course
from monitors.telemetry.arrays import array, text_array
from monitors.uptime import DAY, Uptime, by_day
from pulse.scoping import as_pipeline, in_tenant
from tenants.models import Organisation

MONITORS_AT_ONCE = 500
LOCK = 0x73746174  # "stat": one process at a time

# A day is kept a minute after it is over: what a transaction writes that began before midnight leaves no note.
TODAY = """
SELECT today.at, EXISTS (SELECT FROM telemetry_rolledday WHERE before = today.at)
FROM (SELECT date_trunc('day', now() - interval '1 minute', 'UTC') AS at) today
"""
DONE = """
INSERT INTO telemetry_rolledday (before) VALUES (%s) ON CONFLICT DO NOTHING;
DELETE FROM telemetry_rolledday WHERE before < now() - interval '400 days'
"""
# Up to which day a monitor is kept. What was never kept begins with its first change, at most 400 days ago.
UNTIL = """
LEFT JOIN LATERAL (
    SELECT month + cardinality(up_cs) AS until FROM telemetry_statemonth m
    WHERE m.tenant_no = h.tenant_no AND m.monitor_no = h.monitor_no ORDER BY month DESC LIMIT 1
) kept ON true
LEFT JOIN LATERAL (
    SELECT (greatest(min(at), %(today)s - interval '400 days') AT TIME ZONE 'UTC')::date AS day
    FROM telemetry_statechange c
    WHERE c.tenant_no = h.tenant_no AND c.monitor_no = h.monitor_no AND kept.until IS NULL
) began ON true
"""
# Who began today has yesterday kept, as not measured: with nothing to keep it would be found missing again and again.
MISSING = f"""
SELECT h.tenant_no, h.monitor_no, least(coalesce(kept.until, began.day), %(yesterday)s::date)
FROM telemetry_livestate h
{UNTIL}
WHERE h.is_head AND coalesce(kept.until, '-infinity') < (%(today)s AT TIME ZONE 'UTC')::date
ORDER BY h.tenant_no, h.monitor_no LIMIT %(most)s
"""  # noqa: S608
# Notes are taken before what they speak of is read: whatever comes in from here on leaves a note of its own.
NOTED = f"""
WITH taken AS (SELECT DISTINCT monitor_no FROM telemetry_statedaydue LIMIT %(most)s),
    gone AS (DELETE FROM telemetry_statedaydue d USING taken WHERE d.monitor_no = taken.monitor_no
        RETURNING d.monitor_no, d.day)
SELECT h.tenant_no, h.monitor_no, least(g.day, kept.until, began.day)
FROM (SELECT monitor_no, min(day) AS day FROM gone GROUP BY 1) g
JOIN telemetry_livestate h ON h.monitor_no = g.monitor_no AND h.is_head
{UNTIL}
"""  # noqa: S608
KEPT = """
SELECT monitor_no, up_cs, degraded_cs, down_cs, turns FROM telemetry_statemonth
WHERE tenant_no = %s AND monitor_no = ANY(%s) AND month = %s
"""
WRITE = """
INSERT INTO telemetry_statemonth (monitor_no, tenant_no, month, up_cs, degraded_cs, down_cs, turns)
SELECT monitor_no, %s, month, up_cs::int[], degraded_cs::int[], down_cs::int[], turns::int[]
FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::text[], %s::text[], %s::text[])
AS r(monitor_no, month, up_cs, degraded_cs, down_cs, turns)
ON CONFLICT (tenant_no, monitor_no, month) DO UPDATE SET up_cs = excluded.up_cs,
    degraded_cs = excluded.degraded_cs, down_cs = excluded.down_cs, turns = excluded.turns
"""


def roll(for_seconds: float = 10.0) -> int:
    """Keep the days that are over and not kept, or not as they are now; return of how many monitors."""
    until, done = monotonic() + for_seconds, 0
    with as_pipeline():
        today, is_done = _today()
    while monotonic() < until:
        noted, missing = _some(NOTED, today), 0 if is_done else _some(MISSING, today)
        done += noted + missing
        if not is_done and not missing:
            with as_pipeline(), connection.cursor() as cursor:
                cursor.execute(DONE, [today])
            is_done = True
        if not noted and not missing:
            break
    return done


def _today() -> tuple[datetime, bool]:
    with connection.cursor() as cursor:
        cursor.execute(TODAY)
        today, is_done = cursor.fetchone()
    return today, is_done


def _some(statement: str, today: datetime) -> int:
    """Roll up some of what the statement finds, in one transaction: what it took is not lost when this dies."""
    values: dict[str, Any] = {"today": today, "yesterday": (today - DAY).date(), "most": MONITORS_AT_ONCE}
    with transaction.atomic():
        with as_pipeline(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return 0
            cursor.execute(statement, values)
            due: list[tuple[int, int, date]] = cursor.fetchall()
        by_tenant: defaultdict[int, dict[int, date]] = defaultdict(dict)
        for tenant_no, number, day in due:
            by_tenant[tenant_no][number] = day
        for organisation in Organisation.objects.filter(no__in=by_tenant):
            with in_tenant(organisation):
                _roll(organisation.no, by_tenant[organisation.no], today)
    return len(due)


def _roll(tenant_no: int, edges: dict[int, date], today: datetime) -> None:
    """Keep the days from each monitor's edge to yesterday."""
    first = _midnight(min(edges.values()))
    if first >= today:
        return
    covered = course(list(edges), first, today)
    by_month: defaultdict[date, dict[int, date]] = defaultdict(dict)
    for number, edge in edges.items():
        by_month[edge.replace(day=1)][number] = edge
    rows: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for month, numbers in by_month.items():
            cursor.execute(KEPT, [tenant_no, list(numbers), month])
            kept = {number: sums for number, *sums in cursor.fetchall()}
            for number, edge in numbers.items():
                days = by_day(covered[number], _midnight(edge), (today - _midnight(edge)) // DAY)
                before = [each[: edge.day - 1] for each in kept.get(number, ([], [], [], []))]
                rows += ((number, *found) for found in months(edge, days, before))
        if rows:
            plain = [array(column) for column in list(zip(*rows, strict=True))[:2]]
            sums = [
                text_array([array(one) for one in column]) for column in list(zip(*rows, strict=True))[2:]
            ]
            cursor.execute(WRITE, [tenant_no, *plain, *sums])


def months(edge: date, days: Sequence[Uptime], before: Sequence[list[int]]) -> list[tuple[Any, ...]]:
    """(month, up, degraded, down, turns) of each month that the days from `edge` on lie in.

    `before` are the sums of the edge's month up to the day before it; days that it lacks were not measured.
    """
    found: list[tuple[Any, ...]] = []
    month = edge.replace(day=1)
    sums = [[*each, *[each[-1] if each else 0] * (edge.day - 1 - len(each))] for each in before]
    for number, day in enumerate(days):
        at = edge + timedelta(days=number)
        if at.replace(day=1) != month:
            found.append((month, *sums))
            month, sums = at.replace(day=1), [[], [], [], []]
        for one, grown in zip(sums, _numbers(day), strict=True):
            one.append((one[-1] if one else 0) + grown)
    if days:
        found.append((month, *sums))
    return found


def _numbers(day: Uptime) -> tuple[int, int, int, int]:
    centiseconds = timedelta(milliseconds=10)
    return (
        round(day.up / centiseconds),
        round(day.degraded / centiseconds),
        round(day.down / centiseconds),
        day.turns,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
