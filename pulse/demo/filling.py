"""Make the demo organisation on the first start, and keep its monitors on today's address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from monitors import definition, editing
from monitors.maintenance import definition as maintenance_definition
from monitors.maintenance import editing as maintenance
from monitors.models import Monitor
from notifications import channels, rules
from notifications.models import NotificationChannel
from pulse.demo import calling
from pulse.demo.accounts import SLUG
from pulse.scoping import in_tenant
from tenants import provisioning
from tenants.actors import PULSE
from tenants.models import Organisation, User

OWNER = "owner@localhost"
RECEIVER = "Demo receiver"


@dataclass(frozen=True, slots=True)
class Watched:
    name: str
    path: str
    interval: int
    config: dict[str, Any]


WHOLE = "Pulse as a whole"
READY = ["[STATUS] == 200", '[BODY].parts.database == "ok"', '[BODY].status == "ok" (soft)']
DESCRIBED = ["[STATUS] == 200", "has([BODY].paths) == true", "[RESPONSE_TIME] < 5000 (soft)"]
JOB = {
    "name": "Demo job (send it a ping)",
    "kind": "heartbeat",
    "tags": ["demo"],
    "config": {"period_seconds": 600, "grace_seconds": 300},
    "notes": "Nothing reports for it yet: copy a line from this page into a terminal.",
}
WATCHED = (
    Watched("Demo shop (down one minute in five)", "/demo/shop", 5, {}),
    Watched("Pulse: web process", "/health", 5, {"expected_status": "200"}),
    Watched("Pulse: database, broker and workers", "/health/ready", 10, {"assertions": READY}),
    Watched("Pulse: API description", "/v1/openapi.json", 10, {"assertions": DESCRIBED}),
    Watched("Pulse: sign-in page", "/accounts/login/", 10, {"method": "HEAD", "expected_status": "200"}),
)


# What the web process serves: when that is down, it alone is news.
WEB = "Pulse: web process"
SERVED = ("Pulse: API description", "Pulse: sign-in page")
PATCHES = {
    "name": "Sunday patches (demo)",
    "start": "2026-01-04T03:00",
    "duration_minutes": 30,
    "rule": "FREQ=WEEKLY;BYDAY=SU",
    "tags": ["demo"],
    "notes": "While it is under way, outages of what carries the tag demo are told only if they outlast it.",
}


def find() -> Organisation | None:
    organisation: Organisation | None = Organisation.objects.filter(slug=SLUG).first()
    return organisation


def make() -> tuple[Organisation, User]:
    """The organisation with monitors, channels and rules; its owner may also run the installation."""
    owner = User.objects.filter(email=OWNER).first() or User.objects.create_superuser(OWNER, name="Owner")
    organisation = provisioning.request_organisation(SLUG, "Demo", owner, by=PULSE)
    provisioning.provision(organisation)
    with in_tenant(organisation), transaction.atomic():
        parts = [
            editing.create(organisation, definition.read(describe(watched)), PULSE) for watched in WATCHED
        ]
        editing.create(organisation, definition.read(JOB), PULSE)
        _depend(organisation, {monitor.name: monitor for monitor in parts})
        maintenance.create(organisation, maintenance_definition.read(PATCHES, timezone.now()), PULSE)
        members = [str(monitor.pk) for monitor in parts if monitor.name.startswith("Pulse: ")]
        whole = {"name": WHOLE, "kind": "group", "tags": ["pulse"], "config": {"members": members}}
        editing.create(organisation, definition.read(whole), PULSE)
        made = [
            channels.create(organisation, channels.read(values), PULSE)[0]
            for values in (
                {"name": RECEIVER, "kind": "webhook", "config": {"url": f"{address()}/demo/receiver/"}},
                {"name": "Local mailbox", "kind": "email", "config": {"to": OWNER}},
            )
        ]
        rule = {"name": "Tell everything to both", "channels": [str(channel.pk) for channel in made]}
        rules.create(organisation, rules.read(rule), PULSE)
        calling.fill(organisation, owner, parts[0])
    return organisation, owner


def _depend(organisation: Organisation, by_name: dict[str, Monitor]) -> None:
    for name in SERVED:
        values = definition.read({"depends_on": [str(by_name[WEB].pk)]}, by_name[name])
        editing.update(organisation, by_name[name], values, PULSE)


def move(organisation: Organisation) -> None:
    """Pulse may listen on another port than last time; what the demo watches moves with it."""
    with in_tenant(organisation):
        by_name = {watched.name: watched for watched in WATCHED}
        for monitor in Monitor.objects.filter(name__in=by_name):
            target = describe(by_name[monitor.name])["target"]
            if monitor.target != target:
                editing.update(organisation, monitor, definition.read({"target": target}, monitor), PULSE)
        for channel in NotificationChannel.objects.filter(name=RECEIVER):
            url = f"{address()}/demo/receiver/"
            if channel.config.get("url") != url:
                channels.update(
                    organisation, channel, channels.read({"config": {"url": url}}, channel), PULSE
                )


def describe(watched: Watched) -> dict[str, Any]:
    return {
        "name": watched.name,
        "tags": ["pulse" if watched.name.startswith("Pulse") else "demo"],
        "target": address() + watched.path,
        "interval_seconds": watched.interval,
        "timeout_seconds": 4,
        "config": watched.config,
        "policy": {"down_after": 2, "up_after": 2},
    }


def address() -> str:
    """How this machine reaches its own web process."""
    return str(settings.PULSE_SELF_URL)
