"""The SQL that ends a slot: result and state together, by compare-and-set on the fencing token."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from django.db import connection, transaction

from monitors.expiring import seen
from monitors.telemetry.arrays import array, text_array
from monitors.telemetry.claiming import Claimed, moment
from monitors.telemetry.models import GapReason
from monitors.telemetry.states import memory_of

if TYPE_CHECKING:
    from monitors.judging import Judged

# (column of the unnested rows, its SQL type). One array each, so a batch is one statement of fixed text.
COLUMNS: dict[str, str] = {
    "monitor_no": "bigint",
    "tenant_no": "int",
    "token": "bigint",
    "slot": "timestamptz",
    "status": "smallint",
    "failures": "int",
    "successes": "int",
    "first_failed": "timestamptz",
    "softs": "int",
    "first_soft": "timestamptz",
    "calm_since": "timestamptz",
    "memory": "bigint",
    "confirm": "bool",
    "hold": "bool",
    "since": "timestamptz",
    "is_change": "bool",
    "ok": "bool",
    "soft": "bool",
    "error": "smallint",
    "status_code": "smallint",
    "lateness_us": "int",
    "dns_us": "int",
    "connect_us": "int",
    "tls_us": "int",
    "wait_us": "int",
    "transfer_us": "int",
    "total_us": "int",
    "address": "inet",
    "detail": "text",
    "expires": "timestamptz",
}
# As late as the column can say, 36 minutes: what was due once a day and starts after a long stop is later than that.
LATEST_US = 2**31 - 1
ROWS = (
    "SELECT * FROM unnest("
    + ", ".join(f"%s::{kind}[]" for kind in COLUMNS.values())
    + f") AS r({', '.join(COLUMNS)})"
)
# The lease must still be ours: whoever claimed the monitor after it expired has raised the token.
# A slot that comes again after the clock was set back keeps its first result; the state goes on.
# A batch may hold two results of one monitor (the older one fenced off): rows are matched by token too.
# When each status began is kept for good: uptime is computed from it. A change that wants to be confirmed is
# looked at again after the retry interval; `least` keeps a next slot that comes before that.
# What the worker holds on to has its next slot claimed here, as a claim would: half of the writes of a check.
HELD = "r.hold AND s.next_due_at > now() AND NOT (r.confirm AND s.retry_seconds IS NOT NULL)"
WRITE = f"""
WITH r AS ({ROWS}), done AS (
    UPDATE telemetry_livestate s SET
        lease_until = CASE WHEN {HELD} THEN s.next_due_at + make_interval(secs => s.timeout_seconds + 10) END,
        slot = CASE WHEN {HELD} THEN s.next_due_at ELSE s.slot END,
        fencing_token = s.fencing_token + CASE WHEN {HELD} THEN 1 ELSE 0 END,
        holder = CASE WHEN {HELD} THEN %s::int END,
        status = r.status, failures = r.failures, successes = r.successes,
        first_failed_slot = r.first_failed, softs = r.softs, first_soft_slot = r.first_soft,
        calm_since = r.calm_since, memory = r.memory, last_slot = r.slot, last_checked_at = now(), last_ok = r.ok,
        status_since = CASE WHEN r.is_change THEN r.since ELSE s.status_since END,
        next_due_at = CASE
            WHEN {HELD} THEN make_interval(secs => s.interval_seconds) + date_bin(
                make_interval(secs => s.interval_seconds), s.next_due_at, to_timestamp(s.phase_ms / 1000.0))
            WHEN r.confirm AND s.retry_seconds IS NOT NULL AND s.next_due_at IS NOT NULL
            THEN least(s.next_due_at,
                greatest(r.slot + make_interval(secs => s.retry_seconds), date_trunc('milliseconds', now())))
            ELSE s.next_due_at END,
        last_good_slot = CASE WHEN r.ok THEN r.slot ELSE s.last_good_slot END,
        last_total_us = r.total_us, last_error = r.error, last_detail = coalesce(r.detail, ''),
        expires_at = CASE WHEN r.expires IS NULL THEN s.expires_at WHEN isfinite(r.expires) THEN r.expires END
    FROM r
    WHERE s.monitor_no = r.monitor_no AND s.location = %s AND s.tenant_no = r.tenant_no
        AND s.fencing_token = r.token AND s.lease_until IS NOT NULL
    RETURNING s.monitor_no, r.token, s.is_head, s.lease_until IS NOT NULL AS is_held, s.slot,
        s.fencing_token AS next_token, s.spec_version
), changes AS (
    INSERT INTO telemetry_statechange (monitor_no, at, tenant_no, location, status)
    SELECT r.monitor_no, r.since, r.tenant_no, %s, r.status
    FROM r JOIN done USING (monitor_no, token) WHERE r.is_change AND done.is_head
), written AS (
INSERT INTO telemetry_checkresult (monitor_no, slot, tenant_no, lateness_us, total_us, dns_us, connect_us,
    tls_us, wait_us, transfer_us, location, error, status_code, ok, soft, address, detail)
SELECT r.monitor_no, r.slot, r.tenant_no, r.lateness_us, r.total_us, r.dns_us, r.connect_us,
    r.tls_us, r.wait_us, r.transfer_us, %s, r.error, r.status_code, r.ok, r.soft, r.address, coalesce(r.detail, '')
FROM r JOIN done USING (monitor_no, token)
ON CONFLICT DO NOTHING
)
SELECT monitor_no, token, CASE WHEN is_held THEN (extract(epoch FROM slot) * 1000000)::bigint END, next_token,
    spec_version, CASE WHEN is_held THEN extract(epoch FROM slot - now())::float8 END
FROM done
"""
EVIDENCE = """
INSERT INTO telemetry_evidence (location, monitor_no, slot, tenant_no, document)
SELECT %s, * FROM unnest(%s::bigint[], %s::timestamptz[], %s::int[], %s::jsonb[])
ON CONFLICT DO NOTHING
"""
SET_ASIDE = """
WITH freed AS (
    UPDATE telemetry_livestate SET lease_until = NULL
    WHERE monitor_no = %(no)s AND location = %(location)s AND tenant_no = %(tenant)s
        AND fencing_token = %(token)s AND lease_until IS NOT NULL
    RETURNING least(next_due_at, %(slot)s + make_interval(secs => interval_seconds)) AS until
)
INSERT INTO telemetry_gap (monitor_no, slot, until, tenant_no, location, reason)
SELECT %(no)s, %(slot)s, until, %(tenant)s, %(location)s, %(reason)s
FROM freed ON CONFLICT DO NOTHING
"""


class Holder(Protocol):
    """A worker that may hold on to what it records."""

    @property
    def holder(self) -> int: ...
    def wants(self, item: Judged) -> bool: ...
    def hold(self, item: Judged, slot: datetime, token: int, version: int, in_s: float) -> None: ...


def write(items: Sequence[Judged], location: int, holding: Holder | None = None) -> set[int]:
    """Write results and states; return the monitors whose lease still held. Others are dropped.

    `holding` is told on commit which next slots are now its own.
    """
    wants = [holding is not None and holding.wants(item) for item in items]
    columns = zip(*(_row(item, wanted) for item, wanted in zip(items, wants, strict=True)), strict=True)
    arrays = [
        text_array(column) if kind == "text" else array(column)
        for kind, column in zip(COLUMNS.values(), columns, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [*arrays, holding.holder if holding else None, location, location, location])
        rows = cursor.fetchall()
    if holding is not None and any(wants):
        transaction.on_commit(partial(_hold, items, rows, holding))
    return {row[0] for row in rows}


def _hold(items: Sequence[Judged], rows: Sequence[Any], holding: Holder) -> None:
    by_token = {(item.check.monitor_no, item.check.token): item for item in items}
    for number, token, slot, next_token, version, in_s in rows:
        if slot is not None:
            holding.hold(by_token[number, token], moment(slot), next_token, version, in_s)


def keep_evidence(rows: Sequence[tuple[int, datetime, int, str]], location: int) -> None:
    """Keep what failures and changes were judged by: (monitor, slot, organisation's number, JSON)."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(EVIDENCE, [location, *columns])


def set_aside(check: Claimed, location: int, reason: GapReason = GapReason.SET_ASIDE) -> None:
    """End a claimed slot without a result: a gap row says why."""
    values: dict[str, Any] = {
        "no": check.monitor_no,
        "location": location,
        "tenant": check.tenant_no,
        "token": check.token,
        "slot": check.slot,
        "reason": int(reason),
    }
    with connection.cursor() as cursor:
        cursor.execute(SET_ASIDE, values)


def _row(item: Judged, hold: bool) -> tuple[Any, ...]:
    check, outcome, after = item.check, item.result.outcome, item.after
    return (
        check.monitor_no,
        check.tenant_no,
        check.token,
        check.slot,
        int(after.status),
        after.failures,
        after.successes,
        after.first_failed,
        after.softs,
        after.first_soft,
        after.calm_since,
        memory_of(after),
        item.wants_confirmation,
        hold,
        item.transition.began if item.transition else None,
        item.transition is not None,
        outcome.ok,
        outcome.soft,
        int(outcome.error),
        outcome.status_code,
        min(item.result.lateness_us, LATEST_US),
        outcome.dns_us,
        outcome.connect_us,
        outcome.tls_us,
        outcome.wait_us,
        outcome.transfer_us,
        outcome.total_us,
        outcome.address,
        None if outcome.ok and not outcome.soft else outcome.detail,
        seen(item.result),
    )
