"""The kinds of channels: one module each, listed here."""

from notifications.transports import email, webhook
from notifications.transports.base import Transport

TRANSPORTS: dict[str, Transport] = {
    "webhook": webhook.TRANSPORT,
    "email": email.TRANSPORT,
}
