"""What people and scripts do to one incident: take it, give it back, assign it, write about it, edit it.

Each verb is guarded and idempotent: done twice it changes nothing and answers the same. What contradicts how the
incident stands raises Contradiction, in words for whoever asked.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from incidents import live
from incidents.facts import IncidentAcknowledged, IncidentReleased
from incidents.locking import lock_one
from incidents.models import Incident, TimelineEntry
from pulse import facts
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Organisation

Kind = TimelineEntry.Kind
EDITED = ("title", "severity", "impact", "root_cause", "public_state")


class Contradiction(Exception):
    """Why it cannot be done to the incident as it stands."""


def acknowledge(organisation: Organisation, incident: Incident, by: Actor) -> Incident:
    """Say who has it. Doing so again, or after the end, changes nothing; the first one stays."""
    with transaction.atomic():
        incident = lock_one(incident.pk)
        if incident.acknowledged_at or incident.resolved_at:
            return incident
        now = timezone.now()
        incident.acknowledged_at, incident.acknowledged_by_id = now, by.id
        incident.acknowledged_by = by.name
        incident.first_acknowledged_at = incident.first_acknowledged_at or now
        incident.save(
            update_fields=[
                "acknowledged_at",
                "acknowledged_by_id",
                "acknowledged_by",
                "first_acknowledged_at",
            ]
        )
        say(organisation, incident, by, Kind.ACKNOWLEDGED, "acknowledged", f"{by.name} acknowledged.")
        facts.emit([IncidentAcknowledged(incident.pk, by.id, by.name, now)])
    return incident


def release(organisation: Organisation, incident: Incident, by: Actor) -> Incident:
    """Take an acknowledgement back: nobody has it any more. How long the first one took stays known."""
    with transaction.atomic():
        incident = lock_one(incident.pk)
        if incident.acknowledged_at is None:
            return incident
        if incident.resolved_at:
            raise Contradiction("It is resolved: who had it stays written. Open it again first.")
        whose = "" if incident.acknowledged_by_id == by.id else f" of {incident.acknowledged_by}"
        incident.acknowledged_at, incident.acknowledged_by_id, incident.acknowledged_by = None, None, ""
        incident.save(update_fields=["acknowledged_at", "acknowledged_by_id", "acknowledged_by"])
        text = f"{by.name} took back the acknowledgement{whose}: nobody has it."
        say(organisation, incident, by, Kind.RELEASED, "released", text)
        facts.emit([IncidentReleased(incident.pk, by.name, timezone.now())])
    return incident


def assign(
    organisation: Organisation, incident: Incident, to: tuple[UUID, str] | None, by: Actor
) -> Incident:
    """Say who should handle it: the (id, name) of a member, or None for nobody in particular."""
    with transaction.atomic():
        incident = lock_one(incident.pk)
        if incident.assignee_id == (to[0] if to else None):
            return incident
        if incident.resolved_at:
            raise Contradiction("It is resolved: there is nothing left to assign. Open it again first.")
        before = incident.assignee
        incident.assignee_id, incident.assignee = to or (None, "")
        incident.version += 1
        incident.save(update_fields=["assignee_id", "assignee", "version"])
        text = f"{by.name} assigned it to {incident.assignee}." if to else f"{by.name} unassigned {before}."
        say(organisation, incident, by, Kind.ASSIGNED, "assigned", text, {"to": [before, incident.assignee]})
    return incident


def note(organisation: Organisation, incident: Incident, text: str, by: Actor) -> TimelineEntry:
    """Write a note. The same person's same words at the end of the timeline are the same note: a script's repeat."""
    with transaction.atomic():
        incident = lock_one(incident.pk)
        last = incident.timeline.filter(kind=Kind.NOTE).order_by("at", "pk").last()
        if last and (last.actor_id, last.text) == (by.id, text):
            return last
        entry: TimelineEntry = incident.timeline.create(
            at=timezone.now(), kind=Kind.NOTE, actor_id=by.id, actor_name=by.name, text=text
        )
        record(organisation, by, "noted", "incident", incident.pk, str(incident))
        live.announce([incident])
    return entry


def edit(
    organisation: Organisation,
    incident: Incident,
    values: dict[str, Any],
    by: Actor,
    version: int | None = None,
) -> Incident:
    """Set title, severity, impact, root cause and public state. `version` is the one that the editor had seen.

    Raises Contradiction where somebody else edited it since, or where the public would be told otherwise than it is.
    """
    with transaction.atomic():
        incident = lock_one(incident.pk)
        changes = {
            name: [getattr(incident, name), values[name]]
            for name in EDITED
            if name in values and getattr(incident, name) != values[name]
        }
        if not changes:
            return incident
        if version is not None and version != incident.version:
            raise Contradiction(
                "Somebody else edited it meanwhile. Look at what it says now, then save yours again."
            )
        _refuse_untrue(incident, values.get("public_state", incident.public_state))
        for name, (_, after) in changes.items():
            setattr(incident, name, after)
        incident.version += 1
        incident.save(update_fields=[*changes, "version"])
        TimelineEntry.objects.bulk_create(
            TimelineEntry(
                incident=incident,
                kind=_kind_of(name),
                actor_id=by.id,
                actor_name=by.name,
                text=_words(by.name, name, before, after),
            )
            for name, (before, after) in changes.items()
        )
        record(organisation, by, "changed", "incident", incident.pk, str(incident), changes)
        live.announce([incident])
    return incident


def say(
    organisation: Organisation,
    incident: Incident,
    by: Actor,
    kind: TimelineEntry.Kind,
    verb: str,
    text: str,
    data: dict[str, Any] | None = None,
) -> None:
    """Write what somebody did into the timeline and the audit, and tell open pages."""
    incident.timeline.create(at=timezone.now(), kind=kind, actor_id=by.id, actor_name=by.name, text=text)
    record(organisation, by, verb, "incident", incident.pk, str(incident), data)
    live.announce([incident])


def _refuse_untrue(incident: Incident, public_state: str) -> None:
    over = Incident.PublicState.RESOLVED
    if incident.resolved_at is None and public_state == over:
        raise Contradiction("It is open, so the public cannot be told that it is resolved: resolve it first.")
    if incident.resolved_at and public_state not in (over, Incident.PublicState.MONITORING):
        raise Contradiction(
            "It is resolved: the public state can be resolved or monitoring. Open it again first."
        )


def _kind_of(name: str) -> TimelineEntry.Kind:
    return {"root_cause": Kind.CAUSE, "public_state": Kind.PUBLIC}.get(name, Kind.CHANGED)


def _words(who: str, name: str, before: str, after: str) -> str:
    if name == "root_cause":
        return f"{who} wrote the root cause: {after}" if after else f"{who} removed the root cause."
    what = name.replace("_", " ")
    if not before:
        return f"{who} set the {what} to {after}."
    if not after:
        return f"{who} removed the {what} {before}."
    return f"{who} changed the {what} from {before} to {after}."
