"""Commit attempts of leased deliveries, and pack what sending threads need: those never touch the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from notifications import channels, sifting, tokens
from notifications.contacts import opening
from notifications.contacts.models import ContactMethod
from notifications.events import OPENED, REMINDER
from notifications.ledger import queue
from notifications.ledger.models import DeliveryState
from notifications.ledger.queue import Attempted, Leased
from notifications.models import NotificationChannel
from notifications.reconnecting import AWAY, reconnect
from notifications.transports import TRANSPORTS
from notifications.transports.base import Links, Message
from pulse import failpoints, links
from pulse.crypto import SealError
from pulse.fields import ConfigError
from pulse.scoping import in_tenant
from tenants.models import Membership, Organisation

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message with the typed settings of its transport. `look_up_since`: it may be out already; ask first."""

    attempted: Attempted
    message: Message
    config: Any
    look_up_since: datetime | None = None


def key_of(delivery_id: UUID) -> str:
    """The idempotency key: `webhook-id`, and the left side of an e-mail's Message-ID."""
    return f"msg_{delivery_id.hex}"


def prepare_all(items: Iterable[Leased]) -> Iterator[Parcel]:
    """Organisation by organisation; of one that is suspended or deleted nothing goes out, and its leases run out."""
    by_tenant: defaultdict[int, list[Leased]] = defaultdict(list)
    for item in items:
        by_tenant[item.tenant_no].append(item)
    # All in one query: one by one each would cost two changes of scope more.
    for organisation in list(Organisation.objects.filter(no__in=by_tenant, state=Organisation.State.READY)):
        try:
            yield from prepare(organisation, by_tenant[organisation.no])
        except AWAY as error:
            reconnect(error, organisation.slug, at="delivery")
        except Exception:  # one organisation's fault must not keep the others' messages back
            log.exception("prepare_failed", organisation=organisation.slug)


def prepare(organisation: Organisation, items: Sequence[Leased]) -> list[Parcel]:
    """Commit the attempts of one organisation, and pack what is to be sent."""
    with in_tenant(organisation), transaction.atomic():
        items = sifting.sift(organisation, items)
        configs = _open_all(organisation, items)
        ready = [item for item in items if item.channel_id in configs]
        attempted = queue.attempt(organisation.no, ready, [_can_be_asked(item) for item in ready])
    failpoints.reach("delivery.attempted")
    return [pack(organisation, item, configs[item.leased.channel_id]) for item in attempted]


def pack(organisation: Organisation, item: Attempted, config: Any) -> Parcel:
    leased = item.leased
    since = leased.first_tried_at if _can_be_asked(leased) else None
    return Parcel(item, _message(organisation, leased), config, since)


def _message(organisation: Organisation, leased: Leased) -> Message:
    incident = f"{leased.incident_id}.{leased.payload.get('round', 0)}" if leased.incident_id else ""
    return Message(
        key_of(leased.id),
        leased.event,
        leased.fact_at,
        leased.payload["data"],
        thread=incident,
        turn=leased.turn,
        links=_links(organisation, leased),
        follows=leased.follows_id,
    )


def _links(organisation: Organisation, leased: Leased) -> Links:
    numbers = (leased.tenant_no, leased.no)
    asks = leased.incident_id is not None and leased.event in (OPENED, REMINDER)
    return Links(
        why=links.page_of(organisation.slug, "notifications:delivery-why", leased.id),
        acknowledge=_public("telling:acknowledge", tokens.token_of(*numbers, "acknowledge")) if asks else "",
        receipt=_public("telling:receipt", tokens.token_of(*numbers, "receipt"))
        if TRANSPORTS[leased.transport].receipts
        else "",
    )


def _public(view: str, token: str) -> str:
    return links.absolute(links.public_path(view, token))


def _can_be_asked(leased: Leased) -> bool:
    """Whether its last outcome is unknown, and its provider can tell what became of it."""
    transport = TRANSPORTS[leased.transport]
    return leased.state == DeliveryState.SENDING and transport.lookup is not None


def _open_all(organisation: Organisation, items: Sequence[Leased]) -> dict[UUID, Any]:
    """Typed settings by id. What was planned while a channel, a contact or a member went away is cancelled here."""
    of_people = {item.channel_id for item in items if item.person_id}
    wanted = {item.channel_id for item in items} - of_people
    known = NotificationChannel.objects.filter(disabled_at=None).in_bulk(wanted)
    methods = ContactMethod.objects.select_related("user").in_bulk(of_people) if of_people else {}
    _cancel(organisation, wanted - known.keys(), "the channel was deleted or switched off")
    _cancel(organisation, of_people - methods.keys(), "the person removed this way to be told")
    members = _members(organisation, methods)
    left = {pk for pk, method in methods.items() if method.user_id not in members}
    _cancel(organisation, left, "the person left the organisation")
    methods = {pk: method for pk, method in methods.items() if pk not in left}
    opened = {pk: _open(organisation, channel) for pk, channel in known.items()}
    opened |= {pk: _open(organisation, method) for pk, method in methods.items()}
    return {pk: config for pk, config in opened.items() if config is not None}


def _members(organisation: Organisation, methods: Mapping[UUID, ContactMethod]) -> set[UUID]:
    """Who may still be told. A message can wait for hours, and who leaves is told nothing more from then on."""
    owners = {method.user_id for method in methods.values()}
    found = Membership.objects.filter(organisation=organisation, user__in=owners, user__is_active=True)
    return set(found.values_list("user_id", flat=True)) if owners else set()


def _open(organisation: Organisation, receiver: NotificationChannel | ContactMethod) -> Any:
    try:
        if isinstance(receiver, ContactMethod):
            return opening.settings_of(receiver)
        return channels.open_config(organisation, receiver)
    except (SealError, ConfigError):  # the lease runs out; whoever mends the key or the settings sends it
        log.error("settings_do_not_open", organisation=organisation.slug, channel=str(receiver.pk))
        return None


def _cancel(organisation: Organisation, gone: Collection[UUID], why: str) -> None:
    for channel_id in gone:
        queue.cancel_channel(organisation.no, channel_id, why)
