"""Tell an incident's timeline: its entries as marks and sentences, oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.models import Incident, TimelineEntry

Kind = TimelineEntry.Kind
# A mark is a status where the monitor changed, an icon where people or messages did something.
STATUSES: dict[str, str] = {Kind.STARTED: "degraded", Kind.OPENED: "down", Kind.RESOLVED: "up"}
ICONS: dict[str, str] = {
    Kind.ACKNOWLEDGED: "person",
    Kind.TOLD: "channels",
    Kind.HELD: "muted",
    Kind.NOT_TOLD: "muted",
    Kind.CHANGED: "note",
}


@dataclass(frozen=True, slots=True)
class Told:
    """An entry as `components/timeline.html` takes it."""

    id: str
    at: datetime
    title: str
    body: str = ""
    status: str = ""
    icon: str = ""


def tell(incident: Incident) -> list[Told]:
    return [
        Told(
            id=f"entry-{entry.pk}",
            at=entry.at,
            title=entry.text,
            status=STATUSES.get(entry.kind, ""),
            icon=ICONS.get(entry.kind, ""),
        )
        for entry in incident.timeline.all()
    ]
