"""Write new deliveries, and start those that go out as soon as that is committed."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from notifications.ledger.queue import COLUMNS, IN_TURN, LEASE_SECONDS, ON_DISK, Attempted, leased

FIELDS = {
    "id": "uuid", "fact_no": "bigint", "event": "text", "incident_id": "uuid", "monitor_no": "bigint",
    "channel_id": "uuid", "channel_name": "text", "transport": "text", "recipient": "text", "destination": "text",
    "payload": "jsonb", "wants_recovery": "bool", "follows_no": "bigint", "turn": "int", "purpose": "text",
    "reason": "text", "rule_id": "uuid", "escalation_no": "bigint", "person_id": "uuid", "state": "text",
    "retry_at": "timestamptz", "last_answer": "text", "fact_at": "timestamptz",
}  # fmt: skip
# What is due goes by the database's clock, as claims do: a process that is ahead of it keeps nothing waiting.
INSERT = f"""
INSERT INTO public.ledger_delivery (tenant_no, {", ".join(FIELDS)})
SELECT %(tenant)s, {", ".join("coalesce(retry_at, now())" if name == "retry_at" else name for name in FIELDS)}
FROM unnest({", ".join(f"%({name})s::{kind}[]" for name, kind in FIELDS.items())}) AS r({", ".join(FIELDS)})
ON CONFLICT (fact_no, channel_id, recipient, turn) DO NOTHING
"""
# What goes out as soon as it is committed: it is leased, and its first attempt is written, with it. The lease counts
# from here, not from the beginning of the transaction: that may have waited for its turn.
START = f"""
WITH held AS (
    UPDATE public.ledger_delivery d SET state = 'sending', attempts = 1, first_tried_at = clock_timestamp(),
        lease_until = clock_timestamp() + make_interval(secs => {LEASE_SECONDS}), fencing_token = d.fencing_token + 1
    WHERE d.tenant_no = %(tenant)s AND d.id = ANY(%(ids)s) AND d.state = 'pending' AND d.attempts = 0 AND {IN_TURN}
    RETURNING {COLUMNS}
), tried AS (
    INSERT INTO public.ledger_attempt (delivery_no, number, started_at, tenant_no, outcome)
    SELECT no, 1, clock_timestamp(), %(tenant)s, 'unknown' FROM held
    RETURNING delivery_no, started_at, {ON_DISK}
)
SELECT t.started_at, h.* FROM held h JOIN tried t ON t.delivery_no = h.no ORDER BY h.no
"""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    id: UUID
    fact_no: int
    event: str
    incident_id: UUID | None
    monitor_no: int | None
    channel_id: UUID
    channel_name: str
    transport: str
    recipient: str
    destination: str
    payload: dict[str, Any]
    wants_recovery: bool
    follows_no: int | None
    turn: int = 0
    purpose: str = "rule"
    reason: str = ""
    rule_id: UUID | None = None
    escalation_no: int | None = None
    person_id: UUID | None = None
    state: str = "pending"
    # When it may go out; the database reads no clock for it, so that a whole batch has one.
    retry_at: datetime | None = None
    last_answer: str = ""
    # When what it tells of was committed.
    fact_at: datetime | None = None


def insert(tenant_no: int, now: datetime, rows: Sequence[NewDelivery]) -> None:
    """Write deliveries; a second time changes nothing. `now` is the caller's: what is not after it is due at once."""
    if not rows:
        return
    values: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in FIELDS}
    values["payload"] = [json.dumps(row.payload) for row in rows]
    values["fact_at"] = [row.fact_at or now for row in rows]
    values["retry_at"] = [row.retry_at if row.retry_at and row.retry_at > now else None for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values | {"tenant": tenant_no})


def start(tenant_no: int, ids: Collection[UUID]) -> list[Attempted]:
    """Lease deliveries just inserted, and write their first attempts: both are committed with them, or nothing is."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(START, {"tenant": tenant_no, "ids": list(ids)})
        rows = cursor.fetchall()
    # To the sender it is what was never tried before.
    fresh = [
        (replace(leased(row), state="pending", attempts=0, first_tried_at=None), at) for at, *row in rows
    ]
    return [Attempted(leased, 1, at) for leased, at in fresh]
