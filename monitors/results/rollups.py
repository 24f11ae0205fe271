"""Roll results up: to the hour where it is packed, to the day when that is over, and again for late ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from typing import Any

from django.db import connection, transaction

from monitors.probes.outcome import FIRST_UNKNOWN
from monitors.results import histograms
from monitors.results.columns import Columns
from monitors.results.hours import Hour
from monitors.telemetry.arrays import array, text_array
from monitors.telemetry.claiming import moment
from pulse.scoping import as_pipeline

DAYS_AT_ONCE = 2_000
LOCK = 0x646179  # "day": one process at a time

WRITE = """
INSERT INTO {table} (tenant_no, monitor_no, location, at, ok, soft, failed, unknown, total_us, latency)
SELECT tenant_no, monitor_no, location, at, ok, soft, failed, unknown, total_us, latency::smallint[]
FROM unnest(%s::int[], %s::bigint[], %s::smallint[], %s::timestamptz[], %s::int[], %s::int[], %s::int[], %s::int[],
    %s::bigint[], %s::text[])
AS r(tenant_no, monitor_no, location, at, ok, soft, failed, unknown, total_us, latency)
ON CONFLICT (tenant_no, monitor_no, at, location) DO UPDATE SET ok = excluded.ok, soft = excluded.soft,
    failed = excluded.failed, unknown = excluded.unknown, total_us = excluded.total_us, latency = excluded.latency
"""
# One note is enough while nobody takes them yet; from ten minutes before that on, each hour leaves its own.
NOTE = """
INSERT INTO telemetry_resultdaydue (monitor_no, tenant_no, day)
SELECT * FROM (
    SELECT DISTINCT monitor_no, tenant_no, (at AT TIME ZONE 'UTC')::date AS day
    FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[]) AS n(monitor_no, tenant_no, at)
) n
WHERE n.day < ((now() - interval '10 minutes') AT TIME ZONE 'UTC')::date
    OR NOT EXISTS (SELECT FROM telemetry_resultdaydue d WHERE d.monitor_no = n.monitor_no AND d.day = n.day)
"""
# A day is over when its last hour is packed, twenty minutes after it or later.
TAKE = """
WITH due AS (
    SELECT DISTINCT monitor_no, day FROM telemetry_resultdaydue
    WHERE day < ((now() - interval '20 minutes') AT TIME ZONE 'UTC')::date LIMIT %s
), gone AS (
    DELETE FROM telemetry_resultdaydue d USING due WHERE d.monitor_no = due.monitor_no AND d.day = due.day
    RETURNING d.tenant_no, d.monitor_no, d.day
)
SELECT DISTINCT tenant_no, monitor_no, day FROM gone
"""
HOURS = """
SELECT h.tenant_no, h.monitor_no, h.location, d.day::timestamp AT TIME ZONE 'UTC', h.ok, h.soft, h.failed, h.unknown,
    h.total_us, h.latency
FROM unnest(%s::int[], %s::bigint[], %s::date[]) AS d(tenant_no, monitor_no, day)
JOIN telemetry_resulthour h ON h.tenant_no = d.tenant_no AND h.monitor_no = d.monitor_no
    AND h.at >= d.day::timestamp AT TIME ZONE 'UTC' AND h.at < (d.day + 1)::timestamp AT TIME ZONE 'UTC'
    AND h.at >= %s AND h.at < %s
"""


def roll_hours(cursor: Any, hours: Sequence[Hour]) -> None:
    """Roll up hours of which all that is packed is given; in the transaction that packs them."""
    rows = [(*_place(hour), *counts(hour.columns)) for hour in hours]
    _write(cursor, "telemetry_resulthour", rows)
    cursor.execute(
        NOTE,
        [
            array([hour.monitor_no for hour in hours]),
            array([hour.tenant_no for hour in hours]),
            array([moment(hour.hour_us) for hour in hours]),
        ],
    )


def counts(columns: Columns) -> tuple[int, int, int, int, int, list[int]]:
    """(good, soft, failed, unknown, microseconds of all answers together, their histogram) of results."""
    outcomes = Counter(zip(columns.ok, columns.soft, columns.error, strict=True))
    good = soft = failed = unknown = 0
    for (ok, is_soft, error), count in outcomes.items():
        if ok:
            soft += count * is_soft
            good += count * (not is_soft)
        elif error >= FIRST_UNKNOWN:
            unknown += count
        else:
            failed += count
    answers = [
        total for ok, total in zip(columns.ok, columns.total_us, strict=True) if ok and total is not None
    ]
    return good, soft, failed, unknown, sum(answers), histograms.histogram(answers)


def roll_days(for_seconds: float = 10.0) -> int:
    """Roll up the days that are over and have hours which their roll-up does not know; return how many."""
    until, done = monotonic() + for_seconds, 0
    with as_pipeline():
        while monotonic() < until:
            taken = _some_days()
            done += taken
            if not taken:
                break
    return done


def _some_days() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(TAKE, [DAYS_AT_ONCE])
        days: list[tuple[int, int, date]] = cursor.fetchall()
        if not days:
            return 0
        bounds = min(day for *_, day in days), max(day for *_, day in days) + timedelta(days=1)
        columns = [list(column) for column in zip(*days, strict=True)]
        cursor.execute(HOURS, [*columns, *(datetime.combine(day, time(), UTC) for day in bounds)])
        _write(cursor, "telemetry_resultday", _added(cursor.fetchall()))
        return len(days)


def _added(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """One row for each (organisation, monitor, location, day) of the rows of its hours."""
    by_day: defaultdict[tuple[Any, ...], list[Sequence[Any]]] = defaultdict(list)
    for row in rows:
        by_day[tuple(row[:4])].append(row[4:])
    return [(*place, *_sum(hours)) for place, hours in by_day.items()]


def _sum(hours: Sequence[Sequence[Any]]) -> Iterator[Any]:
    *numbers, latencies = zip(*hours, strict=True)
    yield from map(sum, numbers)
    yield histograms.flat(histograms.add(latencies))


def _place(hour: Hour) -> tuple[int, int, int, datetime]:
    return hour.tenant_no, hour.monitor_no, hour.location, moment(hour.hour_us)


def _write(cursor: Any, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    *plain, latency = zip(*rows, strict=True)
    literals = text_array([array(each) for each in latency])
    cursor.execute(WRITE.format(table=table), [*(array(column) for column in plain), literals])
