"""Monitors with a past, for tests of pages: rows as the recorder would have written them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from monitors import definition, editing
from monitors.models import Monitor
from monitors.telemetry.models import Status
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE

RESULT = """
INSERT INTO telemetry_checkresult (monitor_no, slot, tenant_no, lateness_us, total_us, connect_us, wait_us,
    location, error, status_code, ok) VALUES (%s, %s, %s, 900, %s, 3000, 5000, 1, %s, %s, %s)
"""
CHANGE = "INSERT INTO telemetry_statechange (monitor_no, at, tenant_no, location, status) VALUES (%s, %s, %s, 1, %s)"
STATE = """
UPDATE telemetry_livestate SET status = %s, status_since = %s, last_checked_at = %s, last_slot = %s, last_ok = %s,
    last_total_us = 71000, last_detail = %s, next_due_at = now() + interval '1 minute'
WHERE monitor_no = %s AND tenant_no = %s
"""


def make(organisation: Any, name: str = "shop", **more: Any) -> Monitor:
    values = {"name": name, "target": f"http://127.0.0.1:9/{name}", "interval_seconds": 60, **more}
    with in_tenant(organisation):
        return editing.create(organisation, definition.read(values), COMMAND_LINE)


def put(
    organisation: Any, monitor: Monitor, status: Status, since: datetime | None = None, detail: str = ""
) -> None:
    """Let the monitor stand in `status` since then."""
    now = timezone.now()
    since = since or now - timedelta(minutes=14)
    with in_tenant(organisation), connection.cursor() as cursor:
        cursor.execute(CHANGE, [monitor.no, since, organisation.no, int(status)])
        ok = status is Status.UP
        cursor.execute(STATE, [int(status), since, now, now, ok, detail, monitor.no, organisation.no])


def result(
    organisation: Any, monitor: Monitor, at: datetime, *, total_us: int = 71_000, ok: bool = True
) -> None:
    with in_tenant(organisation), connection.cursor() as cursor:
        values = [monitor.no, at, organisation.no, total_us, 0 if ok else 60, 200 if ok else 503, ok]
        cursor.execute(RESULT, values)
