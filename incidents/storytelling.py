"""Tell an incident's timeline: its entries as marks and sentences, oldest first, all or those of one sort.

Among them is what checks of its monitor found meanwhile and what was decided by that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.models import Incident, TimelineEntry
from monitors.deciding import DecisionKind
from monitors.telemetry.models import Decision
from monitors.why.reading import decisions_of, step

Kind = TimelineEntry.Kind
SHOWN_AT_MOST = 300
DECIDED_AT_MOST = 20  # of the beginning, where it is confirmed, and as many of the end
DECIDED = (
    DecisionKind.CHANGED, DecisionKind.COUNTED, DecisionKind.DISMISSED, DecisionKind.NOT_BELIEVED,
    DecisionKind.SUPPRESSED, DecisionKind.RELEASED,
)  # fmt: skip
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
    Kind.RECEIPT: "channels",
    Kind.ESCALATED: "oncall",
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
    "decisions": ("Checks", ()),
    "messages": ("Messages", (Kind.TOLD, Kind.HELD, Kind.NOT_TOLD, Kind.ESCALATED, Kind.RECEIPT)),
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
    decided = _decided(incident) if sort in ("", "decisions") else []
    if sort == "decisions":
        return decided
    found = incident.timeline.all()
    if sort:
        found = found.filter(kind__in=SORTS[sort][1])
    newest = list(found.order_by("-at", "-pk")[:SHOWN_AT_MOST])
    return sorted([_told(entry) for entry in reversed(newest)] + decided, key=lambda one: one.at)


def read_sort(value: str) -> str:
    return value if value in SORTS else ""


def tabs(sort: str) -> list[Tab]:
    return [Tab(label, f"?show={name}" if name else "?", sort == name) for name, (label, _) in SORTS.items()]


def _decided(incident: Incident) -> list[Told]:
    """What its monitor's checks found while it lasted, and what was counted for it."""
    if incident.monitor is None:
        return []
    rows = decisions_of(incident.monitor).filter(kind__in=DECIDED, at__gte=incident.started_at)
    if incident.resolved_at:
        rows = rows.filter(at__lte=incident.resolved_at)
    first, last = list(rows.order_by("at", "no")[:DECIDED_AT_MOST]), list(rows[:DECIDED_AT_MOST])
    found = {row.no: row for row in (*first, *last)}
    several = bool(incident.monitor.locations)
    return [
        _as_told(row, several=several) for row in sorted(found.values(), key=lambda row: (row.at, row.no))
    ]


def _as_told(row: Decision, *, several: bool) -> Told:
    one = step(row)
    return Told(
        id=f"decision-{row.no}",
        at=one.at,
        title=one.sentence,
        body=" · ".join(filter(None, (one.seen, one.place if several else ""))),
        status=one.status,
    )


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
