"""The kinds of channels: one module each, listed here."""

from notifications.transports import (
    discord,
    email,
    ntfy,
    opsgenie,
    pagerduty,
    slack,
    sms,
    teams,
    telegram,
    voice,
    webhook,
)
from notifications.transports.base import Transport

# In the order in which people choose.
TRANSPORTS: dict[str, Transport] = {
    "slack": slack.TRANSPORT,
    "teams": teams.TRANSPORT,
    "discord": discord.TRANSPORT,
    "telegram": telegram.TRANSPORT,
    "email": email.TRANSPORT,
    "sms": sms.TRANSPORT,
    "voice": voice.TRANSPORT,
    "ntfy": ntfy.TRANSPORT,
    "pagerduty": pagerduty.TRANSPORT,
    "opsgenie": opsgenie.TRANSPORT,
    "webhook": webhook.TRANSPORT,
}
