"""Follow up what was sent: remind while an outage lasts, try the next way without a receipt, send what was held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from incidents.models import Incident, TimelineEntry
from notifications.addressing import Because, Loads, Occasion, to_channel, to_same
from notifications.events import DIGEST, OPENED, REMINDER
from notifications.ledger import chains, entering, follow_ups
from notifications.ledger.entering import NewDelivery
from notifications.ledger.models import Delivery
from notifications.models import NotificationChannel
from notifications.reconnecting import AWAY, reconnect
from pulse import failpoints, live
from pulse.scoping import as_pipeline, in_tenant
from tenants.models import Organisation

log = structlog.get_logger(__name__)
Kind = TimelineEntry.Kind
TOLD_AT_MOST = 50
LOOK_AGAIN = timedelta(minutes=1)  # while everything is muted
# Turns of one message to one receiver: policies count up from 1, reminders from here. A digest has that of the first
# message in it, below 0: so each digest of the same outage has its own.
FIRST_REMINDER = 10_000
GATHERED = -1


def follow_up_all() -> int:
    """Returns how many organisations had something to follow up."""
    with as_pipeline():
        due = follow_ups.due()
    for tenant_no in due:
        organisation = Organisation.objects.filter(no=tenant_no, state=Organisation.State.READY).first()
        if organisation is not None:
            _follow_up(organisation)
    return len(due)


def _follow_up(organisation: Organisation) -> None:
    try:
        with in_tenant(organisation), transaction.atomic():
            organisation = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
            now = timezone.now()
            if organisation.muted_at(now):
                follow_ups.put_off(organisation.no, now, now + LOOK_AGAIN)
                return
            fall_back(organisation, follow_ups.without_receipt(organisation.no, now), now)
            _remind(organisation, follow_ups.to_repeat(organisation.no, now), now)
            _gather(organisation, follow_ups.held(organisation.no, now), now)
            live.publish(organisation.id, ["deliveries"])
            failpoints.reach("follow.writing")
    except AWAY as error:
        reconnect(error, organisation.slug, at="following")
    except Exception:  # one organisation's fault must not keep the others' messages back
        log.exception("follow_up_failed", organisation=organisation.slug)


def fall_back(organisation: Organisation, numbers: Sequence[int], now: datetime) -> None:
    """Tell the next channel of what one did not confirm, or gave up; a person's next ways do not wait for their turn.

    Whoever acted meanwhile needs no other way.
    """
    if not numbers:
        return
    chains.hurry(organisation.no, numbers)
    found = Delivery.objects.filter(tenant_no=organisation.no).in_bulk(numbers)
    channels = NotificationChannel.objects.select_related("fallback").in_bulk(
        {one.channel_id for one in found.values()}
    )
    incidents = _open_incidents(found.values())
    rows, loads = [], Loads()
    for delivery in found.values():
        channel = channels.get(delivery.channel_id)
        incident = incidents.get(delivery.incident_id) if delivery.incident_id else None
        other = next_way(channel) if channel and incident else None
        if channel and incident and other:
            rows.append(_instead(delivery, channel, other, incident, now, loads))
    entering.insert(organisation.no, now, rows)


def next_way(channel: NotificationChannel) -> NotificationChannel | None:
    """The first channel after it that works."""
    seen, other = {channel.pk}, channel.fallback
    while other is not None and other.disabled_at and other.pk not in seen:
        seen.add(other.pk)
        other = other.fallback
    return other if other is not None and other.pk not in seen else None


def _instead(
    delivery: Delivery,
    channel: NotificationChannel,
    other: NotificationChannel,
    incident: Incident,
    now: datetime,
    loads: Loads,
) -> NewDelivery:
    failed = delivery.state != "sent" or delivery.receipt == "failed"
    why = f"{channel.name} {'could not deliver it' if failed else 'has no receipt'}"
    incident.timeline.create(kind=Kind.ESCALATED, text=f"{why}: telling {other.name} instead.")
    occasion = Occasion(delivery.fact_no, delivery.event, delivery.payload, incident, now, loads=loads)
    because = Because(
        "fallback", why, delivery.rule_id, delivery.escalation_no, delivery.turn, delivery.wants_recovery
    )
    return to_channel(occasion, other, because)


def _remind(organisation: Organisation, numbers: Sequence[int], now: datetime) -> None:
    """Once more to the same receiver, with what is known by now, while it is open and nobody has it."""
    found = Delivery.objects.filter(tenant_no=organisation.no).in_bulk(numbers)
    incidents = _open_incidents(found.values())
    rows = []
    for delivery in found.values():
        incident = incidents.get(delivery.incident_id) if delivery.incident_id else None
        if incident is None:
            continue
        turn = max(delivery.turn, FIRST_REMINDER - 1) + 1
        occasion = Occasion(delivery.fact_no, REMINDER, delivery.payload, incident, now)
        nth = turn - FIRST_REMINDER + 1
        because = Because(
            "reminder", f"reminder {nth}, because of {delivery.reason}"[:300], delivery.rule_id, turn=turn
        )
        rows.append(to_same(occasion, delivery, because))
    entering.insert(organisation.no, now, rows)


def _open_incidents(deliveries: Any) -> dict[Any, Incident]:
    """Those that go on and that nobody has taken."""
    ids = {one.incident_id for one in deliveries if one.event in (OPENED, REMINDER) and one.incident_id}
    found = Incident.objects.filter(pk__in=ids, resolved_at=None, acknowledged_at=None)
    return {incident.pk: incident for incident in found}


def _gather(organisation: Organisation, numbers: Sequence[int], now: datetime) -> None:
    """What was held for one receiver goes out: one by itself, several as one message that names each."""
    by_receiver: defaultdict[tuple[Any, str], list[Delivery]] = defaultdict(list)
    found = Delivery.objects.filter(tenant_no=organisation.no, no__in=numbers).order_by("no")
    for delivery in found:
        by_receiver[(delivery.channel_id, delivery.recipient)].append(delivery)
    for waiting in by_receiver.values():
        if len(waiting) == 1:
            follow_ups.release(organisation.no, [waiting[0].no], now)
        else:
            _fold(organisation, waiting, now)


def _fold(organisation: Organisation, waiting: Sequence[Delivery], now: datetime) -> None:
    first = waiting[0]
    data = {
        "organisation": {"slug": organisation.slug, "name": organisation.name},
        "count": len(waiting),
        "items": [
            {"event": one.event, "at": one.fact_at.isoformat(), "data": one.payload.get("data", {})}
            for one in waiting[:TOLD_AT_MOST]
        ],
        "because": first.last_answer,
    }
    occasion = Occasion(first.fact_no, DIGEST, {"data": data}, None, now)
    because = Because("digest", f"{len(waiting)} messages that were held back", turn=GATHERED - first.turn)
    row = to_same(occasion, first, because, is_due=True)
    entering.insert(organisation.no, now, [row])
    taken = chains.fold(
        organisation.no, [one.no for one in waiting], f"told within one message of {len(waiting)}"
    )
    chains.name(organisation.no, dict.fromkeys(taken, row.id))
