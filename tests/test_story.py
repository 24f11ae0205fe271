"""The main job, end to end: a real target fails, people are told, it recovers, they hear of it."""

from __future__ import annotations

from typing import Any

from standardwebhooks.webhooks import Webhook

from tests.receivers import WebhookReceiver, wait_until


def make_channel(api: Any, receiver: WebhookReceiver, name: str = "ops") -> dict[str, Any]:
    answer = api.post("channels", {"name": name, "kind": "webhook", "config": {"url": receiver.url}})
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def make_monitor(api: Any, target: str, **more: Any) -> dict[str, Any]:
    body = {
        "name": "shop",
        "target": target,
        "interval_seconds": 5,
        "timeout_seconds": 2,
        "policy": {"down_after": 1, "up_after": 1},
    }
    answer = api.post("monitors", body | more)
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def status_of(api: Any, monitor: dict[str, Any]) -> str:
    status: str = api.get(f"monitors/{monitor['id']}").json()["status"]
    return status


def hurry(api: Any, monitor: dict[str, Any]) -> bool:
    """Ask for a check now, so that no test waits for a slot."""
    return bool(api.post(f"monitors/{monitor['id']}/check").status_code == 202)


def test_an_outage_is_noticed_told_and_resolved(
    api: Any, target: Any, receiver: WebhookReceiver, checker: Any, courier: Any
) -> None:
    channel = make_channel(api, receiver)
    api.post("rules", {"name": "all", "channels": [channel["id"]], "on": ["down", "up"]})
    monitor = make_monitor(api, target.url)
    wait_until(lambda: status_of(api, monitor) == "up", 10, "the monitor to be up")

    target.status = 503
    opened = receiver.wait_for(1, 15)[0]
    target.status = 200
    resolved = receiver.wait_for(2, 15)[1]

    assert opened.json["type"] == "incident.opened"
    assert resolved.json["type"] == "incident.resolved"
    data = opened.json["data"]
    assert data["monitor"]["id"] == monitor["id"]
    assert data["organisation"] == {"slug": "acme", "name": "Acme"}
    assert data["incident"]["resolved_at"] is None
    assert data["incident"]["cause"] == "answered 503, expected 200-399"
    Webhook(channel["secret"]).verify(opened.body, opened.headers)
    Webhook(channel["secret"]).verify(resolved.body, resolved.headers)
    incident = api.get("incidents").json()["results"][0]
    assert incident["id"] == resolved.json["data"]["incident"]["id"]
    assert incident["state"] == "resolved"
    first_failing = [
        row for row in api.get(f"monitors/{monitor['id']}/results").json()["results"] if not row["ok"]
    ][-1]
    assert incident["started_at"] == first_failing["at"]
    kinds = [entry["kind"] for entry in api.get(f"incidents/{incident['id']}").json()["timeline"]]
    assert kinds == ["started", "opened", "told", "resolved", "told"]
