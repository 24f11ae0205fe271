"""Which series there are: each has a number, and an organisation may have only so many."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from monitors.series.model import Labels, Points

# How long a process trusts what it read, and how many series it remembers. In that time `seen_at` stands still.
TRUSTED_S = 3600.0
REMEMBERED_AT_MOST = 200_000
LOCK = 0x736572  # "ser": with the organisation's number, whoever adds a series counts alone

# Nobody waits for a row of a series: batches name theirs in any order, and would wait for each other in circles.
# Who holds one has just seen it.
FIND = """
WITH found AS (
    SELECT s.identity, s.no, s.unit, s.is_counter FROM telemetry_series s
    WHERE s.monitor_no = %(monitor)s AND s.identity = ANY(%(identities)s::uuid[]) AND s.tenant_no = %(tenant)s
), free AS (
    SELECT s.no FROM telemetry_series s WHERE s.no IN (SELECT no FROM found) FOR UPDATE SKIP LOCKED
), touched AS (
    UPDATE telemetry_series s SET seen_at = now() FROM free WHERE s.no = free.no
)
SELECT * FROM found
"""
# A series that nobody sent for a week does not count towards the limits any more.
COUNT = """
SELECT count(*), count(*) FILTER (WHERE monitor_no = %s) FROM telemetry_series
WHERE tenant_no = %s AND seen_at > now() - interval '7 days'
"""
ADD = """
INSERT INTO telemetry_series (tenant_no, monitor_no, identity, name, labels, unit, is_counter)
SELECT %s, %s, * FROM unnest(%s::uuid[], %s::text[], %s::jsonb[], %s::text[], %s::bool[])
RETURNING identity, no, unit, is_counter
"""
ADOPT_UNIT = """
UPDATE telemetry_series SET unit = %s WHERE no IN (
    SELECT no FROM telemetry_series WHERE no = %s AND unit = '' AND tenant_no = %s FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A series that exists: its number in shared tables, its unit, whether it is a counter."""

    no: int
    unit: str
    is_counter: bool


Key = tuple[int, str, Labels]
_known: dict[Key, tuple[float, Known]] = {}
_lock = threading.Lock()


def identity_of(name: str, labels: Labels) -> UUID:
    """The same for the same name and labels, whichever process asks."""
    text = json.dumps([name, labels], ensure_ascii=True, separators=(",", ":"))
    return UUID(bytes=hashlib.blake2b(text.encode(), digest_size=16).digest())


def numbers_of(
    tenant_no: int, monitor_no: int, wanted: Sequence[Points]
) -> tuple[dict[Key, Known], dict[Key, str]]:
    """The series of these points, new ones added, and why some could not be: both by (monitor, name, labels).

    Whoever calls holds a transaction. What it added is remembered once that is committed.
    """
    found, missing = _remembered(monitor_no, wanted)
    if not missing:
        return found, {}
    read = _read(tenant_no, monitor_no, missing)
    left = {key: points for key, points in missing.items() if key not in read}
    added, refused = _add(tenant_no, monitor_no, left) if left else ({}, {})
    fresh = read | added
    transaction.on_commit(lambda: _remember(fresh))
    return found | fresh, refused


def adopt_unit(tenant_no: int, key: Key, known: Known, unit: str) -> Known:
    """A series that had no unit gets one; if somebody else holds it just now, with the next batch."""
    with connection.cursor() as cursor:
        cursor.execute(ADOPT_UNIT, [unit, known.no, tenant_no])
        is_written = cursor.rowcount > 0
    changed = Known(known.no, unit, known.is_counter)
    if is_written:
        transaction.on_commit(lambda: _remember({key: changed}))
    return changed


def forget_all() -> None:
    """Trust nothing that was read before."""
    with _lock:
        _known.clear()


def _remembered(monitor_no: int, wanted: Sequence[Points]) -> tuple[dict[Key, Known], dict[Key, Points]]:
    found: dict[Key, Known] = {}
    missing: dict[Key, Points] = {}
    trusted = monotonic() - TRUSTED_S
    for points in wanted:
        key = (monitor_no, points.name, points.labels)
        read_at, known = _known.get(key, (0.0, None))
        if known is not None and read_at > trusted:
            found[key] = known
        else:
            missing.setdefault(key, points)
    return found, missing


def _remember(fresh: Mapping[Key, Known]) -> None:
    now = monotonic()
    with _lock:
        if len(_known) + len(fresh) > REMEMBERED_AT_MOST:
            _known.clear()
        _known.update({key: (now, known) for key, known in fresh.items()})


def _read(tenant_no: int, monitor_no: int, missing: Mapping[Key, Points]) -> dict[Key, Known]:
    by_identity = {identity_of(name, labels): (number, name, labels) for number, name, labels in missing}
    values: dict[str, Any] = {"monitor": monitor_no, "identities": list(by_identity), "tenant": tenant_no}
    with connection.cursor() as cursor:
        cursor.execute(FIND, values)
        return {by_identity[row[0]]: Known(*row[1:]) for row in cursor.fetchall()}


def _add(
    tenant_no: int, monitor_no: int, left: Mapping[Key, Points]
) -> tuple[dict[Key, Known], dict[Key, str]]:
    room, why = _room(tenant_no, monitor_no)
    # Whoever adds series of this organisation does so alone: what another added meanwhile is there now.
    meanwhile = _read(tenant_no, monitor_no, left)
    keys = [key for key in left if key not in meanwhile]
    new, over = keys[:room], keys[room:]
    refused = dict.fromkeys(over, why)
    if not new:
        return meanwhile, refused
    identities = {identity_of(key[1], key[2]): key for key in new}
    rows = [(identity, left[key]) for identity, key in sorted(identities.items())]
    values: list[list[Any]] = [
        [identity for identity, _ in rows],
        [points.name for _, points in rows],
        [json.dumps(dict(points.labels)) for _, points in rows],
        [points.unit for _, points in rows],
        [points.kind == "counter" for _, points in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(ADD, [tenant_no, monitor_no, *values])
        return meanwhile | {identities[row[0]]: Known(*row[1:]) for row in cursor.fetchall()}, refused


def _room(tenant_no: int, monitor_no: int) -> tuple[int, str]:
    """How many more series there may be, and in words why no more."""
    most, most_each = settings.PULSE_SERIES_PER_ORGANISATION, settings.PULSE_SERIES_PER_MONITOR
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, tenant_no])
        cursor.execute(COUNT, [monitor_no, tenant_no])
        total, own = cursor.fetchone()
    if most_each - own < most - total:
        words = f"A monitor has at most {most_each:,} series, and this one has {own:,}"
        room = most_each - own
    else:
        words = f"The organisation has at most {most:,} series, and {total:,} are there"
        room = most - total
    return max(0, room), f"{words}: send fewer names or labels, or let a series rest for 7 days."
