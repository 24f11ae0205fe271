"""The SQL of monitors that report in by themselves: which deadlines have passed, and what reports make of a state."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from monitors.deciding import Weighed
from monitors.evaluation import State, Transition
from monitors.facts import MonitorChangedStatus
from monitors.policy import Policy, policy_of
from monitors.telemetry import decisions
from monitors.telemetry.arrays import array, text_array
from monitors.telemetry.models import REPORTED
from monitors.telemetry.states import memory_of, state_of
from pulse import scoping

# What arrived in time may still be on its way into the database: it is waited for so long.
DUE = """
SELECT monitor_no, tenant_no FROM telemetry_livestate
WHERE location = %s AND look_at <= now() - interval '0.5 s' AND monitor_no <> ALL(%s)
ORDER BY look_at LIMIT %s
"""
# Whoever reports at this moment holds the row: then the deadline may be none any more, and is looked at again.
LOCK = """
SELECT s.monitor_no, s.tenant_no, s.next_due_at, s.status, s.failures, s.successes, s.first_failed_slot, s.softs,
    s.first_soft_slot, s.calm_since, s.memory, s.last_slot, EXISTS (SELECT FROM public.telemetry_reception r
        WHERE s.next_due_at > r.left_at AND s.next_due_at <= r.returned_at), clock_timestamp()
FROM telemetry_livestate s WHERE s.location = %s AND s.tenant_no = %s AND s.monitor_no = ANY(%s) AND s.enabled
    AND (%s OR s.next_due_at <= now())
ORDER BY s.monitor_no FOR UPDATE OF s
"""
# Asked for once the rows are locked: an edit writes both.
SPECS = (
    "SELECT monitor_no, version, spec FROM telemetry_probespec WHERE tenant_no = %s AND monitor_no = ANY(%s)"
)
WRITE = """
WITH r AS (
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[], %s::smallint[], %s::int[], %s::int[],
        %s::timestamptz[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::timestamptz[],
        %s::timestamptz[], %s::bool[], %s::int[], %s::text[])
    AS r(monitor_no, tenant_no, at, status, failures, successes, first_failed, softs, first_soft, calm_since, memory,
        since, due, ok, total_us, detail)
), done AS (
    UPDATE telemetry_livestate s SET
        status = r.status, failures = r.failures, successes = r.successes, first_failed_slot = r.first_failed,
        softs = r.softs, first_soft_slot = r.first_soft, calm_since = r.calm_since, memory = r.memory,
        status_since = coalesce(r.since, s.status_since),
        next_due_at = r.due, last_slot = r.at, last_checked_at = now(), last_ok = coalesce(r.ok, s.last_ok),
        last_good_slot = CASE WHEN r.ok THEN r.at ELSE s.last_good_slot END,
        last_total_us = CASE WHEN r.ok IS NULL THEN s.last_total_us ELSE r.total_us END,
        last_detail = CASE WHEN r.ok IS NULL THEN s.last_detail ELSE r.detail END
    FROM r WHERE s.monitor_no = r.monitor_no AND s.location = %s AND s.tenant_no = r.tenant_no
    RETURNING s.monitor_no
)
INSERT INTO telemetry_statechange (monitor_no, at, tenant_no, location, status)
SELECT r.monitor_no, r.since, r.tenant_no, %s, r.status FROM r JOIN done USING (monitor_no)
WHERE r.since IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class DueRow:
    """A monitor that reports in, its row locked. `due_at` is its deadline, `now` the database's clock.

    `unheard`: when the deadline passed, nothing took reports.
    """

    monitor_no: int
    tenant_no: int
    due_at: datetime | None
    state: State
    last_slot: datetime | None
    unheard: bool
    version: int
    spec: dict[str, Any]
    now: datetime

    @property
    def kind(self) -> str:
        return str(self.spec["kind"])

    @property
    def policy(self) -> Policy:
        return policy_of(self.kind, self.spec["policy"])


@dataclass(frozen=True, slots=True)
class Reported:
    """How a monitor stands after a report or a missed deadline.

    `at` is the moment of the report, or the deadline. `due_at` is the next deadline, None for none. `ok` is None
    for a report that says nothing of how it stands.
    """

    monitor_no: int
    tenant_no: int
    at: datetime
    after: State
    transition: Transition | None
    due_at: datetime | None
    ok: bool | None
    detail: str = ""
    total_us: int | None = None
    weighed: Weighed | None = None


def due(limit: int, but_not: Collection[int] = ()) -> list[tuple[int, int]]:
    """(monitor, organisation's number) whose deadline has passed, the oldest first; in the pipeline's scope."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, [REPORTED, list(but_not), limit])
        found: list[tuple[int, int]] = cursor.fetchall()
    return found


def lock_due(numbers: Collection[int]) -> list[DueRow]:
    """Lock what is still due of these monitors, passing over rows that somebody else holds."""
    return _locked(LOCK + " SKIP LOCKED", numbers, any_time=False)


def lock_reporting(numbers: Collection[int]) -> list[DueRow]:
    """Lock the rows of these monitors, due or not; paused ones are left out. Waits for who holds them."""
    return _locked(LOCK, numbers, any_time=True)


def _locked(statement: str, numbers: Collection[int], *, any_time: bool) -> list[DueRow]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [REPORTED, scoping.current().no, list(numbers), any_time])
        rows = cursor.fetchall()
        cursor.execute(SPECS, [scoping.current().no, [row[0] for row in rows]])
        specs = {no: (version, _document(spec)) for no, version, spec in cursor.fetchall()}
    return [
        DueRow(
            no, tenant, due_at, state_of(stored), last_slot, unheard, *specs[no], now,
        )
        for no, tenant, due_at, *stored, last_slot, unheard, now in rows
        if no in specs
    ]  # fmt: skip


def _document(spec: Any) -> Any:
    return json.loads(spec) if isinstance(spec, str) else spec


def write_states(rows: Sequence[Reported]) -> None:
    """Write states, deadlines and what changed; the caller holds the locks of all of them."""
    if not rows:
        return
    columns = zip(*(_columns(row) for row in rows), strict=True)
    *plain, details = columns
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [*(array(column) for column in plain), text_array(details), REPORTED, REPORTED])
    decisions.note(
        [
            decisions.of_result(row.monitor_no, row.tenant_no, row.at, REPORTED, row.weighed, row.detail)
            for row in rows
            if row.weighed and row.weighed.reason
        ]
    )


def changes(rows: Sequence[Reported], now: datetime) -> list[MonitorChangedStatus]:
    """The facts that follow from those that changed, to be emitted in the same transaction."""
    return [
        MonitorChangedStatus(
            row.monitor_no, row.transition.before, row.transition.after, row.transition.began, now, row.detail
        )
        for row in rows
        if row.transition is not None
    ]


def _columns(row: Reported) -> tuple[Any, ...]:
    after = row.after
    return (
        row.monitor_no,
        row.tenant_no,
        row.at,
        int(after.status),
        after.failures,
        after.successes,
        after.first_failed,
        after.softs,
        after.first_soft,
        after.calm_since,
        memory_of(after),
        row.transition.began if row.transition else None,
        row.due_at,
        row.ok,
        row.total_us,
        row.detail,
    )
