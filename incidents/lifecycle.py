"""Open, acknowledge and resolve incidents: guarded, idempotent, with timeline and durable fact in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from incidents import live
from incidents.models import Incident, TimelineEntry
from monitors.facts import MonitorChangedStatus, MonitorEdited, MonitorStopped
from monitors.models import Monitor
from monitors.telemetry.models import Status
from pulse import links, scoping
from pulse.outbox.appending import NewFact, append
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Organisation

Kind = TimelineEntry.Kind
RECOVERY = {
    Status.UP: "The monitor is up again.",
    Status.DEGRADED: "The monitor works again, but not as well as it should.",
}
OPENED, RESOLVED = "incident.opened", "incident.resolved"


def open_for(outages: Sequence[MonitorChangedStatus]) -> list[Incident]:
    """One incident per monitor that went down and has none open."""
    numbers = [outage.monitor_no for outage in outages]
    has_one = set(
        Incident.objects.filter(monitor_no__in=numbers, resolved_at=None).values_list("monitor_no", flat=True)
    )
    monitors = {monitor.no: monitor for monitor in Monitor.objects.filter(no__in=numbers)}
    opening = [
        (_new(monitors[outage.monitor_no], outage), outage)
        for outage in outages
        if outage.monitor_no in monitors and outage.monitor_no not in has_one
    ]
    Incident.objects.bulk_create([incident for incident, _ in opening])
    TimelineEntry.objects.bulk_create(
        entry for incident, outage in opening for entry in _first_entries(incident, outage)
    )
    _tell(OPENED, [incident for incident, _ in opening])
    return [incident for incident, _ in opening]


def resolve_for(recoveries: Sequence[MonitorChangedStatus]) -> None:
    """Resolve the open incidents of monitors that recovered."""
    ended = {recovery.monitor_no: recovery for recovery in recoveries}
    _resolve(
        list(ended),
        Incident.Resolution.RECOVERED,
        lambda incident: (
            ended[incident.monitor_no].began,
            None,
            "",
            RECOVERY[ended[incident.monitor_no].after],
        ),
    )


def resolve_stopped(stops: Sequence[MonitorStopped]) -> None:
    """Resolve the open incidents of monitors that nobody watches any more, with that as the cause."""
    ended = {stop.monitor_no: stop for stop in stops}
    for why in {stop.why for stop in stops}:
        _resolve(
            [stop.monitor_no for stop in stops if stop.why == why],
            why,
            lambda incident: (
                ended[incident.monitor_no].at,
                ended[incident.monitor_no].by_id,
                ended[incident.monitor_no].by_name,
                f"{ended[incident.monitor_no].by_name} {ended[incident.monitor_no].why} the monitor.",
            ),
        )


def note_edits(edits: Sequence[MonitorEdited]) -> None:
    """Write edits of a monitor into its open incident: whoever handles it must know what changed under it."""
    edited = {edit.monitor_no: edit for edit in edits}
    TimelineEntry.objects.bulk_create(
        TimelineEntry(
            incident=incident,
            at=edited[incident.monitor_no].at,
            kind=Kind.CHANGED,
            actor_id=edited[incident.monitor_no].by_id,
            actor_name=edited[incident.monitor_no].by_name,
            text=f"{edited[incident.monitor_no].by_name} changed {edited[incident.monitor_no].what}."[:500],
        )
        for incident in Incident.objects.filter(monitor_no__in=edited, resolved_at=None)
    )


def note_lost(losses: Sequence[MonitorChangedStatus]) -> None:
    """Write into open incidents that nobody can see any more whether the outage goes on: it is not over by that."""
    lost = {loss.monitor_no: loss for loss in losses}
    if lost:
        TimelineEntry.objects.bulk_create(
            TimelineEntry(
                incident=incident,
                at=lost[incident.monitor_no].began,
                kind=Kind.CHANGED,
                text=f"Its state is unknown from here on: {lost[incident.monitor_no].detail}"[:500],
            )
            for incident in Incident.objects.filter(monitor_no__in=lost, resolved_at=None)
        )


def acknowledge(organisation: Organisation, incident: Incident, by: Actor) -> Incident:
    """Say who has it. Doing so again, or after the end, changes nothing; the first one stays."""
    with transaction.atomic():
        incident = Incident.objects.select_for_update().get(pk=incident.pk)
        if incident.acknowledged_at or incident.resolved_at:
            return incident
        incident.acknowledged_at, incident.acknowledged_by_id = timezone.now(), by.id
        incident.acknowledged_by = by.name
        incident.save(update_fields=["acknowledged_at", "acknowledged_by_id", "acknowledged_by"])
        incident.timeline.create(
            at=incident.acknowledged_at,
            kind=Kind.ACKNOWLEDGED,
            actor_id=by.id,
            actor_name=by.name,
            text=f"{by.name} acknowledged.",
        )
        record(organisation, by, "acknowledged", "incident", incident.pk, str(incident))
        live.announce([incident])
    return incident


def _resolve(numbers: list[int], resolution: str, describe: Any) -> None:
    incidents = list(
        Incident.objects.select_for_update().filter(monitor_no__in=numbers, resolved_at=None).order_by("pk")
    )
    entries = []
    for incident in incidents:
        at, actor_id, actor_name, text = describe(incident)
        # A recovery is dated to its good slot, which a clock set back must not put before the start.
        incident.resolved_at = max(at, incident.started_at)
        incident.resolution, incident.sequence = resolution, incident.sequence + 1
        entries.append(
            TimelineEntry(
                incident=incident, at=timezone.now(), kind=Kind.RESOLVED, actor_id=actor_id,
                actor_name=actor_name, text=text,
            )
        )  # fmt: skip
    Incident.objects.bulk_update(incidents, ["resolved_at", "resolution", "sequence"])
    TimelineEntry.objects.bulk_create(entries)
    _tell(RESOLVED, incidents)


def _new(monitor: Monitor, outage: MonitorChangedStatus) -> Incident:
    return Incident(
        monitor=monitor,
        monitor_no=monitor.no,
        monitor_snapshot={
            "id": str(monitor.pk),
            "name": monitor.name,
            "kind": monitor.kind,
            "target": monitor.target,
        },
        started_at=outage.began,
        opened_at=outage.at,
        cause=outage.detail[:255],
        sequence=1,
    )


def _first_entries(incident: Incident, outage: MonitorChangedStatus) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            incident=incident,
            at=outage.began,
            kind=Kind.STARTED,
            text="First failing check; the outage is dated to it.",
        ),
        TimelineEntry(
            incident=incident, at=outage.at, kind=Kind.OPENED, text=f"Confirmed down: {incident.cause}"[:500]
        ),
    ]


def _tell(kind: str, incidents: list[Incident]) -> None:
    organisation = scoping.current()
    append(
        [NewFact(kind, item.pk, item.sequence, {"data": payload(organisation, item)}) for item in incidents]
    )
    live.announce(incidents)


def payload(organisation: Organisation, incident: Incident) -> dict[str, Any]:
    """The `data` of a message about an incident, as webhooks send it."""
    snapshot = incident.monitor_snapshot
    return {
        "organisation": {"slug": organisation.slug, "name": organisation.name},
        "monitor": {**snapshot, "url": links.page_of(organisation.slug, "monitors:detail", snapshot["id"])},
        "incident": {
            "id": str(incident.pk),
            "url": links.page_of(organisation.slug, "incidents:detail", incident.pk),
            "started_at": rfc3339(incident.started_at),
            "resolved_at": rfc3339(incident.resolved_at),
            "cause": incident.cause,
        },
    }


def rfc3339(moment: datetime | None) -> str | None:
    """UTC with milliseconds and Z (RFC 3339)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
