"""List single results of one monitor, the newest first, across the border of packed and fresh."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from monitors.results.columns import NAMES, Columns
from monitors.results.reading import EPOCH, read
from pulse import scoping

# Where a page ends, for the page after it: the slot and the location of its last result.
Cursor = tuple[datetime, int]
END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)
FRESH = """
SELECT slot, location FROM telemetry_checkresult
WHERE tenant_no = %(tenant)s AND monitor_no = %(number)s AND slot <= %(slot)s
    AND (slot, location) < (%(slot)s, %(location)s)
ORDER BY slot DESC, location DESC LIMIT %(most)s
"""
# How many results each hour has, without looking into them.
HOURS = """
SELECT hour, results FROM telemetry_packed
WHERE tenant_no = %(tenant)s AND monitor_no = %(number)s AND hour <= %(slot)s
ORDER BY hour DESC LIMIT %(hours)s
"""
HOUR = timedelta(hours=1)
LOCATIONS_AT_MOST = 40  # of one hour, with some to spare


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found. Times are microseconds; None is a phase that did not happen."""

    monitor_no: int
    location: int
    slot: datetime
    total_us: int | None
    lateness_us: int
    dns_us: int | None
    connect_us: int | None
    tls_us: int | None
    wait_us: int | None
    transfer_us: int | None
    ok: bool
    soft: bool
    error: int
    status_code: int | None
    address: str | None
    detail: str | None


def newest(number: int, most: int, before: Cursor | None = None) -> list[Result]:
    """At most so many results of a monitor, by slot and then location, both descending; after the cursor."""
    slot, location = before or (END_OF_TIME, 0)
    values: dict[str, Any] = {
        "tenant": scoping.current().no, "number": number, "slot": slot, "location": location, "most": most,
        "hours": most + LOCATIONS_AT_MOST,
    }  # fmt: skip
    with connection.cursor() as cursor:
        # In this order: what is packed between the two is seen twice then, and never missed.
        cursor.execute(FRESH, values)
        places = cursor.fetchall()
        cursor.execute(HOURS, values)
        hours = cursor.fetchall()
    reach = _reach([slot for slot, _ in places], hours, slot, most)
    if reach is None:
        return []
    found = within(number, reach, slot + timedelta(microseconds=1))
    return [one for one in found if (one.slot, one.location) < (slot, location)][:most]


def within(number: int, start: datetime, end: datetime) -> list[Result]:
    """The results of a monitor in [start, end), the newest first."""
    found = _single(read([number], start, end))
    return sorted(found, key=lambda one: (one.slot, one.location), reverse=True)


def _reach(
    fresh: list[datetime], hours: list[tuple[datetime, int]], before: datetime, most: int
) -> datetime | None:
    """From when on results must be read so that the newest `most` are among them; None where there are none.

    Of the hour that `before` falls in any part may come after it: it counts for nothing.
    """
    enough, counted = [], 0
    if len(fresh) == most:
        enough.append(fresh[-1])
    for hour, results in hours:
        counted += results if hour <= before - HOUR else 0
        if counted >= most:
            enough.append(hour)
            break
    return max(enough) if enough else min([*fresh[-1:], *(hour for hour, _ in hours[-1:])], default=None)


def _single(found: dict[tuple[int, int], Columns]) -> Iterable[Result]:
    for (number, location), columns in found.items():
        rows = zip(columns.slot, *(getattr(columns, name) for name in NAMES), strict=True)
        for slot_us, *values in rows:
            yield Result(number, location, EPOCH + timedelta(microseconds=slot_us), *values)
