"""Write a monitor's schedule, state and compiled spec, in the transaction that saves the monitor."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.conf import settings
from django.db import connection

from monitors.models import Monitor

# A changed interval takes effect at once: the next due time is put on the new grid, never later
# than it was. Fencing goes up when the slot in flight must not count any more (pause, resume). A pause
# ends what was known: the outage it may have been in is resolved by it, so afterwards it starts anew.
SCHEDULE = """
INSERT INTO telemetry_livestate AS s (monitor_no, tenant_no, location, interval_seconds, timeout_seconds,
    phase_ms, spec_version, status_since, next_due_at)
VALUES (%(monitor_no)s, %(tenant_no)s, %(location)s, %(interval)s, %(timeout)s, %(phase_ms)s, %(version)s,
    now(), CASE WHEN %(enabled)s THEN date_trunc('milliseconds', now()) END)
ON CONFLICT (monitor_no, location) DO UPDATE SET
    interval_seconds = excluded.interval_seconds,
    timeout_seconds = excluded.timeout_seconds,
    phase_ms = excluded.phase_ms,
    spec_version = excluded.spec_version,
    fencing_token = s.fencing_token + CASE WHEN (s.next_due_at IS NULL) = %(enabled)s THEN 1 ELSE 0 END,
    status = CASE WHEN %(enabled)s THEN s.status ELSE 0 END,
    status_since = CASE WHEN %(enabled)s OR s.next_due_at IS NULL THEN s.status_since ELSE now() END,
    failures = CASE WHEN %(enabled)s THEN s.failures ELSE 0 END,
    successes = CASE WHEN %(enabled)s THEN s.successes ELSE 0 END,
    first_failed_slot = CASE WHEN %(enabled)s THEN s.first_failed_slot END,
    lease_until = CASE WHEN (s.next_due_at IS NULL) = %(enabled)s THEN NULL ELSE s.lease_until END,
    next_due_at = CASE
        WHEN NOT %(enabled)s THEN NULL
        WHEN s.next_due_at IS NULL THEN date_trunc('milliseconds', now())
        WHEN s.interval_seconds = excluded.interval_seconds THEN s.next_due_at
        ELSE least(s.next_due_at, date_bin(make_interval(secs => excluded.interval_seconds), now(),
            to_timestamp(excluded.phase_ms / 1000.0)) + make_interval(secs => excluded.interval_seconds))
    END
WHERE s.tenant_no = %(tenant_no)s
"""
SPEC = """
INSERT INTO telemetry_probespec (monitor_no, tenant_no, version, spec)
VALUES (%(monitor_no)s, %(tenant_no)s, %(version)s, %(spec)s)
ON CONFLICT (monitor_no) DO UPDATE SET version = excluded.version, spec = excluded.spec
WHERE telemetry_probespec.tenant_no = %(tenant_no)s
"""
# A slot that is due already answers; else one of its own, now, after any slot already taken.
CHECK_NOW = """
UPDATE telemetry_livestate SET next_due_at = least(next_due_at,
    greatest(date_trunc('milliseconds', now()), coalesce(slot, '-infinity') + interval '1 ms'))
WHERE monitor_no = %s AND location = %s AND tenant_no = %s AND next_due_at IS NOT NULL
RETURNING next_due_at
"""
# Time in which nobody looks is unknown, never up.
UNMEASURED = """
INSERT INTO telemetry_statechange (monitor_no, at, tenant_no, location, status)
SELECT monitor_no, now(), tenant_no, location, 5 FROM telemetry_livestate
WHERE monitor_no = %(monitor_no)s AND tenant_no = %(tenant_no)s AND next_due_at IS NOT NULL AND NOT %(enabled)s
"""
FORGET = """
WITH states AS (DELETE FROM telemetry_livestate WHERE monitor_no = %(no)s AND tenant_no = %(tenant)s),
    changes AS (DELETE FROM telemetry_statechange WHERE monitor_no = %(no)s AND tenant_no = %(tenant)s)
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


def phase_ms(monitor_no: int, interval_seconds: int) -> int:
    """Where in its interval a monitor is due: a stable hash spreads all of them evenly."""
    digest = hashlib.blake2b(monitor_no.to_bytes(8, "big"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % (interval_seconds * 1000)


def compile_spec(monitor: Monitor) -> dict[str, Any]:
    """All that a worker needs to probe and judge without the monitor's row."""
    return {
        "kind": monitor.kind,
        "target": monitor.target,
        "config": monitor.config,
        "timeout": monitor.timeout_seconds,
        "policy": {"down_after": monitor.down_after, "up_after": monitor.up_after},
    }


def write(monitor: Monitor, tenant_no: int) -> None:
    """Insert or update schedule and spec; state and streaks are kept."""
    values: dict[str, Any] = {
        "monitor_no": monitor.no,
        "tenant_no": tenant_no,
        "location": location_no(),
        "interval": monitor.interval_seconds,
        "timeout": monitor.timeout_seconds,
        "phase_ms": phase_ms(monitor.no, monitor.interval_seconds),
        "version": monitor.version,
        "enabled": monitor.enabled,
        "spec": json.dumps(compile_spec(monitor)),
    }
    with connection.cursor() as cursor:
        cursor.execute(UNMEASURED, values)
        cursor.execute(SCHEDULE, values)
        cursor.execute(SPEC, values)


def check_now(monitor_no: int, tenant_no: int) -> Any:
    """Make the monitor due now; return the slot whose result will answer, or None while it is paused."""
    with connection.cursor() as cursor:
        cursor.execute(CHECK_NOW, [monitor_no, location_no(), tenant_no])
        row = cursor.fetchone()
    return row[0] if row else None


def forget(monitor_no: int, tenant_no: int) -> None:
    """Stop checking a deleted monitor for good. Its raw results go with their partitions."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"no": monitor_no, "tenant": tenant_no})
