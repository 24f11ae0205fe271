"""Tell an incident's timeline: its entries as marks and sentences, oldest first, all or those of one sort."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.models import Incident, TimelineEntry

Kind = TimelineEntry.Kind
SHOWN_AT_MOST = 300
# A mark is a status where the monitor changed, an icon where people or messages did something.
STATUSES: dict[str, str] = {
    Kind.STARTED: "degraded",
    Kind.OPENED: "down",
    Kind.REOPENED: "down",
    Kind.JOINED: "down",
    Kind.TRANSITION: "flapping",
    Kind.RESOLVED: "up",
}
ICONS: dict[str, str] = {
    Kind.ACKNOWLEDGED: "person",
    Kind.RELEASED: "person",
    Kind.ASSIGNED: "person",
    Kind.TOLD: "channels",
    Kind.HELD: "muted",
    Kind.NOT_TOLD: "muted",
    Kind.CHANGED: "note",
    Kind.NOTE: "note",
    Kind.CAUSE: "note",
    Kind.PUBLIC: "note",
    Kind.MERGED: "incidents",
    Kind.SPLIT: "incidents",
    Kind.POSTMORTEM: "note",
}
# What one may want to see alone.
SORTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "": ("Everything", ()),
    "state": (
        "What happened",
        (
            Kind.STARTED, Kind.OPENED, Kind.JOINED, Kind.MERGED, Kind.SPLIT, Kind.TRANSITION, Kind.RESOLVED,
            Kind.REOPENED,
        ),
    ),
    "people": (
        "What people did",
        (
            Kind.ACKNOWLEDGED, Kind.RELEASED, Kind.ASSIGNED, Kind.NOTE, Kind.CAUSE, Kind.PUBLIC, Kind.CHANGED,
            Kind.MERGED, Kind.SPLIT, Kind.REOPENED, Kind.POSTMORTEM,
        ),
    ),
    "notes": ("Notes", (Kind.NOTE, Kind.CAUSE)),
    "messages": ("Messages", (Kind.TOLD, Kind.HELD, Kind.NOT_TOLD)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """An entry as `components/timeline.html` takes it."""

    id: str
    at: datetime
    title: str
    body: str = ""
    status: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    current: bool


def tell(incident: Incident, sort: str = "") -> list[Told]:
    """The newest entries, oldest first."""
    found = incident.timeline.all()
    if sort:
        found = found.filter(kind__in=SORTS[sort][1])
    newest = list(found.order_by("-at", "-pk")[:SHOWN_AT_MOST])
    return [_told(entry) for entry in reversed(newest)]


def read_sort(value: str) -> str:
    return value if value in SORTS else ""


def tabs(sort: str) -> list[Tab]:
    return [Tab(label, f"?show={name}" if name else "?", sort == name) for name, (label, _) in SORTS.items()]


def _told(entry: TimelineEntry) -> Told:
    title, body = entry.text, ""
    if entry.kind == Kind.NOTE:
        title, body = f"{entry.actor_name} noted", entry.text
    elif "\n" in title:
        title, _, body = title.partition("\n")
    return Told(
        id=f"entry-{entry.pk}",
        at=entry.at,
        title=title,
        body=body,
        status=STATUSES.get(entry.kind, ""),
        icon=ICONS.get(entry.kind, ""),
    )
