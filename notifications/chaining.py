"""Stop policies, reminders and fallbacks of an incident when somebody acts or it is over; go on when nobody has it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from incidents.facts import IncidentAcknowledged, IncidentReleased
from incidents.models import Incident, TimelineEntry
from incidents.saying import payload
from notifications.events import ACKNOWLEDGED, OPENED, REMINDER
from notifications.ledger import chains
from notifications.models import Rule
from pulse import bells, scoping
from pulse.ids import uuid7
from pulse.outbox.appending import NewFact, append

Kind = TimelineEntry.Kind
CALLING = ("policy", "reminder", "fallback")


def stop_acknowledged(acknowledged: Sequence[IncidentAcknowledged]) -> None:
    """In the transaction of the acknowledgement: from its commit on nobody else is called of it, or of a part of it.

    What may be saying it again at this moment holds the rows that are calmed: so that comes before the dropping.
    """
    organisation = scoping.current()
    facts = []
    for one in acknowledged:
        incident = Incident.objects.get(pk=one.incident)
        whole = _with_parts(one.incident)
        chains.stop(organisation.no, whole, "acknowledged")
        chains.calm(organisation.no, whole)
        chains.drop(organisation.no, whole, CALLING, (OPENED, REMINDER), f"{one.by_name} has it")
        content = {
            "incident": str(one.incident),
            "round": incident.round,
            "by": str(one.by_id or ""),
            "data": payload(organisation, incident),
        }
        facts.append(NewFact(ACKNOWLEDGED, uuid7(), 1, content))
    append(facts)


def resume_released(released: Sequence[IncidentReleased]) -> None:
    """Nobody has it any more: each policy goes on with its next step at once, and reminders in their time."""
    organisation = scoping.current()
    for one in released:
        whole = _with_parts(one.incident)
        names = chains.resume(organisation.no, whole)
        repeats = Rule.objects.filter(repeat_seconds__isnull=False).values_list("pk", "repeat_seconds")
        chains.remind_again(organisation.no, whole, dict(repeats))
        if names:
            text = f"Nobody has it: {' and '.join(sorted(set(names)))} goes on."
            TimelineEntry.objects.create(incident_id=one.incident, kind=Kind.ESCALATED, text=text[:500])
    transaction.on_commit(lambda: bells.ring("notifications"))


def _with_parts(incident: UUID) -> list[UUID]:
    """It, and what goes on of all that it stands for and that nobody has for itself."""
    parts = Incident.objects.filter(part_of=incident, resolved_at=None, acknowledged_at=None)
    return [incident, *parts.values_list("pk", flat=True)]
