"""Keep the status of monitors that several rows decide together: the locations of one, the members of a group."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from monitors.telemetry.models import TOGETHER, Status
from pulse import scoping
from pulse.scoping import as_pipeline
from tenants.models import Organisation

# Whoever changes such a status holds this lock before reading what decides it: two locations or two members
# that change at the same moment then see each other. In order of number, so that nobody waits in a circle.
LOCK = """
SELECT monitor_no, status FROM telemetry_livestate
WHERE tenant_no = %s AND location = %s AND monitor_no = ANY(%s) ORDER BY monitor_no FOR UPDATE
"""
SETTLE = """
WITH r AS (
    SELECT * FROM unnest(%(numbers)s::bigint[], %(statuses)s::smallint[], %(since)s::timestamptz[],
        %(details)s::text[]) AS r(monitor_no, status, since, detail)
), done AS (
    UPDATE telemetry_livestate s SET status = r.status, status_since = r.since, last_detail = r.detail,
        last_checked_at = now()
    FROM r WHERE s.monitor_no = r.monitor_no AND s.location = %(location)s AND s.tenant_no = %(tenant)s
    RETURNING s.monitor_no
)
INSERT INTO telemetry_statechange (monitor_no, at, tenant_no, location, status)
SELECT r.monitor_no, r.since, %(tenant)s, %(location)s, r.status FROM r JOIN done USING (monitor_no)
"""


@dataclass(frozen=True, slots=True)
class Settled:
    """A new status of a head, since when, and why in words."""

    monitor_no: int
    status: Status
    since: datetime
    detail: str


def lock_heads(numbers: Collection[int]) -> dict[int, Status]:
    """Lock the head rows of these monitors until the transaction ends; their statuses by monitor number."""
    if not numbers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [scoping.current().no, TOGETHER, list(numbers)])
        return {number: Status(status) for number, status in cursor.fetchall()}


def organisations_with_heads() -> QuerySet[Organisation]:
    """Those that have a group or a monitor with several locations."""
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tenant_no FROM telemetry_livestate WHERE location = %s", [TOGETHER])
        numbers = [row[0] for row in cursor.fetchall()]
    found: QuerySet[Organisation] = Organisation.objects.filter(
        state=Organisation.State.READY, no__in=numbers
    )
    return found


def settle(rows: Sequence[Settled]) -> None:
    """Write new statuses and when they began; the caller holds the locks."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            SETTLE,
            {
                "tenant": scoping.current().no,
                "location": TOGETHER,
                "numbers": [row.monitor_no for row in rows],
                "statuses": [int(row.status) for row in rows],
                "since": [row.since for row in rows],
                "details": [row.detail for row in rows],
            },
        )
