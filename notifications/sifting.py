"""Sift what is leased just before it goes out: what a mute holds back by now, and what nobody needs any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from incidents.models import Incident
from notifications import events, notices
from notifications.chaining import CALLING
from notifications.ledger import chains, queue
from notifications.ledger.models import Delivery, DeliveryState
from notifications.ledger.queue import Leased
from tenants.models import Organisation

AT_ANY_TIME = (events.TEST, *notices.FACTS)
LOOK_AGAIN = timedelta(minutes=1)


def sift(organisation: Organisation, items: Sequence[Leased]) -> Sequence[Leased]:
    """What may go out now, in the transaction that commits its attempts."""
    return _not_stale(organisation, _still_wanted(organisation, _not_muted(organisation, items)))


def _not_muted(organisation: Organisation, items: Sequence[Leased]) -> Sequence[Leased]:
    """A mute holds back what was planned before it too. It may be ended early, so that is looked at again and again."""
    now = timezone.now()
    if not organisation.muted_at(now):
        return items
    waiting = [item for item in items if item.event not in AT_ANY_TIME]
    queue.put_off(organisation.no, waiting, now + LOOK_AGAIN)
    return [item for item in items if item.event in AT_ANY_TIME]


def _still_wanted(organisation: Organisation, items: Sequence[Leased]) -> Sequence[Leased]:
    """Somebody may have taken it at the moment at which the next one was chosen: then nobody else is called."""
    calls = [item for item in items if item.purpose in CALLING and item.attempts == 0]
    if not calls:
        return items
    taken = set(
        Incident.objects.filter(pk__in={item.incident_id for item in calls})
        .filter(Q(acknowledged_at__isnull=False) | Q(part_of__acknowledged_at__isnull=False))
        .values_list("pk", flat=True)
    )
    spare = {item.no for item in calls if item.incident_id in taken}
    chains.cancel(organisation.no, spare, "somebody has it")
    return [item for item in items if item.no not in spare]


def _not_stale(organisation: Organisation, items: Sequence[Leased]) -> Sequence[Leased]:
    """A beginning that was under way when the outage ended, and failed: its end tells of both, as one message."""
    late = {
        item.no: item.incident_id
        for item in items
        if item.event == events.OPENED and item.state == DeliveryState.RETRYING
    }
    if not late:
        return items
    following = Delivery.objects.filter(
        tenant_no=organisation.no,
        incident_id__in=late.values(),
        follows_no__in=late,
        event=events.RESOLVED,
        state__in=(DeliveryState.HELD, DeliveryState.PENDING),
    )
    ends = {end.follows_no: end.id for end in following.only("id", "follows_no") if end.follows_no}
    folded = chains.fold(organisation.no, ends)
    chains.name(organisation.no, {no: ends[no] for no in folded})
    following.filter(follows_no__in=folded).update(follows_no=None)
    return [item for item in items if item.no not in folded]
