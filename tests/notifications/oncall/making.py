"""Schedules as tests need them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from notifications.models import Override, Schedule
from notifications.oncall import definition, planning, reading
from notifications.oncall.planning import NewOverride
from pulse.scoping import in_tenant
from tenants import membership
from tenants.abilities import Role
from tenants.actors import COMMAND_LINE
from tenants.models import Organisation, User


def layer(*people: Any, **more: Any) -> dict[str, Any]:
    usual = {"rotation": "daily", "start": "2027-01-04", "handoff": "09:00"}
    return {"people": [str(getattr(person, "pk", person)) for person in people], **usual, **more}


def schedule(organisation: Organisation, *layers: dict[str, Any], **more: Any) -> Schedule:
    wanted = {"name": "Primary", "zone": "UTC", "layers": list(layers), **more}
    with in_tenant(organisation):
        values = definition.read(wanted, timezone.now(), reading.members())
        return planning.create(organisation, values, COMMAND_LINE)


def override(schedule: Schedule, person: User, start: datetime, hours: float, organisation: Any) -> Override:
    wanted = NewOverride(person.pk, start, start + timedelta(hours=hours))
    with in_tenant(organisation):
        return planning.add_override(
            organisation, schedule, wanted, str(person), timezone.now(), COMMAND_LINE
        )


def member(organisation: Organisation, email: str, name: str = "", role: Role = Role.OPERATOR) -> User:
    user, _ = membership.find_or_create_user(email, "correct horse battery")
    user.name = name
    user.save(update_fields=["name"])
    membership.add(organisation, user, role, COMMAND_LINE)
    return user


def ids(*people: User) -> list[UUID]:
    return [person.pk for person in people]
