"""One monitor whose state a test decides, the channels that it tells, and time that passes."""

from __future__ import annotations

import os
from typing import Any

import psycopg
from django.db import transaction
from django.utils import timezone

from incidents.models import Incident, TimelineEntry
from monitors import definition, editing
from monitors.facts import MonitorChangedStatus
from monitors.telemetry.models import Status
from notifications import channels, policies, rules
from notifications.ledger.models import Delivery
from notifications.models import EscalationPolicy, NotificationChannel, Rule
from pulse import facts
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.receivers import wait_until


class Site:
    """One monitor of acme whose state the test decides, and the channels it tells."""

    def __init__(self, organisation: Any) -> None:
        self.organisation = organisation
        with in_tenant(organisation):
            values = definition.read({"name": "shop", "target": "http://127.0.0.1:9/", "enabled": False})
            self.monitor = editing.create(organisation, values, COMMAND_LINE)

    def channel(self, kind: str, config: dict[str, str], **rule: Any) -> NotificationChannel:
        """A channel with a rule of its own."""
        channel = self.lonely(kind, config)
        self.tell(**{"name": kind, "channels": [str(channel.pk)], **rule})
        return channel

    def lonely(self, kind: str, config: dict[str, str], **more: Any) -> NotificationChannel:
        """A channel that no rule names."""
        with in_tenant(self.organisation):
            values = channels.read({"name": kind, "kind": kind, "config": config, **more})
            return channels.create(self.organisation, values, COMMAND_LINE)[0]

    def tell(self, **rule: Any) -> Rule:
        with in_tenant(self.organisation):
            self.rule = rules.create(self.organisation, rules.read(rule), COMMAND_LINE)
        return self.rule

    def policy(self, *steps: Any, **more: Any) -> EscalationPolicy:
        """Of steps that each name people and channels; a rule sets it to work."""
        read = [{"targets": [_target(one) for one in step]} for step in steps]
        with in_tenant(self.organisation):
            values = policies.read({"name": "Ops", "steps": read, **more})
            policy = policies.create(self.organisation, values, COMMAND_LINE)
        self.tell(name="call", policy=str(policy.pk))
        return policy

    def becomes(
        self, after: Status, before: Status | None = None, detail: str = "answered 503, expected 200-399"
    ) -> None:
        if before is None:
            before = Status.UP if after is Status.DOWN else Status.DOWN
        now = timezone.now()
        change = MonitorChangedStatus(self.monitor.no, before, after, now, now, detail)
        with in_tenant(self.organisation), transaction.atomic():
            facts.emit([change])

    @property
    def incident(self) -> Incident:
        with in_tenant(self.organisation):
            return Incident.objects.latest("opened_at")

    def deliveries(self) -> list[Delivery]:
        with in_tenant(self.organisation):
            return list(Delivery.objects.filter(tenant_no=self.organisation.no).order_by("no"))

    def texts(self) -> list[str]:
        with in_tenant(self.organisation):
            return list(TimelineEntry.objects.order_by("at", "id").values_list("text", flat=True))

    def wait(self, *states: str) -> list[Delivery]:
        wait_until(
            lambda: [row.state for row in self.deliveries()] == list(states),
            15,
            f"deliveries to be {states}, are {[(row.state, row.last_answer) for row in self.deliveries()]}",
        )
        return self.deliveries()

    def wait_for_one_of(self, *states: str) -> None:
        wait_until(lambda: {row.state for row in self.deliveries()} & set(states), 15, f"one of {states}")


def _target(one: Any) -> dict[str, str]:
    kinds = {"User": "person", "Schedule": "schedule", "NotificationChannel": "channel"}
    return {"kind": kinds[type(one).__name__], "id": str(one.pk)}


def let_time_pass() -> None:
    """What waiting would do: every retry, every hold, every step and all that follows a message is due."""
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        superuser.execute(
            "UPDATE ledger_delivery SET retry_at = now() WHERE state IN ('retrying', 'held', 'pending')"
        )
        superuser.execute("UPDATE ledger_escalation SET due_at = now() WHERE due_at IS NOT NULL")
        superuser.execute("UPDATE ledger_delivery SET repeat_at = now() WHERE repeat_at IS NOT NULL")
        superuser.execute("UPDATE ledger_delivery SET fallback_at = now() WHERE fallback_at IS NOT NULL")
        superuser.execute("UPDATE outbox_fact SET hold_until = now() WHERE hold_until > now()")
