"""The kinds of channels: one module each, listed here."""

from notifications.transports import (
    apprise,
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
    webpush,
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
    "webpush": webpush.TRANSPORT,
    "ntfy": ntfy.TRANSPORT,
    "pagerduty": pagerduty.TRANSPORT,
    "opsgenie": opsgenie.TRANSPORT,
    "webhook": webhook.TRANSPORT,
    "apprise": apprise.TRANSPORT,
}
