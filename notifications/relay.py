"""Route durable facts into deliveries: both in one transaction, so that a fact is routed once or not yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from incidents.models import Incident, TimelineEntry
from incidents.saying import JOINED, OPENED, RESOLVED, tell_joined
from notifications.audience import concerned, incident_of, openings
from notifications.ledger import queue
from notifications.ledger.queue import NewDelivery
from notifications.models import NotificationChannel, Rule
from notifications.routing import Plan, Planned, RuleView, route_opened, route_resolved
from notifications.transports import TRANSPORTS
from pulse import failpoints
from pulse.ids import uuid7
from pulse.outbox import relaying
from pulse.outbox.relaying import Waiting
from pulse.scoping import as_pipeline, in_tenant
from tenants.models import Organisation

log = structlog.get_logger(__name__)

FACTS_AT_ONCE = 200
AWAY = (OperationalError, InterfaceError)
Kind = TimelineEntry.Kind


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an organisation says about telling, read once per batch."""

    rules: list[RuleView]
    channels: dict[UUID, NotificationChannel]

    @property
    def working(self) -> frozenset[UUID]:
        return frozenset(pk for pk, channel in self.channels.items() if channel.disabled_at is None)


def relay() -> int:
    """Claim waiting facts and route them; returns how many were claimed (0: nothing waits)."""
    with as_pipeline():
        waiting = relaying.claim(FACTS_AT_ONCE)
    failpoints.reach("relay.claimed")
    by_tenant: defaultdict[int, list[Waiting]] = defaultdict(list)
    for fact in waiting:
        by_tenant[fact.tenant_no].append(fact)
    for tenant_no, facts in by_tenant.items():
        organisation = Organisation.objects.filter(no=tenant_no, state=Organisation.State.READY).first()
        if organisation is not None:
            _route_all(organisation, facts)
    failpoints.reach("relay.routed")
    return len(waiting)


def _route_all(organisation: Organisation, facts: Sequence[Waiting]) -> None:
    """All facts of an organisation in one transaction; if that fails, each in its own."""
    try:
        with in_tenant(organisation), transaction.atomic():
            # Under the lock that lifting a mute or a snooze takes: else a hold could be written just after it.
            organisation = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
            ruling = read_ruling()
            for fact in facts:
                route(organisation, fact, ruling)
            failpoints.reach("relay.routing")
    except AWAY:
        raise
    except Exception:
        log.exception("routing_failed", organisation=organisation.slug, facts=[fact.no for fact in facts])
        if len(facts) > 1:
            for fact in facts:
                _route_all(organisation, [fact])


def read_ruling() -> Ruling:
    rules = [
        RuleView(
            rule.name,
            frozenset(rule.on),
            frozenset(channel.pk for channel in rule.channels.all()),
            None if rule.all_monitors else frozenset(monitor.no for monitor in rule.monitors.all()),
        )
        for rule in Rule.objects.filter(enabled=True).prefetch_related("channels", "monitors")
    ]
    return Ruling(rules, NotificationChannel.objects.in_bulk())


def route(organisation: Organisation, fact: Waiting, ruling: Ruling) -> None:
    """Plan one fact and write the plan down, with a word in the incident's timeline."""
    incident = incident_of(fact)
    plan = _plan(organisation, fact, incident, ruling)
    rows = [
        _delivery(fact, incident, ruling.channels[planned.channel_id], planned)
        for planned in plan.deliveries
        if planned.channel_id in ruling.channels
    ]
    if not relaying.mark(fact, plan.because or f"{len(rows)} deliveries", plan.hold_until):
        return
    queue.insert(organisation.no, fact.created_at, rows)
    if incident is not None and plan.because:
        _note(incident, plan)


def _plan(organisation: Organisation, fact: Waiting, incident: Incident | None, ruling: Ruling) -> Plan:
    if fact.kind == "channel.test":
        return Plan((Planned(UUID(fact.payload["channel"])),))
    if incident is None:
        return Plan(because="The incident is gone.")
    whom = concerned(organisation, incident, fact, timezone.now())
    told = openings(organisation, incident, fact)
    if fact.kind == RESOLVED:
        return route_resolved(whom.silence, told)
    is_over = incident.resolved_at is not None and fact.was_held
    if fact.kind == JOINED and (is_over or not (whom.awake or whom.asleep or whom.silence)):
        return Plan()  # what joined late is over: whoever was told of the outage hears of its end
    known = {opening.channel_id for opening in told}
    plan = route_opened(whom.awake, is_over, whom.silence, ruling.rules, ruling.working, known)
    if whom.asleep and plan.hold_until is None and not is_over:
        tell_joined(incident, sorted(whom.asleep))  # held by itself until the snooze ends
    return plan


def _delivery(
    fact: Waiting, incident: Incident | None, channel: NotificationChannel, planned: Planned
) -> NewDelivery:
    transport = TRANSPORTS[channel.kind]
    return NewDelivery(
        id=uuid7(),
        fact_no=fact.no,
        event=OPENED if fact.kind == JOINED else fact.kind,
        incident_id=incident.pk if incident else None,
        monitor_no=incident.monitor_no if incident else None,
        channel_id=channel.pk,
        channel_name=channel.name,
        transport=channel.kind,
        recipient=transport.recipient(channel.config),
        destination=transport.destination(channel.config),
        payload=fact.payload,
        wants_recovery=planned.wants_recovery,
        follows_no=planned.follows,
    )


def _note(incident: Incident, plan: Plan) -> None:
    if plan.hold_until:
        text = f"Messages wait until {plan.hold_until:%Y-%m-%d %H:%M} UTC: {plan.because}."
        incident.timeline.create(kind=Kind.HELD, text=text[:500])
    else:
        incident.timeline.create(kind=Kind.NOT_TOLD, text=plan.because)
