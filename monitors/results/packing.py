"""Pack the results of closed hours: fresh rows go and packed ones come in one transaction, a few monitors at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import connection, transaction

from monitors.results import rollups
from monitors.results.columns import KIND, TIMES, Columns
from monitors.results.encoding import pack, unpack
from monitors.results.hours import Hour
from monitors.results.reading import microseconds, packed_of
from monitors.telemetry.arrays import array, text_array
from monitors.telemetry.claiming import moment
from pulse import failpoints
from pulse.scoping import as_pipeline

# Of one hour at a time: at one check in five seconds these are 144,000 results in memory.
MONITORS_AT_ONCE = 200
LOCK = 0x7061636B  # "pack": one process at a time for each stretch of monitors

# A check that is due just before the hour ends may take two minutes, and is recorded a moment later.
HOUR_LONG = timedelta(hours=1)
HOUR = """
SELECT closed.hour, EXISTS (SELECT FROM telemetry_packedhour WHERE before = closed.hour)
FROM (SELECT date_trunc('hour', now() - interval '3 minutes', 'UTC') AS hour) closed
"""
NUMBERS = "SELECT min(monitor_no), max(monitor_no) FROM telemetry_checkresult"
DONE = """
INSERT INTO telemetry_packedhour (before, results) VALUES (%s, %s)
ON CONFLICT (before) DO UPDATE SET results = telemetry_packedhour.results + excluded.results;
DELETE FROM telemetry_packedhour WHERE before < now() - interval '400 days'
"""
OLDEST = """
SELECT date_trunc('hour', min(slot), 'UTC') FROM telemetry_checkresult
WHERE monitor_no >= %s AND monitor_no < %s AND slot < %s
"""
# One statement reads and removes: what is recorded a moment later for an hour that is packed by then stays fresh,
# is read as such, and is packed into its row with the next hour. Words that are '' are none.
TAKE = """
WITH gone AS (
    DELETE FROM telemetry_checkresult
    WHERE monitor_no >= %s AND monitor_no < %s AND slot >= %s AND slot < %s RETURNING *
)
SELECT tenant_no, monitor_no, location,
    array_agg(round(date_part('epoch', slot - %s::timestamptz) * 1000000)::bigint), array_agg(total_us),
    array_agg(lateness_us), array_agg(dns_us), array_agg(connect_us), array_agg(tls_us), array_agg(wait_us),
    array_agg(transfer_us), array_agg(ok), array_agg(soft), array_agg(error), array_agg(status_code),
    array_agg(host(address)), array_agg(nullif(detail, ''))
FROM (SELECT * FROM gone ORDER BY tenant_no, monitor_no, location, slot) g GROUP BY 1, 2, 3
"""
THERE = """
SELECT tenant_no, monitor_no, location, (extract(epoch FROM hour) * 1000000)::bigint, results, modes, wide, small,
    kinds, picks
FROM telemetry_packed JOIN unnest(%s::int[], %s::bigint[], %s::smallint[]) AS k(tenant_no, monitor_no, location)
    USING (tenant_no, monitor_no, location)
WHERE hour = %s
"""
WRITE = """
INSERT INTO telemetry_packed (tenant_no, monitor_no, location, hour, results, modes, wide, small, kinds, picks)
SELECT tenant_no, monitor_no, location, hour, results, modes, wide::int[], small::smallint[], kinds, picks::smallint[]
FROM unnest(%s::int[], %s::bigint[], %s::smallint[], %s::timestamptz[], %s::smallint[], %s::int[], %s::text[],
    %s::text[], %s::jsonb[], %s::text[])
AS r(tenant_no, monitor_no, location, hour, results, modes, wide, small, kinds, picks)
ON CONFLICT (tenant_no, monitor_no, hour, location, tier) DO UPDATE SET results = excluded.results,
    modes = excluded.modes, wide = excluded.wide, small = excluded.small, kinds = excluded.kinds,
    picks = excluded.picks
"""


def pack_closed(for_seconds: float = 10.0, before: datetime | None = None) -> int:
    """Pack closed hours, or all that end by `before` (a whole hour), for about so long; return how many results.

    Any number of processes may do it at once: each takes other monitors. What one that dies had not committed is
    still fresh, and is packed by the next.
    """
    until, packed, finished = monotonic() + for_seconds, 0, True
    with as_pipeline():
        if before is None:
            before, is_done = _closed()
            if is_done:
                return 0
        for first in _stretches():
            has_more = True
            while has_more:
                if monotonic() > until:
                    return packed
                found = _pack(first, first + MONITORS_AT_ONCE, before)
                finished = finished and found is not None
                results, has_more = found or (0, False)
                packed += results
        if finished:
            with connection.cursor() as cursor:
                cursor.execute(DONE, [before, packed])
    return packed


def _closed() -> tuple[datetime, bool]:
    """The end of the last hour that is closed, and whether all before it is packed already."""
    with connection.cursor() as cursor:
        cursor.execute(HOUR)
        before, is_done = cursor.fetchone()
    return before, is_done


def _stretches() -> range:
    """Monitor numbers where each stretch begins."""
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS)
        least, most = cursor.fetchone()
    if least is None:
        return range(0)
    return range(least - least % MONITORS_AT_ONCE, most + 1, MONITORS_AT_ONCE)


def _pack(first: int, last: int, before: datetime) -> tuple[int, bool] | None:
    """Pack an hour of the monitors with these numbers: the oldest that they have, or the one that ends `before`.

    How many results it had and whether a later one follows; None while another process packs these monitors.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, first // MONITORS_AT_ONCE])
        if not cursor.fetchone()[0]:
            return None
        newest = before - HOUR_LONG
        cursor.execute(OLDEST, [first, last, newest])
        start = cursor.fetchone()[0] or newest
        cursor.execute(TAKE, [first, last, start, start + HOUR_LONG, start])
        hours = [_hour(row, microseconds(start)) for row in cursor.fetchall()]
        if not hours:
            return 0, start < newest
        failpoints.reach("pack.taken")
        fresh = sum(len(hour.columns) for hour in hours)
        _join_packed(cursor, hours)
        _write(cursor, hours)
        rollups.roll_hours(cursor, hours)
        return fresh, start < newest


def _hour(row: Sequence[Any], hour_us: int) -> Hour:
    tenant, monitor, location, offsets, *columns = row
    slots = [hour_us + offset for offset in offsets]
    return Hour(
        tenant, monitor, location, hour_us, Columns(slots, **dict(zip((*TIMES, *KIND), columns, strict=True)))
    )


def _join_packed(cursor: Any, hours: Sequence[Hour]) -> None:
    """Put results that were packed before to those that came late; all are of one hour."""
    tenants, monitors, _, locations = _keys(hours)
    cursor.execute(THERE, [tenants, monitors, locations, moment(hours[0].hour_us)])
    by_key = {(hour.tenant_no, hour.monitor_no, hour.location, hour.hour_us): hour for hour in hours}
    for tenant, monitor, location, hour_us, *row in cursor.fetchall():
        late = by_key[tenant, monitor, location, hour_us].columns
        together = unpack(packed_of(row), hour_us)
        together.append(late)
        ordered = together.in_order()
        for name in ("slot", *TIMES, *KIND):
            setattr(late, name, getattr(ordered, name))


def _keys(hours: Sequence[Hour]) -> list[str]:
    return [
        array([hour.tenant_no for hour in hours]),
        array([hour.monitor_no for hour in hours]),
        array([moment(hour.hour_us) for hour in hours]),
        array([hour.location for hour in hours]),
    ]


def _write(cursor: Any, hours: Sequence[Hour]) -> None:
    packed = [pack(hour.columns, hour.hour_us) for hour in hours]
    tenants, monitors, starts, locations = _keys(hours)
    cursor.execute(
        WRITE,
        [
            tenants,
            monitors,
            locations,
            starts,
            array([row.results for row in packed]),
            array([row.modes for row in packed]),
            text_array([array(row.wide) for row in packed]),
            text_array([array(row.small) for row in packed]),
            text_array([json.dumps(row.kinds) for row in packed]),
            text_array([None if row.picks is None else array(row.picks) for row in packed]),
        ],
    )
