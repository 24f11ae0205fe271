"""Fire drills: a failure that is none, told and handled like one, so that people know that they would be reached.

A drill touches no monitor: its state, its uptime and all figures stay as they are. It ends by hand, or by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from incidents import resolving
from incidents.models import Incident, TimelineEntry
from incidents.saying import OPENED, snapshot, tell
from monitors.models import Monitor
from pulse.scoping import in_tenant
from tenants.actors import PULSE, Actor
from tenants.audit import record
from tenants.models import Handle, Organisation

log = structlog.get_logger(__name__)
AWAY = (OperationalError, InterfaceError)
HANDLE = "drill"
ENDS_AFTER = timedelta(hours=1)
CAUSE = "a fire drill: nothing is broken"


def start(organisation: Organisation, monitor: Monitor, severity: str, by: Actor) -> Incident:
    """Whoever would be told if this monitor failed now is told, by the very same path."""
    now = timezone.now()
    with transaction.atomic():
        incident = Incident.objects.create(
            kind=Incident.Kind.DRILL,
            title=f"Drill: {monitor.name}"[:200],
            monitor_snapshot={"monitors": [snapshot(monitor)]},
            severity=severity,
            started_at=now,
            opened_at=now,
            cause=CAUSE,
            affected=1,
            sequence=1,
        )
        incident.about.set([monitor])
        incident.timeline.create(
            at=now,
            kind=TimelineEntry.Kind.OPENED,
            actor_id=by.id,
            actor_name=by.name,
            text=f"{by.name} started a fire drill about {monitor.name}.",
        )
        # Found again by this, whichever organisation it is in.
        Handle.objects.create(
            kind=HANDLE, key=str(incident.pk), organisation=organisation, object_id=incident.pk
        )
        record(
            organisation, by, "drilled", "monitor", monitor.pk, monitor.name, {"incident": str(incident.pk)}
        )
        tell(OPENED, [incident])
    return incident


def end_overdue(now: datetime) -> int:
    """In all organisations: nobody has to remember to end a drill. Returns how many were ended."""
    ended = 0
    for handle in Handle.objects.filter(kind=HANDLE).select_related("organisation"):
        try:
            ended += _end_overdue(handle, now)
        except AWAY:
            raise
        except Exception:  # one drill that cannot be ended must not keep the others going on
            log.exception("drill_failed", organisation=handle.organisation.slug, incident=handle.key)
    return ended


def _end_overdue(handle: Handle, now: datetime) -> int:
    with in_tenant(handle.organisation), transaction.atomic():
        incident = Incident.objects.filter(pk=handle.object_id).first()
        is_over = incident is None or incident.resolved_at is not None
        if incident and not is_over and incident.opened_at > now - ENDS_AFTER:
            return 0
        if incident and not is_over:
            resolving.resolve(handle.organisation, incident, PULSE)
        handle.delete()
    return 0 if is_over else 1
