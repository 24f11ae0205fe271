"""Certificates by their issuers, as tests of what is accepted see them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import connection

from monitors import definition, editing
from monitors.models import Monitor
from monitors.probes.outcome import Outcome
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.stepping import GOOD

OURS, THEIRS = "CN=R11,O=Let's Encrypt,C=US", "CN=Evil,O=Elsewhere"
WANTED = {"issuer_change": "degraded"}


def seen(issuer: str, **more: Any) -> Outcome:
    return replace(GOOD, detail="TLSv1.3", status_code=None, issuer=issuer, **more)


def accepted(monitor: Monitor) -> list[tuple[int, str]]:
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT location, issuer FROM telemetry_issuer WHERE monitor_no = %s ORDER BY 1", [monitor.no]
        )
        return list(cursor.fetchall())


def edited(organisation: Any, monitor: Monitor, **changes: Any) -> None:
    with in_tenant(organisation):
        row = Monitor.objects.get(pk=monitor.pk)
        editing.update(organisation, row, definition.read(changes, row), COMMAND_LINE)
