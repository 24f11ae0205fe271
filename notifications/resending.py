"""Give a dead letter its tries anew, once what refused it is mended."""

from __future__ import annotations

from django.db import transaction

from notifications.ledger import queue
from notifications.ledger.models import Delivery
from notifications.models import NotificationChannel
from pulse import bells, live
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Organisation


class NotResendable(Exception):
    """Why the letter stays dead, in words for the person who asked."""


def resend(organisation: Organisation, delivery: Delivery, by: Actor) -> None:
    """Under the same key as before, so that a receiver who has it after all can drop the repeat."""
    with transaction.atomic():
        # Locked: a channel deleted or switched off at this moment must not leave a letter that nobody sends.
        channel = (
            NotificationChannel.objects.select_for_update(no_key=True).filter(pk=delivery.channel_id).first()
        )
        if channel is None:
            raise NotResendable(
                f"The channel {delivery.channel_name} is deleted: there is nowhere to send it."
            )
        if channel.disabled_at:
            raise NotResendable(f"The channel {channel.name} is switched off: save it to switch it on again.")
        if not queue.resend(organisation.no, delivery.no):
            raise NotResendable("Only dead letters are sent again, and this one is not dead.")
        record(organisation, by, "resent", "delivery", delivery.id, delivery.channel_name)
        live.publish(organisation.id, ["deliveries"])
        transaction.on_commit(lambda: bells.ring("notifications"))
