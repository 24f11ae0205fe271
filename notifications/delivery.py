"""Make one delivery: commit the attempt, send, commit the outcome, and say so on the incident's timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from incidents.models import TimelineEntry
from notifications import channels
from notifications.ledger import queue
from notifications.ledger.models import DeliveryState
from notifications.ledger.queue import Attempted, Finished, Leased
from notifications.models import NotificationChannel
from notifications.retrying import delay_after
from notifications.transports import TRANSPORTS
from notifications.transports.base import DeliveryFailed, Message
from pulse import failpoints, live, metrics
from pulse.crypto import SealError
from pulse.scoping import in_tenant
from tenants.models import Organisation

log = structlog.get_logger(__name__)
Kind = TimelineEntry.Kind


@dataclass(frozen=True, slots=True)
class Parcel:
    """Everything that a sending thread needs, so that it never touches the database."""

    attempted: Attempted
    message: Message
    config: dict[str, Any]
    secret: str


def prepare(tenant_no: int, items: Sequence[Leased]) -> list[Parcel]:
    """Commit the attempts of one organisation, and pack what is to be sent."""
    organisation = Organisation.objects.filter(no=tenant_no, state=Organisation.State.READY).first()
    if organisation is None:
        return []  # suspended or deleted: nothing goes out, and the lease runs out
    with in_tenant(organisation):
        with transaction.atomic():
            known, secrets = _open_channels(organisation, {item.channel_id for item in items})
            attempted = queue.attempt(tenant_no, [item for item in items if item.channel_id in secrets])
        parcels = [
            Parcel(
                item,
                _message(item.leased),
                known[item.leased.channel_id].config,
                secrets[item.leased.channel_id],
            )
            for item in attempted
        ]
    failpoints.reach("delivery.attempted")
    return parcels


def _open_channels(
    organisation: Organisation, wanted: set[UUID]
) -> tuple[dict[UUID, NotificationChannel], dict[UUID, str]]:
    """The channels that work, with their secrets. What was planned while one went away is cancelled here."""
    known = NotificationChannel.objects.filter(disabled_at=None).in_bulk(wanted)
    for channel_id in wanted - known.keys():
        queue.cancel_channel(organisation.no, channel_id, "the channel was deleted or switched off")
    secrets = {}
    for channel_id, channel in known.items():
        try:
            secrets[channel_id] = channels.secret_of(organisation, channel)
        except SealError:
            log.error("secret_does_not_open", organisation=organisation.slug, channel=str(channel_id))
    return known, secrets


def key_of(delivery_id: UUID) -> str:
    """The idempotency key: `webhook-id`, and the left side of an e-mail's Message-ID."""
    return f"msg_{delivery_id.hex}"


def send(parcel: Parcel, chance: float) -> Finished:
    """Send on the calling thread, without the database; every failure becomes an outcome."""
    item = parcel.attempted
    try:
        answer = TRANSPORTS[item.leased.transport].send(parcel.message, parcel.config, parcel.secret)
    except DeliveryFailed as failure:
        finished = _failed(item, failure, chance)
    except Exception as error:
        log.exception("transport_failed", transport=item.leased.transport, delivery=item.leased.no)
        finished = _failed(item, DeliveryFailed(f"Pulse itself failed ({type(error).__name__})"), chance)
    else:
        failpoints.reach("delivery.sent")
        finished = Finished(item, DeliveryState.SENT, "sent", answer.text, answer.status_code)
    metrics.DELIVERIES.labels(item.leased.transport, finished.outcome).inc()
    return finished


def finish(tenant_no: int, items: Sequence[Finished]) -> None:
    """Commit outcomes of one organisation, with the timeline entries that tell of them."""
    organisation = Organisation.objects.filter(no=tenant_no).first()
    if organisation is None:
        return
    now = timezone.now()
    with in_tenant(organisation), transaction.atomic():
        ours = queue.finish(tenant_no, items, now)
        written = [item for item in items if item.attempted.leased.no in ours]
        _write_timeline(written)
        for item in written:
            if item.gone:
                channels.switch_off(organisation, item.attempted.leased.channel_id, item.answer)
        live.publish(organisation.id, ["deliveries", *_incident_topics(written)])
    for item in written:
        if item.state == DeliveryState.SENT:
            waited = (now - item.attempted.leased.fact_at).total_seconds()
            metrics.DELIVERY_LATENCY.labels(item.attempted.leased.transport).observe(max(0.0, waited))


def _failed(item: Attempted, failure: DeliveryFailed, chance: float) -> Finished:
    answer = failure.answer
    wait = None if failure.permanent else delay_after(item.number, failure.retry_after, chance)
    if wait is None:
        return Finished(
            item, DeliveryState.DEAD, "failed", answer.text, answer.status_code, None, failure.gone
        )
    return Finished(item, DeliveryState.RETRYING, "failed", answer.text, answer.status_code, wait)


def _message(leased: Leased) -> Message:
    return Message(key_of(leased.id), leased.event, leased.fact_at, leased.payload["data"])


def _write_timeline(items: Sequence[Finished]) -> None:
    """Successes and final failures; the tries between are on the deliveries page."""
    entries = []
    for item in items:
        leased = item.attempted.leased
        if leased.incident_id is None or item.state == DeliveryState.RETRYING:
            continue
        is_sent = item.state == DeliveryState.SENT
        what = "the end" if leased.event == "incident.resolved" else "the outage"
        told = "Told" if is_sent else "Could not tell"
        text = f"{told} {leased.channel_name} of {what}: {item.answer}."
        if not is_sent:
            text += f" Given up after {item.attempted.number} tries."
        kind = Kind.TOLD if is_sent else Kind.NOT_TOLD
        entries.append(TimelineEntry(incident_id=leased.incident_id, kind=kind, text=text[:500]))
    TimelineEntry.objects.bulk_create(entries)


def _incident_topics(items: Sequence[Finished]) -> list[str]:
    ids = {item.attempted.leased.incident_id for item in items} - {None}
    return [f"incident:{pk}" for pk in sorted(map(str, ids))][:50]
