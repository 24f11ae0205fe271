"""Make deliveries out of plans: for channels and for people, each when its limits let it go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from incidents.models import Incident
from notifications.contacts.reaching import Person, Reach
from notifications.ledger.models import Delivery, DeliveryState
from notifications.ledger.queue import NewDelivery
from notifications.models import NotificationChannel
from notifications.storming import Load, Verdict, judge
from notifications.transports import TRANSPORTS
from pulse import scoping
from pulse.ids import uuid7

# The newest messages of an hour are all that a limit can count.
LOADS = """
SELECT (SELECT array_agg(created_at) FROM (
        SELECT created_at FROM public.ledger_delivery
        WHERE tenant_no = %(tenant)s AND {whose} = %(id)s AND created_at > %(since)s
            AND state NOT IN ('held', 'folded', 'cancelled')
        ORDER BY no DESC LIMIT 1000) recent),
    (SELECT max(retry_at) FROM public.ledger_delivery
        WHERE tenant_no = %(tenant)s AND {whose} = %(id)s AND state = 'held' AND retry_at > %(now)s)
"""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is told: the fact behind it, its event and its content."""

    fact_no: int
    event: str
    payload: Mapping[str, Any]
    incident: Incident | None
    now: datetime
    monitor_no: int | None = None
    fact_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Because:
    """Why this receiver is told, and as what."""

    purpose: str = "rule"
    reason: str = ""
    rule_id: UUID | None = None
    escalation_no: int | None = None
    turn: int = 0
    wants_recovery: bool = False
    follows: int | None = None
    wait: timedelta = timedelta(0)
    digest: timedelta = timedelta(0)


def to_channel(occasion: Occasion, channel: NotificationChannel, because: Because) -> NewDelivery:
    load = Load()
    if channel.hourly_limit is not None or because.digest:
        load = _load("channel_id", channel.pk, occasion.now)
    verdict = judge(occasion.now, because.wait, because.digest, channel.hourly_limit, load)
    transport = TRANSPORTS[channel.kind]
    return _delivery(
        occasion,
        because,
        verdict,
        channel_id=channel.pk,
        channel_name=channel.name,
        transport=channel.kind,
        recipient=transport.recipient(channel.config),
        destination=transport.destination(channel.config),
    )


def to_person(
    occasion: Occasion, person: Person, reach: Reach, because: Because, quiet_until: datetime | None = None
) -> NewDelivery:
    """By one of the person's own ways; at their quiet hours it waits for their end, where people can see it wait."""
    load = _load("person_id", person.user_id, occasion.now) if person.hourly_limit is not None else Load()
    wait = because.wait + timedelta(seconds=reach.after_seconds)
    verdict = judge(occasion.now, wait, timedelta(0), person.hourly_limit, load)
    if quiet_until is not None and quiet_until > verdict.at:
        verdict = Verdict("held", quiet_until, f"quiet hours of {person.name} until {quiet_until:%H:%M} UTC")
    transport = TRANSPORTS[reach.kind]
    return _delivery(
        occasion,
        because,
        verdict,
        channel_id=reach.contact_id,
        channel_name=f"{person.name}, {reach.label}"[:254],
        transport=reach.kind,
        recipient=transport.recipient(reach.config),
        destination=transport.destination(reach.config),
        person_id=person.user_id,
    )


def to_same(occasion: Occasion, earlier: Delivery, because: Because, *, is_due: bool = False) -> NewDelivery:
    """To the very receiver of an earlier message. What waits for others, or for a limit, waits with its end."""
    verdict, due = Verdict("pending", occasion.now), earlier.retry_at
    is_held = earlier.state == DeliveryState.HELD and because.follows is None and not is_due
    if is_held and due and due > occasion.now:
        verdict = Verdict("held", due, earlier.last_answer)
    return _delivery(
        occasion,
        because,
        verdict,
        channel_id=earlier.channel_id,
        channel_name=earlier.channel_name,
        transport=earlier.transport,
        recipient=earlier.recipient,
        destination=earlier.destination,
        person_id=earlier.person_id,
    )


def _load(whose: str, identity: UUID, now: datetime) -> Load:
    values = {"tenant": scoping.current().no, "id": identity, "since": now - HOUR, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(LOADS.format(whose=whose), values)
        made, held_until = cursor.fetchone()
    return Load(made or (), held_until)


def _delivery(occasion: Occasion, because: Because, verdict: Verdict, **receiver: Any) -> NewDelivery:
    incident = occasion.incident
    return NewDelivery(
        id=uuid7(),
        fact_no=occasion.fact_no,
        event=occasion.event,
        incident_id=incident.pk if incident else None,
        monitor_no=incident.monitor_no if incident else occasion.monitor_no,
        payload=dict(occasion.payload),
        wants_recovery=because.wants_recovery,
        follows_no=because.follows,
        turn=because.turn,
        purpose=because.purpose,
        reason=because.reason,
        rule_id=because.rule_id,
        escalation_no=because.escalation_no,
        state=verdict.state,
        retry_at=verdict.at,
        last_answer=verdict.why,
        fact_at=occasion.fact_at or occasion.now,
        **receiver,
    )
