"""The SQL of heartbeats: whose address it is, rows locked for a ping, and what a batch of pings writes."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from monitors.evaluation import State
from monitors.heartbeats.advancing import Beat, Kind, Run
from monitors.telemetry.arrays import array, text_array
from monitors.telemetry.models import REPORTED
from monitors.telemetry.states import state_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# Who a token belongs to, and slugs within an organisation. Suspended organisations have no addresses.
OWNERS = """
SELECT h.key, b.monitor_no, b.tenant_no FROM tenants_handle h
JOIN tenants_organisation o ON o.no = h.organisation_id AND o.state = 'ready'
JOIN telemetry_heartbeat b ON b.monitor_id = h.object_id AND b.tenant_no = h.organisation_id
WHERE h.kind = 'ping' AND h.key = ANY(%s)
"""
BY_SLUG = """
SELECT b.tenant_no, b.slug, b.monitor_no FROM telemetry_heartbeat b
JOIN unnest(%s::int[], %s::text[]) AS w(tenant_no, slug) ON b.tenant_no = w.tenant_no AND b.slug = w.slug
"""
# Both rows of a heartbeat, in order of number: whoever writes several takes them in this order.
LOCK = """
SELECT s.monitor_no, s.tenant_no, b.monitor_id, s.enabled, s.spec_version, s.status, s.failures, s.successes,
    s.first_failed_slot, s.softs, s.first_soft_slot, s.calm_since, s.memory, b.pings, b.anchor, b.expected_at,
    b.last_ping_at, b.last_kind,
    b.last_duration_us, b.runs, clock_timestamp()
FROM telemetry_livestate s JOIN telemetry_heartbeat b ON b.monitor_no = s.monitor_no AND b.tenant_no = s.tenant_no
WHERE s.location = %s AND s.monitor_no = ANY(%s)
ORDER BY s.monitor_no FOR UPDATE OF s, b
"""
WRITE_BEATS = """
UPDATE telemetry_heartbeat b SET pings = r.pings, anchor = r.anchor, expected_at = r.expected_at,
    last_ping_at = r.last_ping_at, last_kind = r.last_kind, last_duration_us = r.last_duration_us,
    runs = r.runs::jsonb
FROM unnest(%s::bigint[], %s::int[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
    %s::smallint[], %s::bigint[], %s::text[])
    AS r(monitor_no, tenant_no, pings, anchor, expected_at, last_ping_at, last_kind, last_duration_us, runs)
WHERE b.monitor_no = r.monitor_no AND b.tenant_no = r.tenant_no
"""
INSERT_PINGS = """
INSERT INTO telemetry_ping (monitor_no, n, at, tenant_no, kind, exit_status, rid, expected_at, duration_us, address,
    method, agent, note, body_size, body)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::int[], %s::smallint[], %s::smallint[],
    %s::uuid[], %s::timestamptz[], %s::bigint[], %s::inet[], %s::text[], %s::text[], %s::text[], %s::int[],
    %s::bytea[])
"""
INSERT_BODIES = """
INSERT INTO telemetry_pingbody (monitor_no, n, at, tenant_no, body)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::int[], %s::bytea[])
"""
# With the ping are the first ten kilobytes; a longer one is in a row of its own, whole.
BODY_WITH_PING = 10_000


@dataclass(frozen=True, slots=True)
class Held:
    """A heartbeat whose rows are locked until the transaction ends."""

    monitor_no: int
    tenant_no: int
    monitor_id: UUID
    enabled: bool
    version: int
    state: State
    pings: int
    beat: Beat
    now: datetime


@dataclass(frozen=True, slots=True)
class PingRow:
    """One ping as it is kept. `body` is what is kept of it, `body_size` what it had."""

    monitor_no: int
    n: int
    at: datetime
    tenant_no: int
    kind: Kind
    exit_status: int | None
    rid: UUID | None
    expected_at: datetime | None
    duration: timedelta | None
    address: str | None
    method: str
    agent: str
    note: str
    body_size: int
    body: bytes


def by_token(digests: Collection[str]) -> dict[str, tuple[int, int]]:
    """(monitor, organisation's number) of each digest that is known."""
    with connection.cursor() as cursor:
        cursor.execute(OWNERS, [list(digests)])
        return {key: (monitor_no, tenant_no) for key, monitor_no, tenant_no in cursor.fetchall()}


def by_slug(wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], list[int]]:
    """Monitors of each (organisation's number, slug): none, one, or several that share it."""
    if not wanted:
        return {}
    tenants, slugs = zip(*wanted, strict=True)
    found: dict[tuple[int, str], list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(BY_SLUG, [list(tenants), list(slugs)])
        for tenant_no, slug, monitor_no in cursor.fetchall():
            found.setdefault((tenant_no, slug), []).append(monitor_no)
    return found


def lock(numbers: Collection[int], *, wait: bool) -> dict[int, Held]:
    """Lock these heartbeats; without `wait`, those that somebody else holds are left out."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK if wait else LOCK + " SKIP LOCKED", [REPORTED, list(numbers)])
        return {row[0]: _held(row) for row in cursor.fetchall()}


def _held(row: tuple[Any, ...]) -> Held:
    (no, tenant, monitor_id, enabled, version, *stored, pings,
     anchor, expected_at, last_ping_at, last_kind, last_duration, runs, now) = row  # fmt: skip
    state = state_of(stored)
    beat = Beat(
        anchor, expected_at, runs_of(runs), last_ping_at, None if last_kind is None else Kind(last_kind),
        None if last_duration is None else timedelta(microseconds=last_duration),
    )  # fmt: skip
    return Held(no, tenant, monitor_id, enabled, version, state, pings, beat, now)


def runs_of(stored: Any) -> tuple[Run, ...]:
    if stored in ("[]", []):
        return ()
    found = json.loads(stored) if isinstance(stored, str) else stored
    return tuple(
        Run(EPOCH + timedelta(microseconds=started), UUID(rid) if rid else None, overdue)
        for started, rid, overdue in found
    )


def runs_as_json(runs: Sequence[Run]) -> str:
    if not runs:
        return "[]"
    return json.dumps(
        [[(run.started - EPOCH) // MICROSECOND, run.rid and str(run.rid), run.overdue] for run in runs]
    )


def write_beats(rows: Sequence[tuple[Held, int, Beat]]) -> None:
    """Write what is known of each heartbeat now: (locked, how many pings it has had, beat)."""
    columns = zip(*(_beat_row(*row) for row in rows), strict=True)
    *plain, runs = columns
    with connection.cursor() as cursor:
        cursor.execute(WRITE_BEATS, [*(array(column) for column in plain), text_array(runs)])


def _beat_row(held: Held, pings: int, beat: Beat) -> tuple[Any, ...]:
    kind = None if beat.last_kind is None else int(beat.last_kind)
    return (
        held.monitor_no, held.tenant_no, pings, beat.anchor, beat.expected_at, beat.last_ping_at, kind,
        _microseconds(beat.last_duration), runs_as_json(beat.runs),
    )  # fmt: skip


def insert_pings(rows: Sequence[PingRow]) -> None:
    columns = list(zip(*(_ping_row(row) for row in rows), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_PINGS,
            [
                *(array(column) for column in columns[:10]),
                *(text_array(column) for column in columns[10:13]),
                array(columns[13]),
                text_array(columns[14]),
            ],
        )
        if long := [row for row in rows if len(row.body) > BODY_WITH_PING]:
            bodies = zip(*((row.monitor_no, row.n, row.at, row.tenant_no) for row in long), strict=True)
            cursor.execute(INSERT_BODIES, [*(array(column) for column in bodies), [row.body for row in long]])


def _ping_row(row: PingRow) -> tuple[Any, ...]:
    return (
        row.monitor_no, row.n, row.at, row.tenant_no, int(row.kind), row.exit_status, row.rid, row.expected_at,
        _microseconds(row.duration), row.address, row.method, row.agent, row.note, row.body_size,
        "\\x" + row.body[:BODY_WITH_PING].hex() if row.body else None,
    )  # fmt: skip


def _microseconds(span: timedelta | None) -> int | None:
    return None if span is None else span // MICROSECOND


NEW = """
INSERT INTO telemetry_heartbeat (monitor_no, tenant_no, monitor_id, slug, sealed_token) VALUES (%s, %s, %s, %s, %s)
"""
RENAME = "UPDATE telemetry_heartbeat SET slug = %s WHERE monitor_no = %s AND tenant_no = %s"
RESEAL = "UPDATE telemetry_heartbeat SET sealed_token = %s WHERE monitor_no = %s AND tenant_no = %s"
SEALED = "SELECT sealed_token, slug FROM telemetry_heartbeat WHERE monitor_no = %s AND tenant_no = %s"
SEALED_OF = (
    "SELECT monitor_no, sealed_token FROM telemetry_heartbeat WHERE tenant_no = %s AND monitor_no = ANY(%s)"
)
DUE = "UPDATE telemetry_livestate SET next_due_at = %s WHERE monitor_no = %s AND tenant_no = %s AND location = %s"
FORGET = """
WITH pings AS (DELETE FROM telemetry_ping WHERE monitor_no = %(no)s AND tenant_no = %(tenant)s),
    bodies AS (DELETE FROM telemetry_pingbody WHERE monitor_no = %(no)s AND tenant_no = %(tenant)s)
DELETE FROM telemetry_heartbeat WHERE monitor_no = %(no)s AND tenant_no = %(tenant)s
"""


def insert(monitor_no: int, tenant_no: int, monitor_id: UUID, slug: str, sealed_token: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NEW, [monitor_no, tenant_no, monitor_id, slug, sealed_token])


def rename(monitor_no: int, tenant_no: int, slug: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(RENAME, [slug, monitor_no, tenant_no])


def reseal(monitor_no: int, tenant_no: int, sealed_token: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(RESEAL, [sealed_token, monitor_no, tenant_no])


def address_of(monitor_no: int, tenant_no: int) -> tuple[str, str] | None:
    """The sealed token and the slug; None where there is no such heartbeat."""
    with connection.cursor() as cursor:
        cursor.execute(SEALED, [monitor_no, tenant_no])
        found: tuple[str, str] | None = cursor.fetchone()
    return found


def sealed_tokens(numbers: Collection[int], tenant_no: int) -> dict[int, str]:
    if not numbers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(SEALED_OF, [tenant_no, list(numbers)])
        return dict(cursor.fetchall())


def set_due(monitor_no: int, tenant_no: int, due_at: datetime | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(DUE, [due_at, monitor_no, tenant_no, REPORTED])


def forget(monitor_no: int, tenant_no: int) -> None:
    """Remove a deleted heartbeat with its pings and what they brought along."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"no": monitor_no, "tenant": tenant_no})
