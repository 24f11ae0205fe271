"""The kinds of channels: one module each, listed here."""

from notifications.transports import email, webhook
from notifications.transports.base import Transport

# In the order in which people choose.
TRANSPORTS: dict[str, Transport] = {
    "email": email.TRANSPORT,
    "webhook": webhook.TRANSPORT,
}
