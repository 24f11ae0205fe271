"""Make one delivery: send on the calling thread, commit the outcome, and say so on the incident's timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from incidents.models import TimelineEntry
from notifications import channels, following, notices
from notifications.events import OPENED, REMINDER, RESOLVED
from notifications.ledger import queue
from notifications.ledger.models import DeliveryState
from notifications.ledger.queue import Attempted, Finished
from notifications.models import NotificationChannel, Rule
from notifications.packing import Parcel
from notifications.retrying import TRIES, delay_after
from notifications.transports import TRANSPORTS
from notifications.transports.base import Answer, DeliveryFailed
from pulse import failpoints, live, metrics
from pulse.scoping import in_tenant
from tenants.models import Organisation

log = structlog.get_logger(__name__)
Kind = TimelineEntry.Kind
# So many tries have failed over half an hour: whoever can mend the channel hears of it before the last one.
WORTH_SAYING = 4
ASK_AGAIN = timedelta(seconds=30)


def send(parcel: Parcel, chance: float) -> Finished:
    """Without the database; every failure becomes an outcome."""
    item = parcel.attempted
    transport = TRANSPORTS[item.leased.transport]
    try:
        answer = _look_up(parcel) or transport.send(parcel.message, parcel.config)
    except _StillUnknown as unknown:
        finished = _unknown(item, unknown.answer)
    except DeliveryFailed as failure:
        finished = _failed(item, failure, chance)
    except Exception as error:
        log.exception("transport_failed", transport=item.leased.transport, delivery=item.leased.no)
        finished = _failed(item, DeliveryFailed(f"Pulse itself failed ({type(error).__name__})"), chance)
    else:
        failpoints.reach("delivery.sent")
        finished = Finished(item, DeliveryState.SENT, "sent", answer.text, answer.status_code,
                            request=answer.request, provider_id=answer.provider_id)  # fmt: skip
    metrics.DELIVERIES.labels(item.leased.transport, finished.outcome).inc()
    return finished


class _StillUnknown(Exception):
    """The provider could not tell what became of the attempt before: sending again could make two of it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text)
        self.answer = answer


def _look_up(parcel: Parcel) -> Answer | None:
    lookup = TRANSPORTS[parcel.attempted.leased.transport].lookup
    if parcel.look_up_since is None or lookup is None:
        return None
    try:
        return lookup(parcel.message, parcel.config, parcel.look_up_since)
    except DeliveryFailed as failure:
        raise _StillUnknown(failure.answer) from failure


def finish(organisation: Organisation, items: Sequence[Finished]) -> None:
    """Commit outcomes of one organisation, with what follows of them."""
    now = timezone.now()
    with in_tenant(organisation), transaction.atomic():
        known = NotificationChannel.objects.in_bulk({item.attempted.leased.channel_id for item in items})
        items = _with_sequels(items, known)
        _hold_gone(items)
        ours = queue.finish(organisation.no, items)
        written = [item for item in items if item.attempted.leased.no in ours]
        _write_timeline(written)
        _report(organisation, written, known, now)
        live.publish(organisation.id, ["deliveries", *_incident_topics(written)])
    for item in written:
        if item.state == DeliveryState.SENT:
            waited = (now - item.attempted.leased.fact_at).total_seconds()
            metrics.DELIVERY_LATENCY.labels(item.attempted.leased.transport).observe(max(0.0, waited))


def _with_sequels(items: Sequence[Finished], known: Mapping[UUID, NotificationChannel]) -> list[Finished]:
    """When without a receipt the next way is tried, and when it is said again."""
    rules = {rule for item in items if (rule := item.attempted.leased.rule_id) and _may_repeat(item)}
    repeats = dict(Rule.objects.filter(pk__in=rules).values_list("pk", "repeat_seconds")) if rules else {}
    return [
        replace(
            item,
            fall_back_in=_fall_back_in(item, known.get(item.attempted.leased.channel_id)),
            repeat_in=_repeat_in(item, repeats),
        )
        if item.state == DeliveryState.SENT
        else item
        for item in items
    ]


def _hold_gone(items: Sequence[Finished]) -> None:
    """Channels that will be switched off come before their messages, as for whoever deletes one or sends again."""
    gone = {item.attempted.leased.channel_id for item in items if item.gone}
    if gone:
        list(NotificationChannel.objects.select_for_update().filter(pk__in=gone).order_by("pk"))


def _may_repeat(item: Finished) -> bool:
    leased = item.attempted.leased
    says = leased.event in (OPENED, REMINDER) and leased.purpose in ("rule", "reminder")
    return item.state == DeliveryState.SENT and says and leased.rule_id is not None


def _fall_back_in(item: Finished, channel: NotificationChannel | None) -> timedelta | None:
    leased = item.attempted.leased
    if channel is None or channel.fallback_id is None or leased.event not in (OPENED, REMINDER):
        return None
    return timedelta(seconds=channel.fallback_seconds) if TRANSPORTS[leased.transport].receipts else None


def _repeat_in(item: Finished, repeats: Mapping[UUID, int | None]) -> timedelta | None:
    rule = item.attempted.leased.rule_id
    seconds = repeats.get(rule) if rule and _may_repeat(item) else None
    return timedelta(seconds=seconds) if seconds else None


def _report(
    organisation: Organisation,
    items: Sequence[Finished],
    known: Mapping[UUID, NotificationChannel],
    now: datetime,
) -> None:
    """Of what failed for good: switch off, fall back, and tell whoever can mend it."""
    lost = [item for item in items if item.state in (DeliveryState.DEAD, DeliveryState.UNKNOWN)]
    following.fall_back(organisation, [item.attempted.leased.no for item in lost], now)
    for item in items:
        leased = item.attempted.leased
        channel = known.get(leased.channel_id)
        if item.gone and channel is not None:
            waited = channels.switch_off(organisation, leased.channel_id, item.answer)
            following.fall_back(organisation, waited, now)
        tired = item.state == DeliveryState.RETRYING and item.attempted.number == WORTH_SAYING
        if channel is not None and (tired or item.misconfigured or item.state == DeliveryState.DEAD):
            notices.channel_fails(organisation, channel, item.answer)


def _failed(item: Attempted, failure: DeliveryFailed, chance: float) -> Finished:
    answer = failure.answer
    if failure.unknown and TRANSPORTS[item.leased.transport].lookup is not None:
        return _unknown(item, answer)
    wait = None if failure.permanent else delay_after(item.number, failure.retry_after, chance)
    return Finished(
        item,
        DeliveryState.DEAD if wait is None else DeliveryState.RETRYING,
        "failed",
        answer.text,
        answer.status_code,
        wait,
        failure.gone,
        failure.misconfigured,
        answer.request,
    )


def _unknown(item: Attempted, answer: Answer) -> Finished:
    """It stays as it was found: the next to hold it asks the provider again, and sends only what is not there."""
    given_up = item.number >= TRIES
    return Finished(
        item,
        DeliveryState.UNKNOWN if given_up else DeliveryState.SENDING,
        "unknown",
        f"nobody can say yet whether it arrived: {answer.text}",
        answer.status_code,
        None if given_up else ASK_AGAIN,
        request=answer.request,
    )


def _write_timeline(items: Sequence[Finished]) -> None:
    """Successes and final failures; the tries between are on the deliveries page."""
    entries = []
    for item in items:
        leased = item.attempted.leased
        if leased.incident_id is None or item.state in (DeliveryState.RETRYING, DeliveryState.SENDING):
            continue
        is_sent = item.state == DeliveryState.SENT
        told = "Told" if is_sent else "Could not tell"
        text = f"{told} {leased.channel_name} of {_WHAT.get(leased.event, 'it')}: {item.answer}."
        if not is_sent:
            text += (
                f" Given up after {item.attempted.number} tr{'y' if item.attempted.number == 1 else 'ies'}."
            )
        kind = Kind.TOLD if is_sent else Kind.NOT_TOLD
        entries.append(TimelineEntry(incident_id=leased.incident_id, kind=kind, text=text[:500]))
    TimelineEntry.objects.bulk_create(entries)


_WHAT = {
    OPENED: "the outage",
    RESOLVED: "the end",
    REMINDER: "the outage again",
    "incident.acknowledged": "who has it",
}


def _incident_topics(items: Sequence[Finished]) -> list[str]:
    ids = {item.attempted.leased.incident_id for item in items} - {None}
    return [f"incident:{pk}" for pk in sorted(map(str, ids))][:50]
