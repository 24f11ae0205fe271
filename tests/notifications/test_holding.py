"""Messages that a mute or a snooze holds back, and what becomes of them when it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from monitors import editing
from monitors.telemetry.models import Status
from pulse.scoping import in_tenant
from tenants import muting
from tenants.actors import COMMAND_LINE
from tests.notifications.site import Site
from tests.receivers import WebhookReceiver, wait_until


def test_a_snooze_holds_messages_back_and_its_end_lets_them_go(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    site.channel("webhook", {"url": receiver.url})
    with in_tenant(site.organisation):
        editing.snooze(site.organisation, site.monitor, timezone.now() + timedelta(hours=1), COMMAND_LINE)
    site.becomes(Status.DOWN)
    wait_until(lambda: any("wait until" in text for text in site.texts()), 5, "the hold to be written down")
    assert receiver.ledger == []

    with in_tenant(site.organisation):
        editing.unsnooze(site.organisation, site.monitor, COMMAND_LINE)

    assert receiver.wait_for(1, 5)[0].json["type"] == "incident.opened"


def test_what_came_and_went_during_a_mute_is_told_to_nobody(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    site.channel("webhook", {"url": receiver.url})
    muting.mute(site.organisation, timezone.now() + timedelta(hours=1), COMMAND_LINE)
    site.becomes(Status.DOWN)
    wait_until(lambda: any("everything is muted" in text for text in site.texts()), 5, "the hold")
    site.becomes(Status.UP)

    muting.unmute(site.organisation, COMMAND_LINE)
    wait_until(
        lambda: len([text for text in site.texts() if "obody" in text or "over before" in text]) == 2,
        5,
        "both",
    )

    assert site.deliveries() == []
    assert receiver.ledger == []


def test_what_began_during_a_mute_and_goes_on_is_told_when_it_ends(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    site.channel("webhook", {"url": receiver.url})
    muting.mute(site.organisation, timezone.now() + timedelta(hours=1), COMMAND_LINE)
    site.becomes(Status.DOWN)
    wait_until(lambda: any("everything is muted" in text for text in site.texts()), 5, "the hold")

    muting.unmute(site.organisation, COMMAND_LINE)

    receiver.wait_for(1, 5)
