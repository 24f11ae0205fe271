"""What people do to schedules and overrides: each verb in one transaction, with its audit entry."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from notifications.models import Override, Schedule
from notifications.oncall import definition
from pulse import live
from pulse.fields import ConfigError
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Handle, Organisation

TOPIC = "oncall"
HANDLE = "oncall"
# How far ahead, and how long, somebody takes over; and how late a form may be that says "from now".
AHEAD_AT_MOST = timedelta(days=366)
LONGEST = timedelta(days=90)
LATE_AT_MOST = timedelta(minutes=5)
# What one page has to work out: more of them are a rotation that wants to be a layer.
SCHEDULES_AT_MOST = 100
OVERRIDES_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class NewOverride:
    person: UUID
    starts_at: datetime
    ends_at: datetime


def create(organisation: Organisation, values: dict[str, Any], by: Actor) -> Schedule:
    """Save a schedule from what `definition.read` returned. Raises ConfigError when there are too many."""
    if Schedule.objects.count() >= SCHEDULES_AT_MOST:
        raise ConfigError([("", f"Delete a schedule first: there are {SCHEDULES_AT_MOST}.")])
    with transaction.atomic():
        schedule = Schedule.objects.create(**values)
        # By it the sweep finds the organisations that have schedules at all.
        Handle.objects.create(
            kind=HANDLE, key=schedule.pk.hex, organisation=organisation, object_id=schedule.pk
        )
        record(
            organisation, by, "created", "schedule", schedule.pk, schedule.name, definition.as_json(schedule)
        )
        live.publish(organisation.id, [TOPIC])
    return schedule


def update(organisation: Organisation, schedule: Schedule, values: dict[str, Any], by: Actor) -> Schedule:
    with transaction.atomic():
        schedule = Schedule.objects.select_for_update(no_key=True).get(pk=schedule.pk)
        before = definition.as_json(schedule)
        changes = {key: [before[key], values[key]] for key in before if before[key] != values[key]}
        if not changes:
            return schedule
        schedule.name, schedule.zone, schedule.layers = values["name"], values["zone"], values["layers"]
        # Whom the change puts on call soon has not been told, whatever others have been told of that time.
        schedule.handed_over_at = None
        schedule.save()
        record(organisation, by, "changed", "schedule", schedule.pk, schedule.name, changes)
        live.publish(organisation.id, [TOPIC])
    return schedule


def delete(organisation: Organisation, schedule: Schedule, by: Actor) -> None:
    """Its overrides and the address of its calendar go with it."""
    with transaction.atomic():
        schedule = Schedule.objects.select_for_update().get(pk=schedule.pk)
        record(
            organisation, by, "deleted", "schedule", schedule.pk, schedule.name, definition.as_json(schedule)
        )
        Handle.objects.filter(organisation=organisation, object_id=schedule.pk).delete()
        schedule.delete()
        live.publish(organisation.id, [TOPIC])


def check_override(wanted: NewOverride, now: datetime, members: Collection[UUID]) -> None:
    """Raise ConfigError for what cannot be: in the past, backwards, too long, or by a stranger."""
    errors = []
    if wanted.person not in members:
        errors.append(("/person", "Choose a member of the organisation."))
    if wanted.ends_at <= wanted.starts_at:
        errors.append(("/ends_at", "Use an end after the start."))
    elif wanted.ends_at <= now:
        errors.append(
            ("/ends_at", "It is over already: an override changes who will be on call, not who was.")
        )
    elif wanted.starts_at < now - LATE_AT_MOST:
        errors.append(("/starts_at", "Use a start that is not in the past: who was on call stays as it was."))
    if wanted.starts_at > now + AHEAD_AT_MOST:
        errors.append(("/starts_at", "Use a start within the next 366 days."))
    elif wanted.ends_at - wanted.starts_at > LONGEST:
        errors.append(("/ends_at", f"Use an end within {LONGEST.days} days of the start, or change a layer."))
    if errors:
        raise ConfigError(errors)


def add_override(
    organisation: Organisation, schedule: Schedule, wanted: NewOverride, name: str, now: datetime, by: Actor
) -> Override:
    """Somebody takes over, after `check_override`. A start that a form was late for is now. Raises ConfigError."""
    with transaction.atomic():
        # The schedule is held: it must not be deleted meanwhile.
        schedule = Schedule.objects.select_for_update(no_key=True).get(pk=schedule.pk)
        if schedule.overrides.filter(ends_at__gt=now).count() >= OVERRIDES_AT_MOST:
            raise ConfigError(
                [("", "Remove some overrides first, or change the layers: there are too many.")]
            )
        override = Override.objects.create(
            schedule=schedule,
            user_id=wanted.person,
            user_name=name,
            starts_at=max(wanted.starts_at, now),
            ends_at=wanted.ends_at,
            by_name=by.name,
        )
        _tell_again(schedule)
        _record(organisation, schedule, override, "added", by)
    return override


def remove_override(organisation: Organisation, override: Override, now: datetime, by: Actor) -> None:
    """One under way ends now, and what it was until now stays to be seen; one that is over stays as it is."""
    with transaction.atomic():
        override = (
            Override.objects.select_for_update(of=("self",)).select_related("schedule").get(pk=override.pk)
        )
        if override.ends_at <= now:
            return
        if override.starts_at < now:
            override.ends_at = now
            override.save(update_fields=["ends_at"])
        else:
            override.delete()
        _tell_again(override.schedule)
        _record(organisation, override.schedule, override, "removed", by)


def _tell_again(schedule: Schedule) -> None:
    """Hand-overs that lie ahead may be other people's now; who was told of the same one is not told twice."""
    Schedule.objects.filter(pk=schedule.pk).update(handed_over_at=None)


def _record(organisation: Organisation, schedule: Schedule, override: Override, verb: str, by: Actor) -> None:
    data = {"person": override.user_name, "from": override.starts_at, "until": override.ends_at}
    record(organisation, by, verb, "override", override.pk, schedule.name, data)
    live.publish(organisation.id, [TOPIC])
