"""Short ways for the API's tests to a monitor, a channel, a rule and an open incident."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from incidents import lifecycle
from incidents.models import Incident
from monitors.facts import MonitorChangedStatus
from monitors.models import Monitor
from monitors.telemetry.models import Status
from notifications.models import NotificationChannel
from pulse.scoping import in_tenant
from tests.notifications.making import delivery as waiting

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"
CHANNEL = {"name": "ops", "kind": "webhook", "config": {"url": "https://hooks.example.com/pulse"}}
MONITOR = {"name": "shop", "target": "https://shop.example.com/"}


def made(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def make_monitor(api: Any, **fields: Any) -> dict[str, Any]:
    return made(api.post("monitors", MONITOR | fields))


def make_channel(api: Any, **fields: Any) -> dict[str, Any]:
    return made(api.post("channels", CHANNEL | fields))


def make_rule(api: Any, *channels: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"name": "everything", "channels": [channel["id"] for channel in channels]}
    return made(api.post("rules", body | fields))


def make_window(api: Any, **fields: Any) -> dict[str, Any]:
    """Maintenance that is under way."""
    start = timezone.now().replace(second=0, microsecond=0).isoformat()
    body = {
        "name": "Upgrade",
        "start": start,
        "duration_minutes": 60,
        "rule": "FREQ=DAILY",
        "everything": True,
    }
    return made(api.post("maintenance", body | fields))


def make_schedule(api: Any, **fields: Any) -> dict[str, Any]:
    """Whoever can be on call takes daily turns."""
    people = [row["id"] for row in api.get("on-call/people").json()["results"]]
    layer = {"people": people, "rotation": "daily", "start": "2026-01-01"}
    return made(api.post("schedules", {"name": "Primary", "layers": [layer]} | fields))


def make_policy(api: Any, **fields: Any) -> dict[str, Any]:
    """Whoever can be on call is told."""
    people = [row["id"] for row in api.get("on-call/people").json()["results"]]
    step = {"targets": [{"kind": "person", "id": person} for person in people]}
    return made(api.post("policies", {"name": "Ops", "steps": [step]} | fields))


def make_drill(api: Any, monitor: dict[str, Any]) -> dict[str, Any]:
    return made(api.post("drills", {"monitor": monitor["id"]}))


def make_delivery(organisation: Any, channel: dict[str, Any]) -> str:
    """The id of a message that waits for its channel."""
    with in_tenant(organisation):
        row = NotificationChannel.objects.get(pk=channel["id"])
    return str(waiting(organisation, row).id)


def make_override(api: Any, schedule: dict[str, Any]) -> dict[str, Any]:
    """Somebody takes over for the next hour."""
    now = timezone.now()
    person = schedule["layers"][0]["people"][0]
    body = {
        "person": person,
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
    }
    return made(api.post(f"schedules/{schedule['id']}/overrides", body))


def open_incident(organisation: Any, monitor: dict[str, Any]) -> Incident:
    """As the recorder would, when the monitor's failure is confirmed."""
    with in_tenant(organisation), transaction.atomic():
        number, now = Monitor.objects.get(pk=monitor["id"]).no, timezone.now()
        outage = MonitorChangedStatus(number, Status.UP, Status.DOWN, now, now, "answered 503")
        return lifecycle.open_for([outage])[0]


def problem_of(answer: Any, status: int) -> dict[str, Any]:
    """The problem in an answer, checked for what every problem must have."""
    assert answer.status_code == status, (answer.status_code, answer.content)
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["type"]
    assert body["title"]
    assert body["detail"]
    return body


def pointers(answer: Any, status: int = 422) -> list[str]:
    errors = problem_of(answer, status)["errors"]
    assert all(len(error["detail"]) > 10 for error in errors)
    return [error["pointer"] for error in errors]
