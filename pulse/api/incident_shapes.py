"""What incidents, their timelines, figures and postmortems look like in answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from incidents.learning import draft
from incidents.measuring import Figures
from incidents.models import Incident, Postmortem, TimelineEntry
from incidents.saying import rfc3339
from pulse.links import absolute

TIMELINE_AT_MOST = 1_000


def incident(row: Incident) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "title": row.name,
        "state": row.state,
        "severity": row.severity,
        "impact": row.impact or None,
        "public_state": row.public_state,
        "monitor": row.monitor_snapshot if row.monitor_no else None,
        "monitors": row.monitor_snapshot.get("monitors", []),
        "part_of": str(row.part_of_id) if row.part_of_id else None,
        "affected": row.affected or (1 if row.monitor_no else 0),
        "shared": {name: row.shared[name] for name in ("kind", "value")} if row.shared else None,
        "cause": row.cause,
        "root_cause": row.root_cause or None,
        "started_at": rfc3339(row.started_at),
        "opened_at": rfc3339(row.opened_at),
        "acknowledged_at": rfc3339(row.acknowledged_at),
        "acknowledged_by": row.acknowledged_by or None,
        "assignee": {"id": str(row.assignee_id), "name": row.assignee} if row.assignee_id else None,
        "resolved_at": rfc3339(row.resolved_at),
        "resolved_by": row.resolved_by or None,
        "resolution": row.resolution or None,
        "seconds_to": {
            "detect": _seconds(row.time_to_detect),
            "acknowledge": _seconds(row.time_to_acknowledge),
            "resolve": _seconds(row.time_to_resolve),
        },
        "key": row.key or None,
        "version": row.version,
        "url": absolute(f"/v1/incidents/{row.pk}"),
    }


def entry(row: TimelineEntry) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "at": rfc3339(row.at),
        "kind": row.kind,
        "by": row.actor_name or None,
        "text": row.text,
    }


def timeline(row: Incident) -> list[dict[str, Any]]:
    """The newest entries, oldest first."""
    newest = list(row.timeline.order_by("-at", "-pk")[:TIMELINE_AT_MOST])
    return [entry(one) for one in reversed(newest)]


def postmortem(row: Incident, stored: Postmortem | None) -> dict[str, Any]:
    return {
        "text": stored.text if stored else draft(row),
        "version": stored.version if stored else 0,
        "updated_at": rfc3339(stored.updated_at) if stored else None,
        "updated_by": (stored.updated_by or None) if stored else None,
    }


def figures(found: Figures, since: datetime, until: datetime) -> dict[str, Any]:
    return {
        "since": rfc3339(since),
        "until": rfc3339(until),
        "incidents": found.incidents,
        "acknowledged": found.acknowledged,
        "resolved": found.resolved,
        "median_seconds_to": {
            "detect": _seconds(found.detect),
            "acknowledge": _seconds(found.acknowledge),
            "resolve": _seconds(found.resolve),
        },
    }


def _seconds(value: timedelta | None) -> float | None:
    return None if value is None else round(value.total_seconds(), 3)
