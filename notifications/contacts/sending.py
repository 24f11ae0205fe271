"""Send to a contact method at once, outside of deliveries: its code, and the test that its person asks for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache

from notifications import events
from notifications.contacts import opening
from notifications.contacts.models import ContactMethod
from notifications.transports import TRANSPORTS
from notifications.transports.base import Answer, DeliveryFailed, Message
from pulse.crypto import SealError
from pulse.fields import ConfigError
from pulse.ids import uuid7

TEST_AGAIN_AFTER = timedelta(seconds=30)


class NotPossible(ValueError):
    """What was asked for cannot be done now; a sentence that says why."""


def test(method: ContactMethod, now: datetime) -> Answer:
    """The real answer of the receiver, or NotPossible with it. What was broken and works is used again."""
    if not method.is_account and method.verified_at is None:
        raise NotPossible("Prove first that it is yours.")
    if not cache.add(f"contact-test:{method.pk}", 1, int(TEST_AGAIN_AFTER.total_seconds())):
        raise NotPossible("It was tested a moment ago: wait half a minute.")
    data = {"channel": {"name": method.label}, "requested_by": str(method.user)}
    answer = send(method, events.TEST, data, now)
    ContactMethod.objects.filter(pk=method.pk).update(broken_at=None, broken_reason="")
    return answer


def send(method: ContactMethod, event: str, data: dict[str, Any], now: datetime) -> Answer:
    """In this very request: its transport ends within a quarter of a minute, whatever the receiver does."""
    message = Message(f"msg_{uuid7().hex}", event, now, data)
    try:
        return TRANSPORTS[method.kind].send(message, opening.settings_of(method))
    except DeliveryFailed as error:
        raise NotPossible(f"It could not be sent: {error.answer.text}.") from error
    except (SealError, ConfigError) as error:
        raise NotPossible("Its settings can no longer be read: remove it, and add it again.") from error
