"""Channels, rules and deliveries with a past, for tests of pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from incidents import lifecycle
from incidents.models import Incident
from monitors.facts import MonitorChangedStatus
from monitors.telemetry.models import Status
from notifications import channels, policies, rules
from notifications.ledger import entering, queue
from notifications.ledger.entering import NewDelivery
from notifications.ledger.models import Delivery
from notifications.ledger.queue import Finished, Leased
from notifications.models import EscalationPolicy, NotificationChannel, Rule
from pulse.ids import uuid7
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make

UNKNOWN = UUID("01900000-0000-7000-8000-000000000000")
FACTS = count(1_000_000)


def webhook(
    organisation: Any, name: str = "Ops", url: str = "http://127.0.0.1:9/hook"
) -> NotificationChannel:
    values = {"name": name, "kind": "webhook", "config": {"url": url}}
    with in_tenant(organisation):
        return channels.create(organisation, channels.read(values), COMMAND_LINE)[0]


def email(organisation: Any, name: str = "Duty", to: str = "duty@acme.example") -> NotificationChannel:
    values = {"name": name, "kind": "email", "config": {"to": to}}
    with in_tenant(organisation):
        return channels.create(organisation, channels.read(values), COMMAND_LINE)[0]


def rule(organisation: Any, *told: NotificationChannel, **more: Any) -> Rule:
    values = {"name": "Everything", "channels": [str(channel.pk) for channel in told], **more}
    with in_tenant(organisation):
        return rules.create(organisation, rules.read(values), COMMAND_LINE)


def outage(organisation: Any, name: str = "shop") -> Incident:
    monitor, now = make(organisation, name), timezone.now()
    change = MonitorChangedStatus(monitor.no, Status.UP, Status.DOWN, now, now, "answered 503")
    with in_tenant(organisation), transaction.atomic():
        return lifecycle.open_for([change])[0]


def delivery(
    organisation: Any,
    channel: NotificationChannel,
    *,
    incident: Incident | None = None,
    name: str = "shop",
    now: datetime | None = None,
    **more: Any,
) -> Delivery:
    """One that waits to be sent, of its fields as a test has them; `now` by the clock of who writes it."""
    row = NewDelivery(
        id=uuid7(),
        fact_no=next(FACTS),
        event="incident.opened" if incident else "channel.test",
        incident_id=incident.pk if incident else None,
        monitor_no=incident.monitor_no if incident else None,
        channel_id=channel.pk,
        channel_name=channel.name,
        transport=channel.kind,
        recipient="127.0.0.1",
        destination="127.0.0.1:9",
        payload={"data": {"monitor": {"name": name}} if incident else {"channel": {"name": channel.name}}},
        wants_recovery=False,
        follows_no=None,
    )
    row = replace(row, **more)
    with in_tenant(organisation):
        entering.insert(organisation.no, now or timezone.now(), [row])
        return Delivery.objects.get(tenant_no=organisation.no, id=row.id)


def tried(organisation: Any, waiting: Delivery, state: str, answer: str = "answered 503") -> Delivery:
    """Let one attempt of it end so, by the courier's own steps."""
    with as_pipeline():
        leased: list[Leased] = [item for item in queue.claim(64, 64, {}) if item.no == waiting.no]
    with in_tenant(organisation):
        attempted = queue.attempt(organisation.no, leased)
        outcome = "sent" if state == "sent" else "failed"
        queue.finish(organisation.no, [Finished(attempted[0], state, outcome, answer, None)])
        return Delivery.objects.get(tenant_no=organisation.no, no=waiting.no)


def policy(organisation: Any, *people: Any, **more: Any) -> EscalationPolicy:
    steps = [{"targets": [{"kind": "person", "id": str(person.pk)}]} for person in people]
    with in_tenant(organisation):
        values = policies.read({"name": "Ops", "steps": steps, **more})
        return policies.create(organisation, values, COMMAND_LINE)
