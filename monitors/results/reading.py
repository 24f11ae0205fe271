"""The one function that reads results, packed and fresh alike, and its two sisters for pages: newest, and single."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import connection

from monitors.results.columns import NAMES, TIMES, Columns
from monitors.results.encoding import Packed, unpack
from pulse import scoping

Key = tuple[int, int]  # monitor's number, location
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = 1_000_000
# A result is in one of the two tables at any moment: one statement, so one moment for both.
PACKED = """
SELECT monitor_no, location, (extract(epoch FROM hour) * 1000000)::bigint AS hour_us, results, modes, wide,
    small, kinds, picks{nulls}
FROM telemetry_packed
WHERE tenant_no = %(tenant)s AND monitor_no = ANY(%(numbers)s)
    AND hour >= %(hour)s AND hour < %(end)s
"""
FRESH = """
SELECT monitor_no, location, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    array_agg((extract(epoch FROM slot) * 1000000)::bigint){columns}
FROM (
    SELECT * FROM telemetry_checkresult
    WHERE tenant_no = %(tenant)s AND monitor_no = ANY(%(numbers)s) AND slot >= %(start)s AND slot < %(end)s
    ORDER BY monitor_no, location, slot
) fresh
GROUP BY monitor_no, location
"""
TYPES = {
    **dict.fromkeys(TIMES, "int"), "ok": "bool", "soft": "bool", "error": "smallint", "status_code": "smallint",
    "address": "text", "detail": "text",
}  # fmt: skip
# '' is none: a row in which nothing is null has no bitmap of nulls, and is 8 bytes smaller.
SMALL_WAY = {"address": "host(address)", "detail": "nullif(detail, '')"}


def read(
    numbers: Collection[int], start: datetime, end: datetime, columns: Collection[str] = NAMES
) -> dict[Key, Columns]:
    """By (monitor, location) the results of the current organisation in [start, end), in the order of slots.

    `columns` are names of `monitors.results.columns.NAMES`; others stay empty. Monitors without results are left out.
    """
    wanted = tuple(name for name in NAMES if name in set(columns))
    values = {
        "tenant": scoping.current().no,
        "numbers": list(numbers),
        "start": start,
        "end": end,
        "hour": _hour(start),
    }
    with connection.cursor() as cursor:
        cursor.execute(_statement(wanted), values)
        rows = cursor.fetchall()
    parts: dict[Key, list[Columns]] = {}
    for number, location, hour_us, *row in rows:
        if hour_us is not None:
            found = unpack(packed_of(row), hour_us, wanted)
        else:
            found = Columns(row[6], **dict(zip(wanted, row[7:], strict=True)))
        parts.setdefault((number, location), []).append(found)
    first, last = microseconds(start), microseconds(end)
    together = {key: _together(some, first, last) for key, some in parts.items()}
    return {key: found for key, found in together.items() if found.slot}


def packed_of(row: Sequence[Any]) -> Packed:
    """From `results, modes, wide, small, kinds, picks` as the database gives them."""
    results, modes, wide, small, kinds, picks = row[:6]
    return Packed(results, modes, wide, small, json.loads(kinds) if isinstance(kinds, str) else kinds, picks)


def microseconds(moment: datetime) -> int:
    """Since the epoch, exactly."""
    passed = moment - EPOCH
    return (passed.days * 86_400 + passed.seconds) * MICROSECOND + passed.microseconds


def _hour(moment: datetime) -> datetime:
    """In Python, so that the planner knows it and looks at the partitions of these days alone."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _together(parts: list[Columns], first: int, last: int) -> Columns:
    parts.sort(key=lambda part: part.slot[0])
    found = parts[0]
    for part in parts[1:]:
        found.append(part)
    found = found.in_order()
    if found.slot[0] < first or found.slot[-1] >= last:
        return found.at(place for place, slot in enumerate(found.slot) if first <= slot < last)
    return found


@cache
def _statement(wanted: tuple[str, ...]) -> str:
    nulls = ", NULL::bigint[]" + "".join(f", NULL::{TYPES[name]}[]" for name in wanted)
    columns = "".join(f", array_agg({SMALL_WAY.get(name, name)})" for name in wanted)
    return PACKED.format(nulls=nulls) + " UNION ALL " + FRESH.format(columns=columns)
