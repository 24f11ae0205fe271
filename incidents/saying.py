"""What incidents tell the world: durable facts for messages, and open pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from incidents import live
from incidents.models import Incident
from monitors.models import Monitor
from pulse import links, scoping
from pulse.ids import uuid7
from pulse.outbox.appending import NewFact, append
from tenants.models import Organisation

OPENED, JOINED, RESOLVED = "incident.opened", "incident.joined", "incident.resolved"


def tell(kind: str, incidents: Sequence[Incident]) -> None:
    """Append the fact of each that has messages of its own; open pages hear of all."""
    organisation = scoping.current()
    append(
        [
            NewFact(kind, item.pk, item.sequence, _content(organisation, item))
            for item in incidents
            if item.is_told
        ]
    )
    live.announce(incidents)


def tell_joined(group: Incident, numbers: Sequence[int]) -> None:
    """Say that monitors joined an outage that was told already: only who was not told hears of it.

    Each such fact is its own subject: one that is held back for a snoozed monitor must not hold up the end.
    """
    if group.is_told and numbers:
        content = _content(scoping.current(), group) | {"incident": str(group.pk), "monitors": list(numbers)}
        append([NewFact(JOINED, uuid7(), 1, content)])


def payload(organisation: Organisation, incident: Incident) -> dict[str, Any]:
    """The `data` of a message about an incident, as webhooks send it."""
    return {
        "organisation": {"slug": organisation.slug, "name": organisation.name},
        "monitor": _monitor(organisation, incident),
        "incident": {
            "id": str(incident.pk),
            "url": links.page_of(organisation.slug, "incidents:detail", incident.pk),
            "kind": incident.kind,
            "title": incident.name,
            "severity": incident.severity,
            "affected": incident.extent,
            "started_at": rfc3339(incident.started_at),
            "resolved_at": rfc3339(incident.resolved_at),
            "resolution": incident.resolution or None,
            "resolved_by": incident.resolved_by or None,
            "cause": incident.cause,
            "acknowledged_by": incident.acknowledged_by or None,
            "drill": incident.is_drill,
        },
    }


def snapshot(monitor: Monitor) -> dict[str, str]:
    """A monitor as incidents and messages remember it."""
    return {
        "id": str(monitor.pk),
        "name": monitor.name,
        "kind": monitor.kind,
        "target": monitor.target,
    }


def rfc3339(moment: datetime | None) -> str | None:
    """UTC with milliseconds and Z (RFC 3339)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def _content(organisation: Organisation, incident: Incident) -> dict[str, Any]:
    return {"round": incident.round, "data": payload(organisation, incident)}


def _monitor(organisation: Organisation, incident: Incident) -> dict[str, Any]:
    """Its monitor; one of many, or of none, has the same shape without an id, so that receivers need no second one."""
    if incident.monitor_no:
        known = incident.monitor_snapshot
        return {**known, "url": links.page_of(organisation.slug, "monitors:detail", known["id"])}
    url = links.page_of(organisation.slug, "incidents:detail", incident.pk)
    value = (incident.shared or {}).get("value", "")
    return {"id": None, "name": incident.name, "kind": "incident", "target": value, "url": url}
