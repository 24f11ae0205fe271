"""Make deliveries out of plans: for channels and for people, each when its limits let it go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from incidents.models import Incident
from notifications.contacts.reaching import Person, Reach
from notifications.ledger.entering import NewDelivery
from notifications.ledger.models import Delivery, DeliveryState
from notifications.models import NotificationChannel
from notifications.storming import Load, Verdict, judge
from notifications.transports import TRANSPORTS
from pulse import scoping
from pulse.ids import uuid7

# The newest messages are found by their order, so that a receiver with a long past costs no more than another. What
# was held or folded since is passed over; where that is more, something is held, and that alone says to wait.
LOADS = """
SELECT (SELECT array_agg(created_at) FROM (
        SELECT created_at FROM (
            SELECT created_at, state FROM public.ledger_delivery
            WHERE tenant_no = %(tenant)s AND {whose} = %(id)s ORDER BY no DESC LIMIT %(newest)s) newest
        WHERE created_at > %(since)s AND state NOT IN ('held', 'folded', 'cancelled')
        ORDER BY created_at DESC LIMIT %(limit)s) recent),
    (SELECT max(retry_at) FROM public.ledger_delivery
        WHERE tenant_no = %(tenant)s AND {whose} = %(id)s AND state = 'held' AND retry_at > %(now)s)
"""
HOUR = timedelta(hours=1)
PASSED_OVER = 1000
ANY_SEVERITY = ""


class Loads:
    """What receivers have already, asked once for each; what a batch adds before it is written counts too."""

    def __init__(self) -> None:
        self._known: dict[UUID, Load] = {}

    def of(self, whose: str, identity: UUID, limit: int | None, now: datetime) -> Load:
        if identity not in self._known:
            self._known[identity] = _load(whose, identity, limit, now)
        return self._known[identity]

    def add(self, identity: UUID, verdict: Verdict, now: datetime) -> None:
        load = self._known.get(identity)
        if load is None:
            return
        if verdict.state == DeliveryState.HELD:
            load = replace(load, held_until=max(verdict.at, load.held_until or verdict.at))
        else:
            load = replace(load, made=(*load.made, now))
        self._known[identity] = load


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is told: the fact behind it, its event and its content. Those of one batch share their `loads`."""

    fact_no: int
    event: str
    payload: Mapping[str, Any]
    incident: Incident | None
    now: datetime
    monitor_no: int | None = None
    fact_at: datetime | None = None
    loads: Loads = field(default_factory=Loads)


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
    now, limit, load = occasion.now, channel.hourly_limit, Load()
    if limit is not None or because.digest:
        load = occasion.loads.of("channel_id", channel.pk, limit, now)
    verdict = judge(now, because.wait, because.digest, limit, load)
    occasion.loads.add(channel.pk, verdict, now)
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
    occasion: Occasion, person: Person, reach: Reach, because: Because, severity: str
) -> NewDelivery:
    """By one of the person's own ways; at their quiet hours it waits for their end, where people can see it wait."""
    verdict = _judge_person(occasion, person, because.wait + timedelta(seconds=reach.after_seconds), severity)
    occasion.loads.add(person.user_id, verdict, occasion.now)
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


def _judge_person(occasion: Occasion, person: Person, wait: timedelta, severity: str) -> Verdict:
    now, limit, load = occasion.now, person.hourly_limit, Load()
    if limit is not None:
        load = occasion.loads.of("person_id", person.user_id, limit, now)
        if person.quiet_until(ANY_SEVERITY, now):
            # What waits for the morning must not hold back what may wake somebody.
            load = replace(load, held_until=None)
    verdict = judge(now, wait, timedelta(0), limit, load)
    until = person.quiet_until(severity, verdict.at)
    if until is None:
        return verdict
    return Verdict("held", until, f"quiet hours of {person.name} until {until:%H:%M} UTC")


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


def _load(whose: str, identity: UUID, limit: int | None, now: datetime) -> Load:
    values = {
        "tenant": scoping.current().no,
        "id": identity,
        "since": now - HOUR,
        "now": now,
        "limit": limit or 0,
        "newest": (limit or 0) + PASSED_OVER,
    }
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
