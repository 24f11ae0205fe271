"""Read series: the newest values, single points of a window, or buckets of any width for a chart."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db import connection

from monitors.series.model import Labels, Point

FIVE, HOUR = 300, 3600
BUCKETS_AT_MOST = 300
# A chart of up to so long is drawn from samples, one of up to so long from five-minute roll-ups.
SAMPLES_UP_TO = timedelta(hours=6)
FIVES_UP_TO = timedelta(days=20)
POINTS_AT_MOST = 50_000
EACH_AT_MOST = 10_000
# Widths that people can read on an axis, in seconds.
WIDTHS = (1, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 604_800)

LIST = """
SELECT no, name, labels::text, unit, is_counter, created_at FROM telemetry_series
WHERE monitor_no = %s AND tenant_no = %s ORDER BY name, labels::text
"""
# One short walk down the index for each series, over the partitions of the last two days alone.
NEWEST = """
SELECT s.no, newest.at, newest.value FROM unnest(%s::int[]) AS s(no), LATERAL (
    SELECT at, value FROM telemetry_sample WHERE series_no = s.no AND at > %s ORDER BY at DESC LIMIT 1
) newest
"""
WINDOW = """
SELECT series_no, at, value FROM telemetry_sample
WHERE series_no = ANY(%s) AND at > %s AND at <= %s ORDER BY series_no, at LIMIT %s
"""
# For each monitor and name its own window; of all series of that name.
KEYED = """
SELECT * FROM (
    SELECT n.monitor_no, n.name, n.labels::text, s.at, s.value
    FROM (
        SELECT monitor_no, name, max(seconds) AS seconds
        FROM unnest(%s::bigint[], %s::text[], %s::int[]) AS w(monitor_no, name, seconds) GROUP BY 1, 2
    ) w
    JOIN telemetry_series n ON n.monitor_no = w.monitor_no AND n.name = w.name
    LEFT JOIN LATERAL (
        SELECT at, value FROM telemetry_sample
        WHERE series_no = n.no AND at > %s - make_interval(secs => w.seconds) AND at <= %s
        ORDER BY at DESC LIMIT %s
    ) s ON true
    LIMIT %s
) found ORDER BY monitor_no, name, labels, at
"""
FROM_SAMPLES = """
SELECT series_no, date_bin(%(width)s, at, 'epoch') AS bucket, count(*), sum(value), min(value), max(value),
    (array_agg(value ORDER BY at DESC))[1], max(at)
FROM telemetry_sample WHERE series_no = ANY(%(series)s) AND at >= %(start)s AND at < %(end)s
GROUP BY series_no, bucket ORDER BY series_no, bucket
"""
# What is rolled up, and from the oldest bucket that is not yet rolled up (or is still filling) on the samples.
FROM_ROLLUPS = """
WITH edge AS (
    SELECT least(date_bin('5 minutes', now(), 'epoch'), (
        SELECT min(w.at) FROM telemetry_samplestored w WHERE w.at >= %(start)s AND w.monitor_no IN (
            SELECT monitor_no FROM telemetry_series WHERE no = ANY(%(series)s))
    )) AS at
), parts AS (
    SELECT r.series_no, r.at, samples, total, least, most, last, r.at + {base} AS last_at FROM {table} r, edge
    WHERE r.series_no = ANY(%(series)s) AND r.at >= %(start)s AND r.at < %(end)s
        AND r.at < date_bin({base}, edge.at, 'epoch')
    UNION ALL
    SELECT series_no, date_bin({base}, s.at, 'epoch'), count(*), sum(value), min(value), max(value),
        (array_agg(value ORDER BY s.at DESC))[1], max(s.at)
    FROM telemetry_sample s, edge
    WHERE series_no = ANY(%(series)s) AND s.at >= %(start)s AND s.at < %(end)s
        AND s.at >= date_bin({base}, edge.at, 'epoch')
    GROUP BY 1, 2
)
SELECT series_no, date_bin(%(width)s, at, 'epoch') AS bucket, sum(samples), sum(total), min(least), max(most),
    (array_agg(last ORDER BY at DESC))[1], max(last_at)
FROM parts GROUP BY series_no, bucket ORDER BY series_no, bucket
"""
FROM_FIVES = FROM_ROLLUPS.format(table="telemetry_rollupfive", base="interval '5 minutes'")
FROM_HOURS = FROM_ROLLUPS.format(table="telemetry_rolluphour", base="interval '1 hour'")


@dataclass(frozen=True, slots=True)
class Series:
    """A series as it is listed; `newest` is its last point of the last two days."""

    no: int
    name: str
    labels: Labels
    unit: str
    is_counter: bool
    created_at: datetime
    newest: Point | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """All samples in [at, at + width): how many, their sum, least, most and last. Widths are the reader's.

    `last_at` is when the last one was; of what was rolled up the end of that time.
    """

    at: datetime
    samples: int
    total: float
    least: float
    most: float
    last: float
    last_at: datetime

    @property
    def mean(self) -> float:
        return self.total / self.samples


def series_of(monitor_no: int, tenant_no: int, now: datetime | None = None) -> list[Series]:
    """Every series of a monitor by name; with their newest values when `now` is given."""
    with connection.cursor() as cursor:
        cursor.execute(LIST, [monitor_no, tenant_no])
        listed = [
            Series(no, name, tuple(sorted(json.loads(labels).items())), *rest)
            for no, name, labels, *rest in cursor.fetchall()
        ]
    if now is None:
        return listed
    newest = newest_of([series.no for series in listed], now)
    return [replace(series, newest=newest.get(series.no)) for series in listed]


def newest_of(numbers: Sequence[int], now: datetime) -> dict[int, Point]:
    """The last point of each series within two days before `now`."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [list(numbers), now - timedelta(days=2)])
        return {no: (at, value) for no, at, value in cursor.fetchall()}


def window(numbers: Sequence[int], start: datetime, end: datetime) -> dict[int, list[Point]]:
    """The points of each series in (start, end], in order; at most 50,000 together."""
    found: defaultdict[int, list[Point]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(WINDOW, [list(numbers), start, end, POINTS_AT_MOST])
        for no, at, value in cursor.fetchall():
            found[no].append((at, value))
    return dict(found)


def keyed_windows(
    wanted: Sequence[tuple[int, str, int]], now: datetime, most: int
) -> dict[int, dict[tuple[str, Labels], list[Point]]] | None:
    """By monitor and (name, labels): the points of the last so many seconds, of (monitor, name, seconds).

    In one statement for all of them; at most 10,000 points of a series, and None when all together are more than
    `most`. A series without points is there, empty.
    """
    columns = [list(column) for column in zip(*wanted, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(KEYED, [*columns, now, now, EACH_AT_MOST, most + 1])
        rows = cursor.fetchall()
    if len(rows) > most:
        return None
    labels_of: dict[str, Labels] = {}
    found: dict[int, dict[tuple[str, Labels], list[Point]]] = {}
    for monitor_no, name, text, at, value in rows:
        labels = labels_of.get(text)
        if labels is None:
            labels = labels_of[text] = tuple(sorted(json.loads(text).items()))
        points = found.setdefault(monitor_no, {}).setdefault((name, labels), [])
        if at is not None:
            points.append((at, value))
    return found


def width_for(start: datetime, end: datetime, most: int = BUCKETS_AT_MOST) -> int:
    """Seconds of a bucket such that at most `most` of them cover the time."""
    length = (end - start).total_seconds()
    wanted = length / most
    width = next((each for each in WIDTHS if each >= wanted), WIDTHS[-1])
    if end - start > FIVES_UP_TO:
        return max(width, HOUR)
    return max(width, FIVE) if end - start > SAMPLES_UP_TO else width


def read(
    numbers: Sequence[int], start: datetime, end: datetime, width: int | None = None
) -> Mapping[int, list[Bucket]]:
    """Buckets of `width` seconds (chosen by the length of time when None) that overlap [start, end).

    From samples where the width asks for it and they are still there, else from roll-ups.
    """
    width = width or width_for(start, end)
    floor = datetime.fromtimestamp(start.timestamp() // width * width, tz=start.tzinfo)
    statement = FROM_SAMPLES
    if width % FIVE == 0 and end - start > SAMPLES_UP_TO:
        statement = FROM_HOURS if width % HOUR == 0 and end - start > FIVES_UP_TO else FROM_FIVES
    values: dict[str, Any] = {
        "series": list(numbers),
        "start": floor,
        "end": end,
        "width": timedelta(seconds=width),
    }
    found: defaultdict[int, list[Bucket]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for no, at, samples, *numbers_of in cursor.fetchall():
            found[no].append(Bucket(at, int(samples), *numbers_of))
    return found


def buckets_in(start: datetime, end: datetime, width: int) -> int:
    """How many buckets of this width cover the time."""
    return ceil((end - start).total_seconds() / width)
