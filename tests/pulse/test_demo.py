"""The demo's receiver takes what a channel sends, and shows it to members."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from pulse.demo import filling


@pytest.fixture
def secret(api: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Acme plays the demo; what its receiver's channel signs with."""
    settings.PULSE_DEMO = True
    monkeypatch.setattr(filling, "SLUG", "acme")
    made = api.post(
        "channels", {"name": filling.RECEIVER, "kind": "webhook", "config": {"url": "http://127.0.0.1:9/"}}
    )
    found: str = made.json()["secret"]
    return found


def test_a_signed_message_is_taken_once_and_shown_to_members(secret: str, as_alice: Any) -> None:
    body, at = json.dumps({"id": "msg_1", "type": "incident.opened"}), timezone.now()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, body),
    }
    for _ in range(2):
        answer = Client().post("/demo/receiver/", body, content_type="application/json", headers=headers)
        assert answer.status_code == 204, answer.content

    page = as_alice.get("/demo/receiver/").content.decode()
    assert page.count("msg_1 </summary>") + page.count("msg_1</summary>") == 1


def test_a_wrong_signature_is_refused(secret: str) -> None:
    assert secret
    assert Client().post("/demo/receiver/", "{}", content_type="application/json").status_code == 400
