"""Whom an incident concerns: which monitors it is about, who of them is snoozed, and who was told of it already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
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


def incident_id(fact: Waiting) -> UUID:
    """What a fact is about: its subject, or the incident that its content names."""
    return UUID(fact.payload["incident"]) if "incident" in fact.payload else fact.subject


def incidents_of(facts: Sequence[Waiting]) -> dict[UUID, Incident]:
    """By id, each with its monitor, in one query."""
    return Incident.objects.select_related("monitor").in_bulk({incident_id(fact) for fact in facts})


def concerned(organisation: Organisation, incident: Incident, fact: Waiting, now: datetime) -> Concerned:
    """Everything is silent while the organisation is muted, or while all of its monitors are snoozed.

    A mass outage does not wait for a snoozed one of its monitors, and that one's own rules wait for the snooze.
    """
    numbers = _numbers(incident, fact)
    snoozed = {
        monitor.no: Quiet(monitor.snoozed_until, f"the monitor is snoozed by {monitor.snoozed_by}")
        for monitor in _asleep(incident, numbers, now)
        if monitor.snoozed_until
    }
    awake = numbers - snoozed.keys()
    silence = quiet(now, organisation.muted_until, organisation.muted_by, None, "")
    if snoozed and not awake:
        first = min(snoozed.values(), key=lambda reason: reason.until)
        silence = max(filter(None, (silence, first)), key=lambda reason: reason.until)
    return Concerned(frozenset(awake), frozenset(snoozed) if awake else frozenset(), silence)


def told_of(
    organisation: Organisation, incidents: Mapping[UUID, Incident], facts: Sequence[Waiting]
) -> dict[int, list[Delivery]]:
    """By fact the messages of the opening that it belongs to, oldest first: one opened again was told anew.

    Of an opening nobody was told yet: that costs no query.
    """
    asking = [fact for fact in facts if fact.kind != OPENED and incident_id(fact) in incidents]
    if not asking:
        return {}
    ids = {incident_id(fact) for fact in asking}
    found: defaultdict[UUID, list[Delivery]] = defaultdict(list)
    rows = Delivery.objects.filter(tenant_no=organisation.no, incident_id__in=ids, event=OPENED)
    for delivery in rows.order_by("no"):
        found[delivery.incident_id].append(delivery)  # type: ignore[index]  # of these incidents
    return {
        fact.no: [
            one
            for one in found[incident_id(fact)]
            if (one.payload.get("round") or 0)
            == fact.payload.get("round", incidents[incident_id(fact)].round)
        ]
        for fact in asking
    }


def _asleep(incident: Incident, numbers: Collection[int], now: datetime) -> Iterable[Monitor]:
    """Those of the monitors that are snoozed; of an incident's own monitor that is known with it."""
    own = incident.monitor
    if own is not None and numbers == {own.no}:
        return [own] if own.snoozed_until and own.snoozed_until > now else []
    return Monitor.objects.filter(no__in=numbers, snoozed_until__gt=now)


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
