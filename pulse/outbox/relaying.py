"""Lease durable facts for routing, and mark them routed or held; the facts of one subject stay in order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

LEASE_SECONDS = 30

# A fact waits for the earlier ones of its subject: an end is routed by who was told of the beginning. Those of an
# organisation that is suspended stay where they are, and take nobody's place.
CLAIM = f"""
WITH taken AS (
    SELECT no FROM outbox_fact f
    WHERE routed_at IS NULL AND (hold_until IS NULL OR hold_until <= now())
        AND (lease_until IS NULL OR lease_until < now())
        AND EXISTS (SELECT FROM public.tenants_organisation o WHERE o.no = f.tenant_no AND o.state = 'ready')
        AND NOT EXISTS (SELECT FROM outbox_fact e WHERE e.subject = f.subject AND e.routed_at IS NULL AND e.no < f.no)
    ORDER BY no LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE outbox_fact f SET lease_until = now() + make_interval(secs => {LEASE_SECONDS}), attempts = attempts + 1
FROM taken WHERE f.no = taken.no
RETURNING f.no, f.tenant_no, f.kind, f.subject, f.sequence, f.payload, f.created_at, f.attempts,
    f.hold_until IS NOT NULL
"""
MARK = """
UPDATE public.outbox_fact f SET routed_at = CASE WHEN r.hold IS NULL THEN clock_timestamp() END,
    hold_until = coalesce(r.hold, f.hold_until), outcome = r.outcome, lease_until = NULL
FROM unnest(%(numbers)s::bigint[], %(attempts)s::int[], %(outcomes)s::text[], %(holds)s::timestamptz[])
    AS r(no, attempts, outcome, hold)
WHERE f.no = r.no AND f.tenant_no = %(tenant)s AND f.routed_at IS NULL AND f.attempts = r.attempts
RETURNING f.no
"""
LOCK = "SELECT FROM public.tenants_organisation WHERE no = %s FOR NO KEY UPDATE"
RELEASE = """
UPDATE public.outbox_fact SET hold_until = now()
WHERE tenant_no = %s AND routed_at IS NULL AND hold_until > now()
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A fact that this process holds for routing."""

    no: int
    tenant_no: int
    kind: str
    subject: UUID
    sequence: int
    payload: dict[str, Any]
    created_at: datetime
    attempts: int
    was_held: bool


def claim(limit: int) -> list[Waiting]:
    """Lease facts that wait to be routed, in the pipeline's scope, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [limit])
        rows = cursor.fetchall()
    return sorted((_waiting(row) for row in rows), key=lambda fact: fact.no)


def mark(tenant_no: int, marks: Sequence[tuple[Waiting, str, datetime | None]]) -> set[int]:
    """Say that facts are routed, or held until then; returned are those that no other process took over meanwhile."""
    values: dict[str, Any] = {
        "numbers": [fact.no for fact, _, _ in marks],
        "tenant": tenant_no,
        "attempts": [fact.attempts for fact, _, _ in marks],
        "outcomes": [outcome for _, outcome, _ in marks],
        "holds": [hold for _, _, hold in marks],
    }
    with connection.cursor() as cursor:
        cursor.execute(MARK, values)
        return {row[0] for row in cursor.fetchall()}


def release(tenant_no: int) -> None:
    """Let held facts of an organisation be looked at again now.

    Under the organisation's row lock, which the relay holds while it routes: a hold that it is just
    writing is seen here, or it sees that the quiet is over.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [tenant_no])
        cursor.execute(RELEASE, [tenant_no])


def _waiting(row: Sequence[Any]) -> Waiting:
    no, tenant_no, kind, subject, sequence, payload, *rest = row
    content = json.loads(payload) if isinstance(payload, str) else payload
    return Waiting(no, tenant_no, kind, subject, sequence, content, *rest)
