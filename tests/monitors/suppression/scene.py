"""Monitors that depend on each other, windows over them, and who was told what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from incidents.models import Incident
from monitors.maintenance import definition, editing
from monitors.maintenance.model import MaintenanceWindow
from monitors.models import Monitor
from monitors.suppression import holding, releasing
from monitors.telemetry.models import LiveState, Status
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE


def window(organisation: Any, *, minutes: int = 60, starts_in: int = -1, **more: Any) -> MaintenanceWindow:
    """One that is under way unless it says otherwise; times in minutes."""
    start = timezone.now() + timedelta(minutes=starts_in)
    values = {"name": "Upgrade", "start": start.isoformat(), "duration_minutes": minutes, **more}
    if not {"tags", "monitors"} & values.keys():
        values["everything"] = True
    with in_tenant(organisation):
        read = definition.read(values, timezone.now())
        return editing.create(organisation, read, COMMAND_LINE)


def depend(organisation: Any, child: Monitor, *parents: Monitor) -> None:
    with in_tenant(organisation):
        child.depends_on.set(parents)


def held(organisation: Any, *monitors: Monitor) -> list[str]:
    """What holds each of them back: the name of the window or parent; those that nothing does are left out."""
    with in_tenant(organisation):
        found = holding.of([monitor.no for monitor in monitors])
    return [found[monitor.no].by.by for monitor in monitors if monitor.no in found]


def open_incidents(organisation: Any) -> set[str]:
    with in_tenant(organisation):
        rows = Incident.objects.filter(resolved_at=None)
        return {row.monitor_snapshot["name"] for row in rows if row.monitor_no}


def decisions(organisation: Any, monitor: Monitor) -> list[str]:
    """The words of the decisions about what was held back, oldest first."""
    with in_tenant(organisation), connection.cursor() as cursor:
        cursor.execute(
            "SELECT words FROM telemetry_decision WHERE tenant_no = %s AND monitor_no = %s AND kind IN (5, 6, 7)"
            " ORDER BY no",
            [organisation.no, monitor.no],
        )
        return [row[0] for row in cursor.fetchall()]


def let_pass(organisation: Any, minutes: float) -> None:
    """What waiting would do to windows and held outages: all of it happened that much earlier."""
    with in_tenant(organisation), connection.cursor() as cursor:
        by: Any = timedelta(minutes=minutes)
        cursor.execute(
            "UPDATE telemetry_maintenance SET starts = starts - %s, ends = ends - %s, due_at = due_at - %s"
            " WHERE tenant_no = %s",
            [by, by, by, organisation.no],
        )
        cursor.execute(
            "UPDATE telemetry_heldoutage SET began = began - %s, at = at - %s, due_at = due_at - %s"
            " WHERE tenant_no = %s",
            [by, by, by, organisation.no],
        )
        cursor.execute(
            "UPDATE telemetry_livestate SET status_since = status_since - %s, last_checked_at = last_checked_at - %s"
            " WHERE tenant_no = %s",
            [by, by, organisation.no],
        )


def look(organisation: Any) -> None:
    """The sweep, with everything held due."""
    with in_tenant(organisation), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_heldoutage SET due_at = now() WHERE tenant_no = %s", [organisation.no]
        )
    releasing.sweep()


def stand(organisation: Any, monitor: Monitor, status: Status, failures: int = 0) -> None:
    """Let it stand so, freshly checked."""
    with in_tenant(organisation):
        LiveState.objects.filter(monitor_no=monitor.no, tenant_no=organisation.no).update(
            status=status, status_since=timezone.now(), failures=failures, last_slot=timezone.now()
        )
