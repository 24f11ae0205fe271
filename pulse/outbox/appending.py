"""Append durable facts, in the transaction that makes them true."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from pulse import bells, scoping

APPEND = """
INSERT INTO public.outbox_fact (tenant_no, kind, subject, sequence, payload)
SELECT %s, * FROM unnest(%s::text[], %s::uuid[], %s::int[], %s::jsonb[])
ON CONFLICT (subject, kind, sequence) DO NOTHING
"""
WITHDRAW = """
UPDATE public.outbox_fact SET routed_at = clock_timestamp(), outcome = %s, lease_until = NULL
WHERE tenant_no = %s AND kind = %s AND subject = ANY(%s) AND routed_at IS NULL
RETURNING subject
"""


@dataclass(frozen=True, slots=True)
class NewFact:
    kind: str
    subject: UUID
    sequence: int
    payload: dict[str, Any]


def append(facts: Sequence[NewFact]) -> None:
    """Write facts of the current organisation; the relay routes them after commit, bell or no bell."""
    if not facts:
        return
    tenant = scoping.current()
    if tenant is None or not connection.in_atomic_block:
        raise scoping.ScopeError("durable facts are appended in an organisation's transaction")
    columns: list[list[Any]] = [
        [fact.kind for fact in facts],
        [fact.subject for fact in facts],
        [fact.sequence for fact in facts],
        [json.dumps(fact.payload) for fact in facts],
    ]
    with connection.cursor() as cursor:
        cursor.execute(APPEND, [tenant.no, *columns])
    transaction.on_commit(lambda: bells.ring("notifications"))


def withdraw(kind: str, subjects: Sequence[UUID], why: str) -> set[UUID]:
    """Take back the facts of these subjects that nobody was told of yet; returned are their subjects.

    A relay that is routing one has its row: then this waits, and finds it routed. One that comes later passes it over.
    """
    if not subjects:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(WITHDRAW, [why, scoping.current().no, kind, list(subjects)])
        return {row[0] for row in cursor.fetchall()}
