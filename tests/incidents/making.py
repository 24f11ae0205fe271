"""Outages of many monitors at once, as the recorder would report them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from incidents.models import Incident
from monitors.facts import MonitorChangedStatus
from monitors.models import Monitor
from monitors.telemetry.models import Status
from notifications.relay import relay
from pulse import facts
from pulse.outbox.models import Fact
from pulse.scoping import as_pipeline, in_tenant
from tests.monitors.making import make

FAILS = """
UPDATE telemetry_livestate SET status = %s, status_since = %s, first_failed_slot = %s, failures = %s, last_ok = false,
    last_slot = now(), last_checked_at = now(), last_error = 30
WHERE tenant_no = %s AND monitor_no = ANY(%s)
"""
WORKS = """
UPDATE telemetry_livestate SET status = 1, status_since = now(), first_failed_slot = NULL, failures = 0, last_ok = true,
    last_slot = now(), last_checked_at = now(), last_error = 0
WHERE tenant_no = %s AND monitor_no = ANY(%s)
"""


def several(organisation: Any, *names: str, host: str = "shop.example", **more: Any) -> list[Monitor]:
    """Monitors of one host that work."""
    made = [make(organisation, name, target=f"http://{host}/{name}", **more) for name in names]
    with in_tenant(organisation), connection.cursor() as cursor:
        cursor.execute(WORKS, [organisation.no, [monitor.no for monitor in made]])
    return made


def fail(
    organisation: Any, monitors: Sequence[Monitor], *, confirmed: bool = True, since: datetime | None = None
) -> None:
    """Let them fail since then; confirmed, their incidents open in the same transaction."""
    began, now = since or timezone.now() - timedelta(seconds=5), timezone.now()
    numbers = [monitor.no for monitor in monitors]
    status, failures = (3, 0) if confirmed else (1, 1)
    with in_tenant(organisation), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(FAILS, [status, began, began, failures, organisation.no, numbers])
        if confirmed:
            facts.emit(
                [
                    MonitorChangedStatus(number, Status.UP, Status.DOWN, began, now, "connection refused")
                    for number in numbers
                ]
            )


def become(organisation: Any, monitor: Monitor, before: Status, after: Status, detail: str = "") -> None:
    """One change of status, and what incidents make of it."""
    now = timezone.now()
    with in_tenant(organisation), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE telemetry_livestate SET status = %s, status_since = now() WHERE monitor_no = %s",
                [int(after), monitor.no],
            )
        facts.emit([MonitorChangedStatus(monitor.no, before, after, now, now, detail)])


def recover(organisation: Any, *monitors: Monitor) -> None:
    now = timezone.now()
    with in_tenant(organisation), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(WORKS, [organisation.no, [monitor.no for monitor in monitors]])
        facts.emit(
            [
                MonitorChangedStatus(monitor.no, Status.DOWN, Status.UP, now, now, "answered 200")
                for monitor in monitors
            ]
        )


def groups(organisation: Any) -> list[Incident]:
    with in_tenant(organisation):
        return list(Incident.objects.filter(kind="group").order_by("pk"))


def singles(organisation: Any) -> list[Incident]:
    with in_tenant(organisation):
        return list(Incident.objects.filter(kind="monitor").select_related("part_of").order_by("pk"))


def fact_kinds(organisation: Any) -> list[str]:
    with as_pipeline():
        found = Fact.objects.filter(tenant_no=organisation.no).order_by("no")
        return list(found.values_list("kind", flat=True))


def route_all() -> None:
    while relay():
        pass
