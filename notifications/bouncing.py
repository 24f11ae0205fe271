"""Take mail that comes back: a bounce is the receipt of a message that did not arrive."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from monitors.heartbeats import mail_receiving
from monitors.heartbeats.mail_receiving import Taker
from notifications import receipts
from notifications.contacts.models import ContactMethod
from notifications.ledger.models import Delivery
from notifications.models import NotificationChannel
from notifications.notices import channel_fails
from notifications.transports import bounces
from notifications.transports.bounces import Bounce
from pulse.scoping import as_pipeline, in_tenant
from tenants.models import Organisation


def register() -> None:
    mail_receiving.takers.append(Taker(lambda: bool(settings.PULSE_BOUNCE_ADDRESS), claims, take))


def claims(address: str) -> bool:
    """Whether it is the place that our envelopes name for what comes back."""
    local, at, domain = settings.PULSE_BOUNCE_ADDRESS.partition("@")
    given, _, host = address.rpartition("@")
    return bool(at) and host.lower() == domain.lower() and given.lower().startswith(f"{local.lower()}+")


def take(content: bytes, address: str) -> None:
    """In a thread of its own, whose connection ends with it."""
    try:
        if (bounce := bounces.read(content, address)) is not None and bounce.permanent:
            settle(bounce)
    finally:
        connection.close()


def settle(bounce: Bounce) -> None:
    """The message did not arrive: the next way is tried, and whoever can mend the address hears of it."""
    with as_pipeline():
        delivery = Delivery.objects.filter(id=UUID(bounce.key.removeprefix("msg_"))).first()
    if delivery is None or not receipts.report(delivery.tenant_no, delivery.no, receipts.FAILED, bounce.text):
        return
    # The account's own address is used all the same: better a message that may bounce than none.
    ContactMethod.objects.filter(pk=delivery.channel_id, broken_at=None).update(
        broken_at=timezone.now(), broken_reason=bounce.text[:255]
    )
    organisation = Organisation.objects.get(no=delivery.tenant_no)
    with in_tenant(organisation), transaction.atomic():
        channel = NotificationChannel.objects.filter(pk=delivery.channel_id).first()
        if channel is not None:
            channel_fails(organisation, channel, bounce.text)
