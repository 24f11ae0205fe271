"""Maintenance that starts at once, of one monitor or of all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from monitors.maintenance import definition, editing
from monitors.maintenance.model import MaintenanceWindow
from monitors.models import Monitor
from tenants.actors import Actor
from tenants.models import Organisation


def start(
    organisation: Organisation, monitor: Monitor | None, wanted: Mapping[str, Any], zone: str, by: Actor
) -> MaintenanceWindow:
    """A window from now on for `wanted["minutes"]`, named after what it is for, or whom it covers."""
    now = timezone.now()
    values = {
        "name": wanted["name"] or f"Maintenance of {monitor or 'everything'}"[:120],
        "zone": zone,
        "start": now.astimezone(ZoneInfo(zone)).replace(microsecond=0).isoformat(),
        "duration_minutes": wanted["minutes"],
        "everything": monitor is None,
        "monitors": [str(monitor.pk)] if monitor else [],
    }
    return editing.create(organisation, definition.read(values, now), by)
