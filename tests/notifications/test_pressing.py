"""A button pressed in Slack: nothing is written before its signature is checked, and it takes the incident."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from notifications import channels, tokens
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.notifications.making import rule
from tests.notifications.site import Site
from tests.notifications.test_receiving import FORM, sent

SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"


def told_in_slack(site: Site) -> str:
    """The value of the button in an app's message."""
    config = {"by": "app", "token": "xoxb-canary", "channel": "C0123456789", "signing_secret": SIGNING}
    with in_tenant(site.organisation):
        values = channels.read({"name": "Slack", "kind": "slack", "config": config})
        channel, _ = channels.create(site.organisation, values, COMMAND_LINE)
    rule(site.organisation, channel)
    delivery = sent(site)
    return tokens.token_of(delivery.tenant_no, delivery.no, "acknowledge")


def press(value: str, secret: str = SIGNING, ago: int = 0) -> Any:
    payload = {
        "user": {"id": "U1", "name": "carol"},
        "actions": [{"action_id": "acknowledge", "value": value}],
    }
    stamp = str(int(timezone.now().timestamp()) - ago)
    body = urlencode({"payload": json.dumps(payload)})
    signature = "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), sha256).hexdigest()
    headers = {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": stamp}
    return Client().post("/t/slack", body, FORM, headers=headers)


def test_a_button_in_slack_takes_it_in_the_name_of_who_pressed(site: Site) -> None:
    value = told_in_slack(site)

    answer = press(value)

    assert answer.json()["text"] == "shop: carol (Slack) has it."
    assert site.incident.acknowledged_by == "carol (Slack)"


@pytest.mark.parametrize(
    ("secret", "ago", "value", "status"),
    [("wrong", 0, "", 403), (SIGNING, 301, "", 403), (SIGNING, -400, "", 403), (SIGNING, 0, "1-1-x", 400)],
)
def test_a_press_that_is_forged_replayed_or_of_no_message_changes_nothing(
    site: Site, secret: str, ago: int, value: str, status: int
) -> None:
    good = told_in_slack(site)

    assert press(value or good, secret, ago).status_code == status
    assert site.incident.acknowledged_at is None


@pytest.mark.parametrize(
    "payload",
    ["", "[]", "{}", '{"actions": [], "user": {}}', "\x00", "{" * 2000, "[" * 100_000, '{"a":' * 100_000],
)
def test_a_payload_that_is_none_is_refused(site: Site, payload: str) -> None:
    assert Client().post("/t/slack", {"payload": payload}).status_code == 400
    assert Client().post("/t/slack", urlencode({"payload": payload}), FORM).status_code == 400


def test_a_press_that_comes_as_another_kind_of_form_is_refused(site: Site) -> None:
    payload = {
        "user": {"id": "U1"},
        "actions": [{"action_id": "acknowledge", "value": told_in_slack(site)}],
    }

    assert Client().post("/t/slack", {"payload": json.dumps(payload)}).status_code == 400
