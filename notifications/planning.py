"""Plan what becomes of one durable fact: whom it is told, now, later or never."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from incidents.models import Incident
from incidents.saying import JOINED, RESOLVED, tell_joined
from monitors.models import Monitor
from notifications import events
from notifications.audience import concerned
from notifications.ledger.models import Delivery, Escalation
from notifications.routing import (
    Known,
    Opening,
    Plan,
    Planned,
    Quiet,
    Subject,
    quiet,
    route_again,
    route_opened,
    route_resolved,
)
from notifications.ruling import Ruling, last_told, traits_of
from pulse.outbox.models import Fact
from pulse.outbox.relaying import Waiting
from tenants.models import Organisation

# Which of a rule's events each fact about a monitor is covered by.
COVERED_BY = {
    events.DEGRADED: frozenset({"degraded"}),
    events.FLAPPING: frozenset({"flapping"}),
    events.CERTIFICATE: frozenset({"certificate"}),
}
MINOR = "minor"


def plan(
    organisation: Organisation,
    fact: Waiting,
    incident: Incident | None,
    told: Sequence[Delivery],
    ruling: Ruling,
) -> Plan:
    """In the organisation's scope; `incident` is what the fact is about, where it is about one.

    `told` are the messages of its opening so far.
    """
    if fact.kind == events.TEST:
        return Plan((Planned(UUID(fact.payload["channel"]), reason="somebody asked for a test"),))
    if fact.kind in COVERED_BY:
        return _of_monitor(organisation, fact, told, ruling)
    if fact.kind == events.SETTLED:
        return _settled(organisation, fact)
    if incident is None:
        return Plan(because="The incident is gone.")
    if fact.kind == events.ACKNOWLEDGED:
        return _acknowledged(organisation, fact, incident, told, ruling)
    return _of_incident(organisation, fact, incident, told, ruling)


def openings(deliveries: Iterable[Delivery]) -> list[Opening]:
    """One for each receiver: of several messages to one the one that arrived, else the last."""
    best: dict[tuple[UUID, str], Delivery] = {}
    for delivery in deliveries:
        key = (delivery.channel_id, delivery.recipient)
        if key not in best or best[key].state != "sent":
            best[key] = delivery
    return [
        Opening(one.no, one.channel_id, one.state, one.wants_recovery, one.retry_at) for one in best.values()
    ]


def _of_incident(
    organisation: Organisation,
    fact: Waiting,
    incident: Incident,
    told: Sequence[Delivery],
    ruling: Ruling,
) -> Plan:
    now = timezone.now()
    whom = concerned(organisation, incident, fact, now)
    if fact.kind == RESOLVED:
        return route_resolved(whom.silence, openings(told), now)
    is_over = incident.resolved_at is not None and fact.was_held
    if fact.kind == JOINED and (
        is_over or _is_late(fact, incident) or not (whom.awake or whom.asleep or whom.silence)
    ):
        return Plan()  # what joined late is over: whoever was told of the outage hears of its end
    events_of_it = frozenset({"down", "drill"}) if incident.is_drill else frozenset({"down"})
    subject = Subject(traits_of(ruling, whom.awake), incident.severity, events_of_it, is_over)
    rules = [rule for rule in ruling.rules if rule.covers(subject.concerned)]
    known = Known(
        now,
        ruling.working,
        {delivery.channel_id for delivery in told},
        last_told(rules, whom.awake, now) if not incident.is_drill else {},
        whom.silence,
        _at_work(organisation, incident) if fact.kind == JOINED else (),
        ruling.instead,
    )
    found = route_opened(subject, rules, known)
    if whom.asleep and found.hold_until is None and not is_over:
        tell_joined(incident, sorted(whom.asleep))  # held by itself until the snooze ends
    return found


def _is_late(fact: Waiting, incident: Incident) -> bool:
    """The end was routed before it, or the outage was opened anew: whose turn it was then is told nothing now."""
    if fact.payload.get("round", incident.round) != incident.round:
        return True
    if incident.resolved_at is None:
        return False
    ends = Fact.objects.filter(tenant_no=fact.tenant_no, subject=incident.pk, kind=RESOLVED)
    last = ends.order_by("-sequence").first()
    return last is not None and last.routed_at is not None


def _at_work(organisation: Organisation, incident: Incident) -> set[UUID]:
    """The policies that this outage set to work since it was opened last."""
    found = Escalation.objects.filter(tenant_no=organisation.no, incident_id=incident.pk)
    rounds = found.values_list("policy_id", "payload__round")
    return {policy for policy, number in rounds if (number or 0) == incident.round}


def _of_monitor(organisation: Organisation, fact: Waiting, told: Sequence[Delivery], ruling: Ruling) -> Plan:
    """Nobody is told twice of one thing: who was told of the open incident knows more than that it flaps."""
    now = timezone.now()
    if fact.was_held and _settles(fact):
        return Plan()  # it came and went while messages were held back
    number = int(fact.payload["monitor_no"])
    subject = Subject(traits_of(ruling, [number]), MINOR, COVERED_BY[fact.kind])
    known = {delivery.channel_id for delivery in told}
    silence = _silence(organisation, number, now)
    return route_again(
        ruling.rules, subject, Known(now, ruling.working, known, {}, silence, instead=ruling.instead)
    )


def _settles(fact: Waiting) -> bool:
    """Whether the end of it waits already."""
    later = Fact.objects.filter(tenant_no=fact.tenant_no, subject=fact.subject, no__gt=fact.no)
    return later.filter(kind=events.SETTLED, routed_at=None).exists()


def _settled(organisation: Organisation, fact: Waiting) -> Plan:
    """To those that were told that it was degraded, and not yet that this is over."""
    now = timezone.now()
    found = Delivery.objects.filter(tenant_no=organisation.no, monitor_no=fact.payload["monitor_no"])
    last = found.filter(event=events.SETTLED).order_by("-no").first()
    since = found.filter(event__in=(events.DEGRADED, events.CERTIFICATE), no__gt=last.no if last else 0)
    # Whoever asked to hear of it asked to hear of its end.
    told = [replace(one, wants_recovery=True) for one in openings(since.order_by("no"))]
    return route_resolved(_silence(organisation, int(fact.payload["monitor_no"]), now), told, now)


def _was_called(delivery: Delivery) -> bool:
    """By a policy, or instead of a channel that failed: whoever that was need not go on looking."""
    return delivery.person_id is not None or delivery.purpose in ("policy", "fallback")


def _acknowledged(
    organisation: Organisation, fact: Waiting, incident: Incident, told: Sequence[Delivery], ruling: Ruling
) -> Plan:
    """To whoever was called or asked to hear of it, but not to the one who has it; while that is true."""
    if incident.acknowledged_at is None or incident.resolved_at is not None:
        return Plan()
    now = timezone.now()
    if silence := concerned(organisation, incident, fact, now).silence:
        return Plan(hold_until=silence.until, because=silence.why)
    wanting = {channel for rule in ruling.rules if "acknowledged" in rule.on for channel in rule.channels}
    by = fact.payload.get("by")
    recipients = {
        (one.channel_id, one.recipient): one
        for one in told
        if one.state == "sent"
        and str(one.person_id) != by
        and (_was_called(one) or one.channel_id in wanting)
    }
    return Plan(
        tuple(
            Planned(one.channel_id, follows=one.no, reason="it was told of the outage")
            for one in recipients.values()
        )
    )


def _silence(organisation: Organisation, number: int, now: datetime) -> Quiet | None:
    found = Monitor.objects.filter(no=number).values_list("snoozed_until", "snoozed_by").first()
    return quiet(now, organisation.muted_until, organisation.muted_by, *(found or (None, "")))
