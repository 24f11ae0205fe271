"""Short ways for the API's tests to a monitor, a channel, a rule and an open incident."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from incidents import lifecycle
from incidents.models import Incident
from monitors.facts import MonitorChangedStatus
from monitors.models import Monitor
from monitors.telemetry.models import Status
from pulse.scoping import in_tenant

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
