"""One monitor whose state a test decides, the channels that it tells, and time that passes."""

from __future__ import annotations

import os
from typing import Any

import psycopg
from django.db import transaction
from django.utils import timezone

from incidents.models import TimelineEntry
from monitors import definition, editing
from monitors.facts import MonitorChangedStatus
from monitors.telemetry.models import Status
from notifications import channels, rules
from notifications.ledger.models import Delivery
from notifications.models import NotificationChannel
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

    def channel(self, kind: str, config: dict[str, str]) -> NotificationChannel:
        with in_tenant(self.organisation):
            values = channels.read({"name": kind, "kind": kind, "config": config})
            channel, _ = channels.create(self.organisation, values, COMMAND_LINE)
            rule = {"name": kind, "channels": [str(channel.pk)]}
            self.rule = rules.create(self.organisation, rules.read(rule), COMMAND_LINE)
        return channel

    def becomes(self, after: Status) -> None:
        before = Status.UP if after is Status.DOWN else Status.DOWN
        now = timezone.now()
        change = MonitorChangedStatus(
            self.monitor.no, before, after, now, now, "answered 503, expected 200-399"
        )
        with in_tenant(self.organisation), transaction.atomic():
            facts.emit([change])

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


def let_time_pass() -> None:
    """What waiting would do: every retry and every hold is due."""
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        superuser.execute("UPDATE ledger_delivery SET retry_at = now() WHERE state = 'retrying'")
        superuser.execute("UPDATE outbox_fact SET hold_until = now() WHERE hold_until > now()")
