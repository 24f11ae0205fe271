"""Messages to people that no rule asks for: a hand-over of the pager, a channel that fails."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from notifications import events
from notifications.addressing import Because, Occasion, to_person
from notifications.contacts.reaching import reaches
from notifications.ledger.entering import NewDelivery
from notifications.models import NotificationChannel
from pulse import links
from pulse.outbox.appending import NewFact, append
from pulse.outbox.relaying import Waiting
from tenants.abilities import Ability, may
from tenants.models import Membership, Organisation

FACTS = (events.HANDOVER, events.CHANNEL_FAILING)
SEVERITY = "minor"  # nobody is woken for these
NOTICE = {
    events.HANDOVER: "hand-over of an on-call schedule",
    events.CHANNEL_FAILING: "you can mend this channel",
}
# A channel is said to fail once a day at most: the number of the day makes the fact unique.
EPOCH_DAY = 719_163  # 1970-01-01


def deliveries(organisation: Organisation, fact: Waiting) -> list[NewDelivery]:
    """To those concerned, by their own ways, never by the channel that fails."""
    now = timezone.now()
    occasion = Occasion(fact.no, fact.kind, fact.payload, None, now, fact_at=fact.created_at)
    because = Because("notice", NOTICE[fact.kind])
    rows = []
    for person in reaches(_concerned(organisation, fact)).values():
        # One way is enough for what can wait until somebody looks: the first that costs nothing but time.
        reach = min(person.methods, key=lambda method: (method.kind != "email", method.after_seconds))
        rows.append(to_person(occasion, person, reach, because, SEVERITY))
    return rows


def channel_fails(organisation: Organisation, channel: NotificationChannel, problem: str) -> None:
    """Say so to whoever can mend it, in the transaction that found it out."""
    data = {
        "organisation": {"slug": organisation.slug, "name": organisation.name},
        "channel": {
            "id": str(channel.pk),
            "name": channel.name,
            "url": links.page_of(organisation.slug, "notifications:channel-edit", channel.pk),
        },
        "problem": problem[:300],
    }
    day = timezone.now().date().toordinal() - EPOCH_DAY
    append([NewFact(events.CHANNEL_FAILING, channel.pk, day, {"data": data})])


def _concerned(organisation: Organisation, fact: Waiting) -> set[UUID]:
    if fact.kind == events.HANDOVER:
        wanted = [UUID(fact.payload["person"])]
        found = Membership.objects.filter(organisation=organisation, user__in=wanted)
        return set(found.values_list("user_id", flat=True))
    members = Membership.objects.filter(organisation=organisation, user__is_active=True)
    return {user for user, role in members.values_list("user_id", "role") if may(role, Ability.EDIT_CHANNELS)}
