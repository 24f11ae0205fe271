"""Read what happened to monitors in a stretch of time, for a whole page of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from monitors.probes.outcome import FIRST_UNKNOWN
from monitors.reading import Standing
from monitors.telemetry.models import Status
from monitors.uptime import Change, Span, Stretch, in_all, spans
from pulse import scoping
from pulse.charts.downsampling import Bucket, bucket_width
from pulse.charts.uptime_bar import SlotState
from pulse.charts.uptime_bar import Span as BarSpan

SLOT_STATES = {
    Status.UP: SlotState.UP,
    Status.DEGRADED: SlotState.DEGRADED,
    Status.FLAPPING: SlotState.DEGRADED,
    Status.DOWN: SlotState.DOWN,
}
# The last change before the stretch says what it began with: one index look-up for each monitor.
CHANGES = """
SELECT no, monitor_no, at, status FROM telemetry_statechange
WHERE tenant_no = %(tenant)s AND monitor_no = ANY(%(numbers)s) AND at >= %(start)s AND at < %(end)s
UNION ALL
SELECT before.* FROM unnest(%(numbers)s::bigint[]) AS asked(no) CROSS JOIN LATERAL (
    SELECT no, monitor_no, at, status FROM telemetry_statechange
    WHERE tenant_no = %(tenant)s AND monitor_no = asked.no AND at < %(start)s
    ORDER BY at DESC, no DESC LIMIT 1) before
ORDER BY monitor_no, at, no
"""
# A gap that began more than a day before the stretch is not seen; in return few partitions are looked at.
GAPS = """
SELECT monitor_no, location, slot, until FROM telemetry_gap
WHERE tenant_no = %(tenant)s AND monitor_no = ANY(%(numbers)s) AND slot < %(end)s AND until > %(start)s
    AND slot >= %(start)s - interval '1 day'
"""
COURSE = """
SELECT monitor_no, width_bucket(extract(epoch FROM slot), %(from)s, %(to)s, %(count)s) - 1 AS place,
    avg(total_us) / 1000.0 AS mean
FROM telemetry_checkresult
WHERE tenant_no = %(tenant)s AND monitor_no = ANY(%(numbers)s) AND slot >= %(start)s AND slot < %(end)s
    AND ok GROUP BY 1, 2
"""
P95 = """
SELECT monitor_no, percentile_disc(0.95) WITHIN GROUP (ORDER BY total_us) / 1000.0
FROM telemetry_checkresult
WHERE tenant_no = %(tenant)s AND monitor_no = ANY(%(numbers)s) AND slot >= %(start)s AND slot < %(end)s
    AND ok GROUP BY 1
"""
PHASES = """
SELECT floor(extract(epoch FROM slot - %(start)s) / %(width)s)::int AS place,
    count(*) FILTER (WHERE ok), count(*) FILTER (WHERE NOT ok AND error < %(unknown)s),
    avg(coalesce(dns_us, 0)) FILTER (WHERE ok), avg(coalesce(connect_us, 0)) FILTER (WHERE ok),
    avg(coalesce(tls_us, 0)) FILTER (WHERE ok), avg(coalesce(wait_us, 0)) FILTER (WHERE ok),
    avg(coalesce(transfer_us, 0)) FILTER (WHERE ok), max(total_us) FILTER (WHERE ok)
FROM telemetry_checkresult
WHERE tenant_no = %(tenant)s AND monitor_no = %(number)s AND slot >= %(start)s AND slot < %(end)s
GROUP BY 1
"""
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Course:
    """Milliseconds: the mean of each part of the stretch, oldest first, and the 95th percentile of the whole."""

    means: tuple[float | None, ...]
    p95: float | None


def states(standings: dict[int, Standing], start: datetime, end: datetime) -> dict[int, list[Span]]:
    """By monitor number, what each was in [start, end), in two queries for all of them."""
    values = _values(list(standings), start, end)
    changes: defaultdict[int, list[Change]] = defaultdict(list)
    for _, number, at, status in _rows(CHANGES, values):
        changes[number].append(Change(at, Status(status)))
    missed: defaultdict[int, defaultdict[int, list[Stretch]]] = defaultdict(lambda: defaultdict(list))
    for number, location, since, until in _rows(GAPS, values):
        missed[number][location].append(Stretch(since, until))
    unmeasured: dict[int, list[Stretch]] = {}
    for number, standing in standings.items():
        # Where several locations watch, only what all of them missed was not measured.
        places = [place.location for place in standing.places] or list(missed[number])
        unmeasured[number] = in_all([missed[number][place] for place in places])
        # Nobody came yet to write the gap down: the checks that are overdue now were not done.
        if (since := standing.overdue_since(end)) is not None:
            unmeasured[number].append(Stretch(since, end))
    return {number: spans(changes[number], unmeasured[number], start, end) for number in standings}


def courses(numbers: Sequence[int], start: datetime, end: datetime, count: int) -> dict[int, Course]:
    """By monitor number, the latency of the good answers in [start, end), cut into `count` parts."""
    values = _values(numbers, start, end) | {"from": start.timestamp(), "to": end.timestamp(), "count": count}
    means: dict[int, list[float | None]] = {number: [None] * count for number in numbers}
    for number, place, mean in _rows(COURSE, values):
        means[number][min(place, count - 1)] = float(mean)
    percentiles = p95(numbers, start, end)
    return {number: Course(tuple(means[number]), percentiles.get(number)) for number in numbers}


def p95(numbers: Sequence[int], start: datetime, end: datetime) -> dict[int, float]:
    """By monitor number, milliseconds that 95 of 100 good answers stayed under."""
    return {number: float(value) for number, value in _rows(P95, _values(numbers, start, end))}


def buckets(number: int, interval: timedelta, start: datetime, end: datetime) -> tuple[Bucket, ...]:
    """One monitor's phases for the latency chart: means and counts by equal parts, made by the database."""
    width = bucket_width(end - start, interval)
    own = {"number": number, "width": width.total_seconds(), "unknown": int(FIRST_UNKNOWN)}
    values = _values([number], start, end) | own
    found = {row[0]: row[1:] for row in _rows(PHASES, values)}
    count = -(-(end - start) // width)
    return tuple(
        _bucket(start + width * place, min(start + width * (place + 1), end), found.get(place))
        for place in range(count)
    )


def bar_spans(covered: Sequence[Span]) -> list[BarSpan]:
    """As the uptime bar takes them; unknown time is time without a span."""
    return [
        BarSpan(span.start, span.end, SLOT_STATES[span.status])
        for span in covered
        if span.status in SLOT_STATES
    ]


def _bucket(start: datetime, end: datetime, row: tuple[Any, ...] | None) -> Bucket:
    if row is None:
        return Bucket(start, end, 0, 0, None, None)
    answered, failed, *phases, slowest = (None if value is None else float(value) for value in row)
    means = tuple((value or 0.0) / 1000 for value in phases) if answered else None
    return Bucket(
        start, end, int(answered or 0), int(failed or 0), means, None if slowest is None else slowest / 1000
    )


def _values(numbers: Sequence[int], start: datetime, end: datetime) -> Values:
    return {"tenant": scoping.current().no, "numbers": list(numbers), "start": start, "end": end}


def _rows(sql: str, values: Values) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
