"""Hosts that report or are silent, and time that passes by them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from incidents.models import Incident
from monitors.deadlines import settle_organisation
from monitors.hosts.model import Report
from monitors.hosts.receiving import receive
from monitors.models import Monitor
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make
from tests.monitors.stepping import head

CPU = "avg(cpu.percent, 5m) > 80 warn, > 95 crit"


def watched(acme: Any, *thresholds: str) -> Monitor:
    return make(acme, "web-1", kind="host", target="", config={"thresholds": list(thresholds)})


def report(organisation: Any, *values: float, at: datetime | None = None, name: str = "cpu.percent") -> None:
    """The host sends these values, a second apart and the last of them now, and what is due is settled."""
    said = Report("", "web-1", "", lambda place: f"/samples/{place}")
    end = at or timezone.now()
    for place, value in enumerate(values):
        said.add((name, (), "", "gauge"), end - timedelta(seconds=len(values) - 1 - place), value, place)
    with in_tenant(organisation):
        received = receive(organisation, [said], COMMAND_LINE, may_create=False)
    assert received.accepted == len(values)
    settle(organisation)


def settle(organisation: Any) -> None:
    """What is due now, without the moment that the deadlines' thread waits for reports on their way."""
    with in_tenant(organisation):
        numbers = list(Monitor.objects.values_list("no", flat=True))
    settle_organisation(organisation, numbers)


def pass_by(organisation: Any, monitor: Monitor, seconds: float) -> None:
    """Let so much time have passed for the host's row, and settle what is due."""
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_livestate SET last_slot = last_slot - %(by)s::interval,"
            " next_due_at = next_due_at - %(by)s::interval,"
            " last_checked_at = last_checked_at - %(by)s::interval WHERE monitor_no = %(no)s",
            {"by": f"{seconds} s", "no": monitor.no},
        )
    settle(organisation)


def incidents(organisation: Any) -> list[Incident]:
    with in_tenant(organisation):
        return list(Incident.objects.order_by("pk"))


def due_in(monitor: Monitor) -> float | None:
    due = head(monitor).next_due_at
    return None if due is None else (due - timezone.now()).total_seconds()
