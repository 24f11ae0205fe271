"""Held monitors in SQL: confirm them before they start, give them back, take them from the dead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection

from monitors.telemetry.claiming import Claimed, moment

# A worker that lives holds this lock (with its own number); PostgreSQL lets it go with the connection.
_ALIVE = 7_412
ATTEND = """
INSERT INTO public.telemetry_worker (holder, location)
SELECT %(holder)s, %(location)s WHERE pg_try_advisory_lock(%(class)s, %(holder)s)
ON CONFLICT (holder) DO UPDATE SET location = excluded.location RETURNING holder
"""
DEAD = """
DELETE FROM public.telemetry_worker w WHERE location = %(location)s AND NOT EXISTS (
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %(class)s AND objid = w.holder AND objsubid = 2
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
RETURNING holder
"""
# All of it: what had begun ended with its worker. One that lives, and only lost its connection, may be at it; then its
# token is not the newest any more, and its result is dropped. Rows that somebody writes at this moment are passed over,
# here and below: to wait for many of them in another order than theirs could end in a deadlock.
INHERIT = """
WITH free AS (
    SELECT monitor_no, location FROM telemetry_livestate
    WHERE location = %s AND holder = ANY(%s) AND lease_until IS NOT NULL FOR UPDATE SKIP LOCKED
)
UPDATE telemetry_livestate s
SET lease_until = NULL, holder = NULL, fencing_token = s.fencing_token + 1, next_due_at = s.slot, slot = s.last_slot
FROM free WHERE s.monitor_no = free.monitor_no AND s.location = free.location
"""
# Claimers look at held rows some minutes late. One whose lease has ended although its worker seems to live (it hangs,
# or has forgotten what it holds) is made theirs here. All rows are read: an index would be written at each check.
LET_GO_EXPIRED = """
WITH free AS (
    SELECT monitor_no, location FROM telemetry_livestate
    WHERE location + 0 = %s AND holder IS NOT NULL AND lease_until < now() FOR UPDATE SKIP LOCKED
)
UPDATE telemetry_livestate s SET holder = NULL
FROM free WHERE s.monitor_no = free.monitor_no AND s.location = free.location
"""
# What an edit, a pause or a check asked for by hand has taken away, and what has a new version of its settings.
CONFIRM = """
SELECT k.monitor_no, k.token, s.spec_version, (extract(epoch FROM now()) * 1000000)::bigint
FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS k(monitor_no, token, version)
    LEFT JOIN telemetry_livestate s ON s.monitor_no = k.monitor_no AND s.location = %s
        AND s.fencing_token = k.token AND s.lease_until IS NOT NULL
WHERE s.spec_version IS DISTINCT FROM k.version
UNION ALL SELECT NULL, NULL, NULL, (extract(epoch FROM now()) * 1000000)::bigint
"""
GIVE_BACK = """
UPDATE telemetry_livestate s
SET lease_until = NULL, fencing_token = s.fencing_token + 1, next_due_at = s.slot, slot = s.last_slot
FROM unnest(%s::bigint[], %s::bigint[]) AS k(monitor_no, token)
WHERE s.monitor_no = k.monitor_no AND s.location = %s AND s.fencing_token = k.token AND s.lease_until IS NOT NULL
"""
# What is held and does not start within a second is nobody's yet.
TAKE_BACK = """
UPDATE telemetry_livestate s
SET lease_until = NULL, fencing_token = s.fencing_token + 1, next_due_at = s.slot, slot = s.last_slot
WHERE monitor_no = %s AND tenant_no = %s AND location > 0 AND lease_until IS NOT NULL
    AND slot > now() + interval '1 second'
"""


# The claimer's connection asks for the first of many by the index on their due times, and for rows by their keys. With
# a great backlog the planner, which cannot know how few rows the wall of rows leaves out, would read and sort all of
# them for each claim: when there is least time for it.
BY_INDEX = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off"


def attend(location: int, holder: int) -> bool:
    """Say on this connection that the worker `holder` lives, as long as the connection does.

    False when another connection says so: an earlier one of the same worker that the server has not given up yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(BY_INDEX)
        cursor.execute(ATTEND, {"class": _ALIVE, "holder": holder, "location": location})
        return cursor.fetchone() is not None


def inherit(location: int) -> int:
    """Free what dead workers of this location held; how many monitors that were."""
    with connection.cursor() as cursor:
        cursor.execute(DEAD, {"class": _ALIVE, "location": location})
        dead = [row[0] for row in cursor.fetchall()]
        if not dead:
            return 0
        cursor.execute(INHERIT, [location, dead])
        freed: int = cursor.rowcount
    return freed


def let_go_expired(location: int) -> int:
    """Let anybody claim what is held beyond its lease; how many monitors that were."""
    with connection.cursor() as cursor:
        cursor.execute(LET_GO_EXPIRED, [location])
        freed: int = cursor.rowcount
    return freed


def confirm(checks: Sequence[Claimed], location: int) -> tuple[dict[tuple[int, int], int | None], datetime]:
    """Those among these that changed, by monitor and token: to another version, or (None) held no more.

    And the database's clock.
    """
    with connection.cursor() as cursor:
        numbers, tokens = (
            _numbers(check.monitor_no for check in checks),
            _numbers(check.token for check in checks),
        )
        versions = _numbers(check.spec_version for check in checks)
        cursor.execute(CONFIRM, [numbers, tokens, versions, location])
        rows = cursor.fetchall()
    changed = {(number, token): version for number, token, version, _ in rows if number is not None}
    return changed, moment(rows[0][3])


def give_back(checks: Sequence[Claimed], location: int) -> None:
    """Let others have these slots: nothing was done for them yet."""
    if checks:
        with connection.cursor() as cursor:
            numbers, tokens = (
                _numbers(check.monitor_no for check in checks),
                _numbers(check.token for check in checks),
            )
            cursor.execute(GIVE_BACK, [numbers, tokens, location])


def take_back(monitor_no: int, tenant_no: int) -> None:
    """Before the schedule of a monitor changes: its next slot is nobody's again, at all its locations."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, [monitor_no, tenant_no])


def _numbers(values: Iterable[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"
