"""Write a monitor's schedule, state and compiled spec, in the transaction that saves the monitor."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from monitors.kinds import REPORTING
from monitors.models import Monitor
from monitors.policy import POLICY_FIELDS
from monitors.secrets import KEPT
from monitors.telemetry import issuers
from monitors.telemetry.holding import take_back
from monitors.telemetry.models import REPORTED, TOGETHER
from tenants.models import Organisation

# A changed interval takes effect at once: the next due time is put on the new grid, never later
# than it was. Fencing goes up when the slot in flight must not count any more: by pause and resume, and when
# several locations become one or one several, since that result would be judged by the wrong rule; its lease
# has run out then, and the slot becomes a gap. A pause ends an outage, and nothing else that was counted: what
# was down before and still is goes on with its first failure after it. Who reports in, and a group, begins anew.
SCHEDULE = """
INSERT INTO telemetry_livestate AS s (monitor_no, tenant_no, location, interval_seconds, timeout_seconds,
    retry_seconds, phase_ms, spec_version, is_head, enabled, status_since, next_due_at)
SELECT %(monitor_no)s, %(tenant_no)s, location, %(interval)s, %(timeout)s, %(retry)s, %(phase_ms)s, %(version)s,
    location = %(head)s, %(enabled)s, now(),
    CASE WHEN %(enabled)s AND location > 0 THEN date_trunc('milliseconds', now()) END
FROM unnest(%(locations)s::smallint[]) AS location ORDER BY location
ON CONFLICT (monitor_no, location) DO UPDATE SET
    interval_seconds = excluded.interval_seconds,
    timeout_seconds = excluded.timeout_seconds,
    retry_seconds = excluded.retry_seconds,
    is_head = excluded.is_head,
    enabled = excluded.enabled,
    phase_ms = excluded.phase_ms,
    spec_version = excluded.spec_version,
    fencing_token = s.fencing_token
        + CASE WHEN s.enabled <> %(enabled)s OR s.is_head <> excluded.is_head THEN 1 ELSE 0 END,
    status = CASE WHEN %(enabled)s OR s.status = 0 THEN s.status WHEN %(anew)s THEN 0 ELSE 5 END,
    status_since = CASE WHEN %(enabled)s OR NOT s.enabled THEN s.status_since ELSE now() END,
    failures = CASE WHEN %(enabled)s THEN s.failures WHEN %(anew)s OR s.status IN (3, 4) THEN 0 ELSE s.failures END,
    successes = CASE WHEN %(enabled)s THEN s.successes ELSE 0 END,
    first_failed_slot = CASE WHEN %(enabled)s THEN s.first_failed_slot WHEN %(anew)s THEN NULL
        WHEN s.status IN (3, 4) THEN coalesce(s.first_failed_slot, now()) ELSE s.first_failed_slot END,
    softs = CASE WHEN %(enabled)s OR NOT %(anew)s THEN s.softs ELSE 0 END,
    first_soft_slot = CASE WHEN %(enabled)s OR NOT %(anew)s THEN s.first_soft_slot END,
    calm_since = CASE WHEN %(enabled)s THEN s.calm_since END,
    memory = CASE WHEN %(enabled)s OR NOT %(anew)s THEN s.memory ELSE 0 END,
    lease_until = CASE WHEN s.enabled <> %(enabled)s THEN NULL
        WHEN s.is_head <> excluded.is_head THEN least(s.lease_until, now() - interval '1 ms')
        ELSE s.lease_until END,
    next_due_at = CASE
        WHEN NOT %(enabled)s OR s.location = 0 THEN NULL
        WHEN s.location < 0 THEN s.next_due_at
        WHEN s.is_head <> excluded.is_head AND s.lease_until IS NOT NULL
            THEN greatest(date_trunc('milliseconds', now()), s.slot + interval '1 ms')
        WHEN s.next_due_at IS NULL THEN date_trunc('milliseconds', now())
        WHEN s.interval_seconds = excluded.interval_seconds THEN s.next_due_at
        ELSE least(s.next_due_at, date_bin(make_interval(secs => excluded.interval_seconds), now(),
            to_timestamp(excluded.phase_ms / 1000.0)) + make_interval(secs => excluded.interval_seconds))
    END
WHERE s.tenant_no = %(tenant_no)s
"""
# A location that no longer watches, or a head that is none any more, goes with what it knew.
RETIRE = """
DELETE FROM telemetry_livestate
WHERE monitor_no = %(monitor_no)s AND tenant_no = %(tenant_no)s AND location <> ALL(%(locations)s)
"""
HEAD = """
SELECT location, status, status_since, first_failed_slot FROM telemetry_livestate
WHERE monitor_no = %(monitor_no)s AND tenant_no = %(tenant_no)s AND is_head FOR UPDATE
"""
# When one location becomes several, or several one, the monitor's status goes over to its new head.
INHERIT = """
UPDATE telemetry_livestate SET status = %(status)s, status_since = %(since)s, first_failed_slot = %(failed)s,
    failures = 0, successes = 0, softs = 0, first_soft_slot = NULL, calm_since = NULL, memory = 0
WHERE monitor_no = %(monitor_no)s AND tenant_no = %(tenant_no)s AND is_head
"""
SPEC = """
INSERT INTO telemetry_probespec (monitor_no, tenant_no, version, spec)
VALUES (%(monitor_no)s, %(tenant_no)s, %(version)s, %(spec)s)
ON CONFLICT (monitor_no) DO UPDATE SET version = excluded.version, spec = excluded.spec
WHERE telemetry_probespec.tenant_no = %(tenant_no)s
"""
# A slot that is due already answers; else one of its own, now, after any slot already taken.
CHECK_NOW = """
UPDATE telemetry_livestate SET asked = true, next_due_at = least(next_due_at,
    greatest(date_trunc('milliseconds', now()), coalesce(slot, '-infinity') + interval '1 ms'))
WHERE monitor_no = %s AND tenant_no = %s AND next_due_at IS NOT NULL AND location > 0
RETURNING next_due_at, location
"""
# Time in which nobody looks is unknown, never up.
UNMEASURED = """
INSERT INTO telemetry_statechange (monitor_no, at, tenant_no, location, status)
SELECT monitor_no, now(), tenant_no, location, 5 FROM telemetry_livestate
WHERE monitor_no = %(monitor_no)s AND tenant_no = %(tenant_no)s AND is_head AND enabled AND NOT %(enabled)s
"""
FORGET = """
WITH states AS (DELETE FROM telemetry_livestate WHERE monitor_no = %(no)s AND tenant_no = %(tenant)s),
    changes AS (DELETE FROM telemetry_statechange WHERE monitor_no = %(no)s AND tenant_no = %(tenant)s),
    months AS (DELETE FROM telemetry_statemonth WHERE monitor_no = %(no)s AND tenant_no = %(tenant)s),
    series AS (DELETE FROM telemetry_series WHERE monitor_no = %(no)s AND tenant_no = %(tenant)s)
DELETE FROM telemetry_probespec WHERE monitor_no = %(no)s AND tenant_no = %(tenant)s
"""


_locations: dict[str, int] = {}


def location_no(code: str | None = None) -> int:
    """The number of a location in shared rows; a new code gets one on first use."""
    code = code or settings.PULSE_LOCATION
    if code not in _locations:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO public.telemetry_location (code) VALUES (%s)"
                " ON CONFLICT (code) DO UPDATE SET code = excluded.code RETURNING no",
                [code],
            )
            _locations[code] = cursor.fetchone()[0]
    return _locations[code]


def location_code(number: int) -> str:
    """The code of a location by its number."""
    if number not in _locations.values():
        with connection.cursor() as cursor:
            cursor.execute("SELECT code, no FROM public.telemetry_location")
            _locations.update(cursor.fetchall())
    return next((code for code, no in _locations.items() if no == number), "")


def phase_ms(monitor_no: int, interval_seconds: int) -> int:
    """Where in its interval a monitor is due: a stable hash spreads all of them evenly."""
    digest = hashlib.blake2b(monitor_no.to_bytes(8, "big"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % (interval_seconds * 1000)


def compile_spec(monitor: Monitor, organisation_id: UUID) -> dict[str, Any]:
    """All that a worker needs to probe and judge without the monitor's row."""
    return {
        "kind": monitor.kind,
        "target": monitor.target,
        "config": {key: value for key, value in monitor.config.items() if value != KEPT},
        "timeout": monitor.timeout_seconds,
        "interval": monitor.interval_seconds,
        "retry": monitor.retry_seconds,
        "policy": {name: getattr(monitor, name) for name in POLICY_FIELDS},
        "upside_down": monitor.upside_down,
        "locations": max(1, len(monitor.locations)),
        "quorum": monitor.quorum,
        "monitor": str(monitor.pk),
        "organisation": str(organisation_id),
        "secrets": monitor.sealed_secrets,
    }


def write(monitor: Monitor, organisation: Organisation) -> None:
    """Insert or update schedule and spec; state and streaks are kept."""
    locations = [location_no(code) for code in monitor.locations] or [location_no()]
    if monitor.kind == Monitor.GROUP:
        locations = [TOGETHER]
    elif monitor.kind in REPORTING:
        locations = [REPORTED]
    elif len(locations) > 1:
        locations.append(TOGETHER)
    values: dict[str, Any] = {
        "monitor_no": monitor.no,
        "tenant_no": organisation.no,
        "locations": locations,
        "head": TOGETHER if TOGETHER in locations else locations[0],
        "interval": monitor.interval_seconds,
        "timeout": monitor.timeout_seconds,
        "retry": monitor.retry_seconds,
        "phase_ms": phase_ms(monitor.no, monitor.interval_seconds),
        "version": monitor.version,
        "enabled": monitor.enabled,
        "anew": locations[0] <= 0,
        "spec": json.dumps(compile_spec(monitor, organisation.id)),
    }
    take_back(monitor.no, organisation.no)
    with connection.cursor() as cursor:
        cursor.execute(UNMEASURED, values)
        cursor.execute(HEAD, values)
        before = cursor.fetchone()
        cursor.execute(RETIRE, values)
        cursor.execute(SCHEDULE, values)
        if before and before[0] != values["head"] and monitor.enabled:
            inherited = dict(zip(("status", "since", "failed"), before[1:], strict=True))
            cursor.execute(INHERIT, values | inherited)
        if monitor.kind != Monitor.GROUP:
            cursor.execute(SPEC, values)
    if "issuer_change" in monitor.config:
        issuers.forget(monitor.no, organisation.no, but=locations)


def check_now(monitor_no: int, tenant_no: int) -> tuple[datetime, int] | None:
    """Make the monitor due now, everywhere; (slot, location) whose result will answer. None while it is paused."""
    take_back(monitor_no, tenant_no)
    with connection.cursor() as cursor:
        cursor.execute(CHECK_NOW, [monitor_no, tenant_no])
        rows: list[tuple[datetime, int]] = cursor.fetchall()
    return min(rows) if rows else None


def forget(monitor_no: int, tenant_no: int) -> None:
    """Stop checking a deleted monitor for good. Its raw results go with their partitions."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"no": monitor_no, "tenant": tenant_no})
    issuers.forget(monitor_no, tenant_no)
