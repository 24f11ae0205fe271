"""One outage by the real path: a mailbox, a webhook, a phone and a chat are told, and told of its end."""

from __future__ import annotations

from typing import Any

from monitors.telemetry.models import Status
from tests.notifications.site import Site
from tests.peers.messaging import chat
from tests.peers.messaging.phones import AUTH_TOKEN, FROM, SID, Twilio
from tests.peers.providers import Provider
from tests.receivers import WebhookReceiver, wait_until


def test_an_outage_reaches_every_kind_of_receiver(
    acme: Any, smtp: Any, receiver: WebhookReceiver, courier: Any, settings: Any
) -> None:
    twilio = Twilio()
    with Provider(twilio) as phone, Provider(chat.slack_webhook) as slack:
        settings.PULSE_PROVIDER_URLS = {"twilio": phone.url}
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = SID, AUTH_TOKEN, FROM
        site = Site(acme)
        site.channel("email", {"to": "duty@acme.example"})
        site.channel("webhook", {"url": receiver.url})
        site.channel("sms", {"to": "+4930901820"})
        site.channel("slack", {"url": slack.url + chat.SLACK_PATH})

        def arrived() -> set[int]:
            return {len(one) for one in (smtp.mails, receiver.ledger, twilio.messages, slack.asked)}

        site.becomes(Status.DOWN)
        wait_until(lambda: arrived() == {1}, 15, "the outage, everywhere")
        site.becomes(Status.UP)
        wait_until(lambda: arrived() == {2}, 15, "its end, everywhere")

        assert smtp.mails[0]["References"] == smtp.mails[1]["References"]
        assert "Up again: shop" in slack.asked[1].body.decode()
        assert "shop is up again" in twilio.messages[0]["body"]
