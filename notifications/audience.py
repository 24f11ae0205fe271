"""Whom an incident concerns: which monitors it is about, who of them is snoozed, and who was told of it already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from incidents.models import Incident
from monitors.models import Monitor
from notifications.events import OPENED
from notifications.ledger.models import Delivery
from notifications.routing import Quiet, quiet
from pulse.outbox.relaying import Waiting
from tenants.models import Organisation


@dataclass(frozen=True, slots=True)
class Concerned:
    """The monitors that speak now, those that are snoozed, and why all of them are silent if they are."""

    awake: frozenset[int]
    asleep: frozenset[int]
    silence: Quiet | None


def incident_of(fact: Waiting) -> Incident | None:
    """What a fact is about: its subject, or the one that its content names."""
    identity = UUID(fact.payload["incident"]) if "incident" in fact.payload else fact.subject
    return Incident.objects.filter(pk=identity).first()


def concerned(organisation: Organisation, incident: Incident, fact: Waiting, now: datetime) -> Concerned:
    """Everything is silent while the organisation is muted, or while all of its monitors are snoozed.

    A mass outage does not wait for a snoozed one of its monitors, and that one's own rules wait for the snooze.
    """
    numbers = _numbers(incident, fact)
    snoozed = {
        monitor.no: Quiet(monitor.snoozed_until, f"the monitor is snoozed by {monitor.snoozed_by}")
        for monitor in Monitor.objects.filter(no__in=numbers, snoozed_until__gt=now)
        if monitor.snoozed_until
    }
    awake = numbers - snoozed.keys()
    silence = quiet(now, organisation.muted_until, organisation.muted_by, None, "")
    if snoozed and not awake:
        first = min(snoozed.values(), key=lambda reason: reason.until)
        silence = max(filter(None, (silence, first)), key=lambda reason: reason.until)
    return Concerned(frozenset(awake), frozenset(snoozed) if awake else frozenset(), silence)


def told_of(organisation: Organisation, incident: Incident, fact: Waiting) -> list[Delivery]:
    """The messages of the opening that the fact belongs to, oldest first: one opened again was told anew."""
    found = Delivery.objects.filter(
        tenant_no=organisation.no, incident_id=incident.pk, event=OPENED
    ).order_by("no")
    wanted = fact.payload.get("round", incident.round)
    return [one for one in found if (one.payload.get("round") or 0) == wanted]


def _numbers(incident: Incident, fact: Waiting) -> set[int]:
    if "monitors" in fact.payload:
        joined = set(fact.payload["monitors"])
        if not fact.was_held:
            return joined
        left = Incident.objects.filter(part_of=incident, resolved_at=None, monitor_no__in=joined)
        return {number for number in left.values_list("monitor_no", flat=True) if number is not None}
    if incident.monitor_no is not None:
        return {incident.monitor_no}
    of_it = Monitor.objects.filter(Q(incidents__part_of=incident) | Q(named_in=incident))
    return set(of_it.values_list("no", flat=True))
