"""What receivers answer: a link, a reply by SMS, a button in a chat. Each is the incident's own verb."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from incidents import handling
from incidents.locking import lock_one
from incidents.models import Incident
from notifications import tokens
from notifications.ledger.models import Delivery
from pulse.scoping import in_tenant
from tenants.abilities import Ability
from tenants.actors import Actor
from tenants.models import Membership, Organisation

VALID = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link is about, and how things stand. `refusal` says why it can do nothing; '' when it can."""

    organisation: Organisation
    delivery: Delivery
    incident: Incident | None
    by: Actor | None
    refusal: str = ""


def find(token: str, now: datetime | None = None) -> Asked | None:
    """What the link was made for; None for one that was not made here. Nothing changes by looking."""
    numbers = tokens.read(token, "acknowledge")
    if numbers is None:
        return None
    organisation = Organisation.objects.filter(no=numbers[0], state=Organisation.State.READY).first()
    if organisation is None:
        return None
    with in_tenant(organisation):
        delivery = Delivery.objects.filter(tenant_no=organisation.no, no=numbers[1]).first()
        if delivery is None or delivery.incident_id is None:
            return None
        if _has_left(organisation, delivery):
            return None
        incident = Incident.objects.filter(pk=delivery.incident_id).first()
        by = _by(organisation, delivery)
        return Asked(
            organisation, delivery, incident, by, _refusal(delivery, incident, by, now or timezone.now())
        )


def acknowledge(asked: Asked, by: Actor | None = None) -> Asked:
    """`by` names somebody whom the receiver's own sign-in told us (a chat). Nobody is put in the place of who has it.

    The incident's row comes first, as for whoever acknowledges: of two links that are pressed at once one waits.
    """
    actor = by or asked.by
    if asked.refusal or asked.incident is None or actor is None:
        return asked
    with in_tenant(asked.organisation), transaction.atomic():
        incident = lock_one(asked.incident.pk)
        if incident.acknowledged_at is None and incident.resolved_at is None:
            incident = handling.acknowledge(asked.organisation, incident, actor)
            Delivery.objects.filter(tenant_no=asked.organisation.no, no=asked.delivery.no).update(
                acknowledged_at=timezone.now()
            )
        delivery = Delivery.objects.get(tenant_no=asked.organisation.no, no=asked.delivery.no)
    return Asked(asked.organisation, delivery, incident, actor)


def take_back(asked: Asked) -> Asked:
    """Undo what this link did, while nobody else has it; the link works again then."""
    if asked.incident is None or asked.by is None or asked.delivery.acknowledged_at is None:
        return asked
    with in_tenant(asked.organisation), transaction.atomic():
        incident = lock_one(asked.incident.pk)
        mine = (incident.acknowledged_by_id, incident.acknowledged_by) == (asked.by.id, asked.by.name)
        if mine and incident.resolved_at is None:
            handling.release(asked.organisation, incident, asked.by)
            Delivery.objects.filter(tenant_no=asked.organisation.no, no=asked.delivery.no).update(
                acknowledged_at=None
            )
    return find_again(asked)


def find_again(asked: Asked) -> Asked:
    found = find(tokens.token_of(asked.organisation.no, asked.delivery.no, "acknowledge"))
    assert found is not None
    return found


def _has_left(organisation: Organisation, delivery: Delivery) -> bool:
    """Who is no member any more is not told how things stand, by old links either."""
    if delivery.person_id is None:
        return False
    return not Membership.objects.filter(organisation=organisation, user_id=delivery.person_id).exists()


def _by(organisation: Organisation, delivery: Delivery) -> Actor | None:
    """A person who still may; of a channel that several read, whoever reads it."""
    if delivery.person_id is None:
        return Actor("channel", delivery.channel_id, f"somebody at {delivery.channel_name}"[:254])
    found = Membership.objects.filter(
        organisation=organisation, user_id=delivery.person_id, user__is_active=True
    ).select_related("user")
    membership = found.first()
    if membership is None or not membership.may(Ability.ACKNOWLEDGE):
        return None
    return Actor.person(membership.user)


def _refusal(delivery: Delivery, incident: Incident | None, by: Actor | None, now: datetime) -> str:
    if incident is None:
        return "The incident is gone."
    if delivery.created_at < now - VALID:
        return "This link is older than seven days. Sign in to see how the incident stands."
    if by is None:
        return "You may not acknowledge incidents of this organisation any more. Ask one of its owners."
    return ""
