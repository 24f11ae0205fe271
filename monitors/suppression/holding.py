"""The SQL of outages that are held back: rows of `telemetry_heldoutage`, one per monitor at most."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

from monitors.facts import Suppression
from monitors.suppression.deciding import LOOK_EVERY, Held
from monitors.telemetry.arrays import array, text_array
from pulse import scoping

HOLD = """
INSERT INTO telemetry_heldoutage (monitor_no, tenant_no, began, at, until, due_at, by_id, reason, by_name, detail)
SELECT r.monitor_no, %(tenant)s, r.began, r.at, r.until, r.due_at, r.by_id, r.reason, r.by_name, r.detail
FROM unnest(%(numbers)s::bigint[], %(began)s::timestamptz[], %(at)s::timestamptz[], %(until)s::timestamptz[],
    %(due)s::timestamptz[], %(by_ids)s::uuid[], %(reasons)s::text[], %(names)s::text[], %(details)s::text[])
    AS r(monitor_no, began, at, until, due_at, by_id, reason, by_name, detail)
ON CONFLICT (monitor_no) DO UPDATE SET until = excluded.until, due_at = excluded.due_at, by_id = excluded.by_id,
    reason = excluded.reason, by_name = excluded.by_name
WHERE telemetry_heldoutage.tenant_no = %(tenant)s
"""
OF = """
SELECT monitor_no, began, at, detail, reason, by_name, by_id, until FROM telemetry_heldoutage
WHERE tenant_no = %s AND monitor_no = ANY(%s)
"""
LET_GO = """
DELETE FROM telemetry_heldoutage WHERE tenant_no = %s AND monitor_no = ANY(%s)
RETURNING monitor_no, began, at, detail, reason, by_name, by_id, until
"""
# A row further ahead than anybody sets one was written before the clock was set back.
DUE = """
SELECT monitor_no FROM telemetry_heldoutage WHERE tenant_no = %(tenant)s
AND (due_at <= %(now)s OR due_at > %(now)s + %(ahead)s OR by_id = ANY(%(by)s)) ORDER BY monitor_no
"""
# What somebody looks at just now is passed over: nobody who has a part of these rows waits for the rest.
HURRY = """
UPDATE telemetry_heldoutage SET due_at = %s WHERE monitor_no IN (
    SELECT monitor_no FROM telemetry_heldoutage WHERE tenant_no = %s AND reason = %s FOR UPDATE SKIP LOCKED)
"""
# Organisations with something to do, by two small indexes. The minute is twice LOOK_EVERY.
WAITING = """
SELECT tenant_no FROM telemetry_maintenance WHERE due_at <= now()
UNION SELECT tenant_no FROM telemetry_heldoutage WHERE due_at <= now() OR due_at > now() + interval '1 minute'
"""


def hold(rows: Sequence[tuple[Held, datetime]]) -> None:
    """Keep these outages back, each to be looked at again at its time."""
    if not rows:
        return
    values = {
        "tenant": scoping.current().no,
        "numbers": array([held.monitor_no for held, _ in rows]),
        "began": array([held.began for held, _ in rows]),
        "at": array([held.at for held, _ in rows]),
        "until": array([held.by.until for held, _ in rows]),
        "due": array([due for _, due in rows]),
        "by_ids": array([held.by.by_id for held, _ in rows]),
        "reasons": text_array([held.by.reason for held, _ in rows]),
        "names": text_array([held.by.by for held, _ in rows]),
        "details": text_array([held.detail for held, _ in rows]),
    }
    with connection.cursor() as cursor:
        cursor.execute(HOLD, values)


def of(numbers: Collection[int], *, locked: bool = False) -> dict[int, Held]:
    """Those of these monitors that are held back; in order of number where they are locked."""
    if not numbers:
        return {}
    ending = " ORDER BY monitor_no FOR UPDATE" if locked else ""
    return _read(OF + ending, numbers)


def let_go(numbers: Collection[int]) -> dict[int, Held]:
    """Hold them back no longer; what was held back."""
    return _read(LET_GO, numbers) if numbers else {}


def due(now: datetime, by: Collection[object] = ()) -> list[int]:
    """Monitors whose held outage has to be looked at now, and those that one of `by` holds back."""
    values = {"tenant": scoping.current().no, "now": now, "ahead": LOOK_EVERY * 2, "by": list(by)}
    with connection.cursor() as cursor:
        cursor.execute(DUE, values)
        return [row[0] for row in cursor.fetchall()]


def hurry(reason: str, now: datetime) -> None:
    """Have all that are held back for this reason looked at now; in a transaction that holds nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(HURRY, [now, scoping.current().no, reason])


def waiting() -> set[int]:
    """Numbers of the organisations with something to do; in the pipeline's scope."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return {row[0] for row in cursor.fetchall()}


def _read(statement: str, numbers: Collection[int]) -> dict[int, Held]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [scoping.current().no, list(numbers)])
        rows = cursor.fetchall()
    return {
        no: Held(no, began, at, detail, Suppression(reason, name, by_id, until))
        for no, began, at, detail, reason, name, by_id, until in rows
    }
