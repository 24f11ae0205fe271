"""The SQL of deliveries: lease, attempt, finish. Every statement compares the fencing token or a state."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

OPEN = "('pending', 'sending', 'retrying')"
LEASE_SECONDS = 60
COLUMNS = """
    d.no, d.id, d.tenant_no, d.channel_id, d.transport, d.destination, d.event, d.payload, d.fact_at,
    d.attempts, d.fencing_token, d.state, d.incident_id, d.channel_name, d.recipient, d.turn, d.purpose, d.rule_id,
    d.person_id, d.escalation_no, d.first_tried_at, d.wants_recovery,
    coalesce((SELECT p.provider_id FROM public.ledger_delivery p WHERE p.no = d.follows_no), '')"""
# A recovery waits for its opening, and is dropped with it. Who may have heard of one of unknown outcome hears its end.
IN_TURN = """
    (d.follows_no IS NULL OR EXISTS (
        SELECT FROM public.ledger_delivery p LEFT JOIN public.ledger_delivery f ON f.no = p.folded_into
        WHERE p.no = d.follows_no AND coalesce(f.state, p.state) IN ('sent', 'unknown')))"""
# On disk before anything is sent, and with it all that was committed before; see the courier.
ON_DISK = "set_config('synchronous_commit', 'on', true)"

# One claim takes no more for a destination than it has room for. What an organisation that is suspended has waiting
# takes nobody's place.
CLAIM = f"""
WITH ready AS (
    SELECT q.no, q.destination, row_number() OVER (PARTITION BY q.destination ORDER BY q.retry_at, q.no) AS place
    FROM (
        SELECT no, destination, retry_at FROM ledger_delivery d
        WHERE state IN {OPEN} AND retry_at <= now() AND (lease_until IS NULL OR lease_until < now())
            AND destination <> ALL(%(full)s)
            AND EXISTS (SELECT FROM public.tenants_organisation o WHERE o.no = d.tenant_no AND o.state = 'ready')
            AND {IN_TURN}
        ORDER BY retry_at, no LIMIT 2000
    ) q
), taken AS (
    SELECT no FROM ledger_delivery
    WHERE no IN (
        SELECT no FROM ready
        LEFT JOIN unnest(%(names)s::text[], %(rooms)s::int[]) AS r(name, room) ON name = destination
        WHERE place <= coalesce(room, %(each)s) ORDER BY no LIMIT %(limit)s)
        AND state IN {OPEN} AND (lease_until IS NULL OR lease_until < now())
    ORDER BY no FOR UPDATE SKIP LOCKED
)
UPDATE ledger_delivery d SET lease_until = now() + make_interval(secs => {LEASE_SECONDS}),
    fencing_token = d.fencing_token + 1
FROM taken WHERE d.no = taken.no
RETURNING {COLUMNS}
"""
ATTEMPTS = f"""
WITH r AS (
    SELECT * FROM unnest(%(numbers)s::bigint[], %(tokens)s::bigint[], %(asked)s::bool[]) AS r(no, token, asked)
), held AS (
    UPDATE public.ledger_delivery d SET state = 'sending', attempts = d.attempts + 1,
        repeats = d.repeats + CASE WHEN d.state = 'sending' AND NOT r.asked THEN 1 ELSE 0 END,
        first_tried_at = coalesce(d.first_tried_at, clock_timestamp())
    FROM r WHERE d.no = r.no AND d.fencing_token = r.token AND d.tenant_no = %(tenant)s AND d.lease_until > now()
    RETURNING d.no, d.attempts
)
INSERT INTO public.ledger_attempt (delivery_no, number, started_at, tenant_no, outcome)
SELECT no, attempts, clock_timestamp(), %(tenant)s, 'unknown' FROM held
RETURNING delivery_no, number, started_at, {ON_DISK}
"""
FINISH = """
WITH r AS (
    SELECT * FROM unnest(%(numbers)s::bigint[], %(tokens)s::bigint[], %(attempts)s::int[], %(states)s::text[],
        %(retries)s::float8[], %(starts)s::timestamptz[], %(outcomes)s::text[], %(codes)s::int[],
        %(answers)s::text[], %(requests)s::text[], %(provider_ids)s::text[], %(fallbacks)s::float8[],
        %(repeats)s::float8[]) AS r(no, token, attempt, state, retry_in, started_at, outcome, code, answer,
            request, provider_id, fall_back_in, repeat_in)
), tried AS (
    UPDATE public.ledger_attempt a SET finished_at = clock_timestamp(), outcome = r.outcome, status_code = r.code,
        answer = r.answer, request = r.request
    FROM r WHERE a.delivery_no = r.no AND a.number = r.attempt AND a.started_at = r.started_at
        AND a.tenant_no = %(tenant)s
)
UPDATE public.ledger_delivery d SET state = r.state, lease_until = NULL,
    retry_at = coalesce(clock_timestamp() + make_interval(secs => r.retry_in), d.retry_at),
    last_answer = r.answer, provider_id = coalesce(nullif(r.provider_id, ''), d.provider_id),
    -- A receipt may be quicker than our own word that it was sent.
    fallback_at = CASE WHEN d.receipt = '' THEN clock_timestamp() + make_interval(secs => r.fall_back_in) END,
    repeat_at = clock_timestamp() + make_interval(secs => r.repeat_in),
    finished_at = CASE WHEN r.state IN ('sent', 'dead', 'unknown') THEN clock_timestamp() ELSE d.finished_at END
FROM r WHERE d.no = r.no AND d.fencing_token = r.token AND d.tenant_no = %(tenant)s AND d.state = 'sending'
RETURNING d.no
"""
# What follows an opening that never arrived must not arrive either.
CANCEL_ORPHANS = f"""
UPDATE ledger_delivery d SET state = 'cancelled', finished_at = now(),
    last_answer = 'the message of the outage never arrived, so its end is not told'
FROM ledger_delivery p LEFT JOIN ledger_delivery f ON f.no = p.folded_into
WHERE d.state IN {OPEN} AND d.follows_no = p.no
    AND coalesce(f.state, p.state) IN ('dead', 'cancelled')
"""
CANCEL_CHANNEL = f"""
UPDATE public.ledger_delivery SET state = 'cancelled', finished_at = now(), lease_until = NULL,
    fencing_token = fencing_token + 1, last_answer = %(why)s, fallback_at = NULL, repeat_at = NULL
WHERE tenant_no = %(tenant)s AND channel_id = %(channel)s AND (state IN {OPEN} OR state = 'held')
RETURNING no
"""
# Given back before anything was tried.
PUT_OFF = """
UPDATE public.ledger_delivery d SET retry_at = %(until)s, lease_until = NULL
FROM unnest(%(numbers)s::bigint[], %(tokens)s::bigint[]) AS r(no, token)
WHERE d.no = r.no AND d.fencing_token = r.token AND d.tenant_no = %(tenant)s
"""
LET_GO = """
UPDATE ledger_delivery d SET lease_until = NULL
FROM unnest(%(numbers)s::bigint[], %(tokens)s::bigint[]) AS r(no, token)
WHERE d.no = r.no AND d.fencing_token = r.token
"""
RESEND = """
UPDATE public.ledger_delivery SET state = 'retrying', retry_at = now(), finished_at = NULL, attempts = 0
WHERE tenant_no = %(tenant)s AND no = %(no)s AND state IN ('dead', 'unknown')
RETURNING no
"""


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that this process holds. `token` proves it at every later step."""

    no: int
    id: UUID
    tenant_no: int
    channel_id: UUID
    transport: str
    destination: str
    event: str
    payload: dict[str, Any]
    fact_at: datetime
    attempts: int
    token: int
    state: str
    incident_id: UUID | None
    channel_name: str
    recipient: str
    turn: int = 0
    purpose: str = "rule"
    rule_id: UUID | None = None
    person_id: UUID | None = None
    escalation_no: int | None = None
    first_tried_at: datetime | None = None
    wants_recovery: bool = False
    # By what the provider knows the message that this one follows.
    follows_id: str = ""


@dataclass(frozen=True, slots=True)
class Attempted:
    """An attempt whose row is committed: from here on the receiver may have the message."""

    leased: Leased
    number: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Finished:
    """How an attempt ended, and when the next one is due."""

    attempted: Attempted
    state: str
    outcome: str
    answer: str
    status_code: int | None = None
    retry_in: timedelta | None = None
    gone: bool = False
    misconfigured: bool = False
    request: str = ""
    provider_id: str = ""
    # Counted from the moment that the outcome is written.
    fall_back_in: timedelta | None = None
    repeat_in: timedelta | None = None


def claim(limit: int, each: int, rooms: Mapping[str, int]) -> list[Leased]:
    """Lease what is due, oldest first, at most `each` per destination, and of those named as many as they have room."""
    values: dict[str, Any] = {
        "limit": limit,
        "each": each,
        "full": [name for name, room in rooms.items() if room <= 0],
        "names": list(rooms),
        "rooms": list(rooms.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        rows = cursor.fetchall()
    return sorted((leased(row) for row in rows), key=lambda item: item.no)


def let_go(items: Sequence[Leased]) -> None:
    """Leave to the next claim, of whichever worker, what was claimed and cannot be sent now."""
    numbers, tokens = [item.no for item in items], [item.token for item in items]
    with connection.cursor() as cursor:
        cursor.execute(LET_GO, {"numbers": numbers, "tokens": tokens})


def cancel_orphans() -> None:
    """Of openings that never arrived the ends are not told either."""
    with connection.cursor() as cursor:
        cursor.execute(CANCEL_ORPHANS)


def attempt(tenant_no: int, items: Sequence[Leased], asked: Sequence[bool] | None = None) -> list[Attempted]:
    """Commit, before anything is sent, that it will be. Those whose lease is gone are left out.

    `asked`: of which the provider is asked first what became of the attempt before; those are no repeats.
    """
    values: dict[str, Any] = {
        "numbers": [item.no for item in items],
        "tokens": [item.token for item in items],
        "asked": list(asked) if asked is not None else [False] * len(items),
        "tenant": tenant_no,
    }
    with connection.cursor() as cursor:
        cursor.execute(ATTEMPTS, values)
        started = {no: (number, at) for no, number, at, _ in cursor.fetchall()}
    return [Attempted(item, *started[item.no]) for item in items if item.no in started]


def finish(tenant_no: int, items: Sequence[Finished]) -> set[int]:
    """Write outcomes; returns the deliveries that were still ours to finish."""
    values: dict[str, Any] = {
        "tenant": tenant_no,
        "numbers": [item.attempted.leased.no for item in items],
        "tokens": [item.attempted.leased.token for item in items],
        "attempts": [item.attempted.number for item in items],
        "starts": [item.attempted.started_at for item in items],
        "states": [item.state for item in items],
        "retries": [_seconds(item.retry_in) for item in items],
        "outcomes": [item.outcome for item in items],
        "codes": [item.status_code for item in items],
        "answers": [item.answer for item in items],
        "requests": [item.request for item in items],
        "provider_ids": [item.provider_id for item in items],
        "fallbacks": [_seconds(item.fall_back_in) for item in items],
        "repeats": [_seconds(item.repeat_in) for item in items],
    }
    with connection.cursor() as cursor:
        cursor.execute(FINISH, values)
        return {row[0] for row in cursor.fetchall()}


def cancel_channel(tenant_no: int, channel_id: UUID, why: str) -> list[int]:
    """Cancel all that waits for a channel; returns which deliveries that were."""
    with connection.cursor() as cursor:
        cursor.execute(CANCEL_CHANNEL, {"tenant": tenant_no, "channel": channel_id, "why": why})
        return [row[0] for row in cursor.fetchall()]


def put_off(tenant_no: int, items: Sequence[Leased], until: datetime) -> None:
    """Let go of these until then; whoever is behind the lease has them no more."""
    numbers, tokens = [item.no for item in items], [item.token for item in items]
    with connection.cursor() as cursor:
        cursor.execute(PUT_OFF, {"tenant": tenant_no, "numbers": numbers, "tokens": tokens, "until": until})


def resend(tenant_no: int, no: int) -> bool:
    """Give a dead letter its tries anew, under the same key. False if it is not dead."""
    with connection.cursor() as cursor:
        cursor.execute(RESEND, {"tenant": tenant_no, "no": no})
        return bool(cursor.fetchall())


def _seconds(wait: timedelta | None) -> float | None:
    return wait.total_seconds() if wait is not None else None


def leased(row: Sequence[Any]) -> Leased:
    no, identity, tenant_no, channel_id, transport, destination, event, payload, *rest = row
    content = json.loads(payload) if isinstance(payload, str) else payload
    return Leased(no, identity, tenant_no, channel_id, transport, destination, event, content, *rest)
