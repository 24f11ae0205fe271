"""Mute everything of an organisation until a time: checks and incidents go on, messages wait."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pulse import bells, facts, live
from pulse.scoping import in_tenant
from tenants.actors import Actor
from tenants.audit import record
from tenants.facts import MuteChanged
from tenants.models import Organisation


def mute(organisation: Organisation, until: datetime, by: Actor) -> None:
    _set(organisation, until, by, "muted")


def unmute(organisation: Organisation, by: Actor) -> None:
    """End it early: what was held back and still holds is told now."""
    _set(organisation, None, by, "unmuted")


def _set(organisation: Organisation, until: datetime | None, by: Actor, verb: str) -> None:
    with in_tenant(organisation), transaction.atomic():
        organisation.muted_until, organisation.muted_by = until, by.name if until else ""
        Organisation.objects.filter(pk=organisation.pk).update(
            muted_until=organisation.muted_until, muted_by=organisation.muted_by
        )
        record(organisation, by, verb, "organisation", organisation.id, organisation.name, {"until": until})
        facts.emit([MuteChanged(until is not None, by.name)])
        live.publish(organisation.id, ["muted"])
        transaction.on_commit(lambda: bells.ring("notifications"))
