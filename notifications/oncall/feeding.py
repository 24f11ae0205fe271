"""Secret addresses of calendars: of a schedule, and of one person's shifts. Only hashes are kept."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from notifications.models import Schedule
from pulse import links
from tenants.actors import Actor
from tenants.audit import record
from tenants.keys import digest
from tenants.models import Handle, Membership, Organisation, User

SCHEDULE, PERSON = "oncall-feed", "oncall-shifts"


@dataclass(frozen=True, slots=True)
class Feed:
    """What an address shows: a schedule, or what one person has in all of them."""

    organisation: Organisation
    schedule_id: UUID | None
    person: User | None


def make(organisation: Organisation, schedule: Schedule, by: Actor) -> str:
    """The address, shown this once. The one before stops to work."""
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        verb = "rotated" if _drop(organisation, schedule) else "created"
        Handle.objects.create(
            kind=SCHEDULE, key=digest(token), organisation=organisation, object_id=schedule.pk
        )
        Schedule.objects.filter(pk=schedule.pk).update(feed_hash=digest(token))
        record(organisation, by, verb, "calendar feed", schedule.pk, schedule.name)
    return _address(token)


def revoke(organisation: Organisation, schedule: Schedule, by: Actor) -> None:
    with transaction.atomic():
        if _drop(organisation, schedule):
            Schedule.objects.filter(pk=schedule.pk).update(feed_hash="")
            record(organisation, by, "revoked", "calendar feed", schedule.pk, schedule.name)


def make_own(organisation: Organisation, user: User) -> str:
    """The same of a person's own shifts in this organisation."""
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        revoke_own(organisation, user)
        Handle.objects.create(kind=PERSON, key=digest(token), organisation=organisation, object_id=user.pk)
        record(organisation, Actor.person(user), "created", "calendar feed", user.pk, f"shifts of {user}")
    return _address(token)


def revoke_own(organisation: Organisation, user: User) -> None:
    if _own(organisation, user).delete()[0]:
        record(organisation, Actor.person(user), "revoked", "calendar feed", user.pk, f"shifts of {user}")


def has_own(organisation: Organisation, user: User) -> bool:
    return _own(organisation, user).exists()


def find(token: str) -> Feed | None:
    """What the address shows; None for one that is unknown, revoked, or of somebody who left."""
    handle = (
        Handle.objects.filter(kind__in=(SCHEDULE, PERSON), key=digest(token))
        .select_related("organisation")
        .first()
    )
    if handle is None or handle.organisation.state != Organisation.State.READY:
        return None
    if handle.kind == SCHEDULE:
        return Feed(handle.organisation, handle.object_id, None)
    members = Membership.objects.filter(organisation=handle.organisation, user__is_active=True)
    member = members.filter(user=handle.object_id).select_related("user").first()
    return Feed(handle.organisation, None, member.user) if member else None


def _address(token: str) -> str:
    return links.absolute(links.public_path("oncall-feed", token))


def _own(organisation: Organisation, user: User) -> QuerySet[Handle]:
    return Handle.objects.filter(kind=PERSON, organisation=organisation, object_id=user.pk)


def _drop(organisation: Organisation, schedule: Schedule) -> bool:
    return bool(
        Handle.objects.filter(kind=SCHEDULE, organisation=organisation, object_id=schedule.pk).delete()[0]
    )
