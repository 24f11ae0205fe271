"""The monitors that an incident is about, each as it stands now, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from incidents.models import Incident
from monitors.models import Monitor
from monitors.reading import standings

SHOWN = 25


@dataclass(frozen=True, slots=True)
class Affected:
    """One monitor, and the incident of it that is part of the whole where there is one."""

    name: str
    monitor: Monitor | None
    word: str
    incident: Incident | None = None


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Affected]
    total: int
    still: int  # how many are not over
    page: int

    @property
    def has_more(self) -> bool:
        return self.page * SHOWN < self.total


def affected(incident: Incident, now: datetime, page: int = 1) -> Page:
    """Those that are not over first, in four queries however many there are."""
    if incident.monitor_no is not None:
        return Page(_rows([incident], [], now), 1, 0 if incident.resolved_at else 1, 1)
    parts = incident.members.select_related("monitor")
    total = parts.count()
    first = (page - 1) * SHOWN
    ordered = parts.order_by(F("resolved_at").desc(nulls_first=True), "started_at", "pk")
    shown = list(ordered[first : first + SHOWN])
    about = list(incident.about.exclude(incidents__part_of=incident).order_by("name")) if page == 1 else []
    still = parts.filter(resolved_at=None).count()
    return Page(_rows(shown, about, now), total + len(about), still, page)


def _rows(incidents: list[Incident], about: list[Monitor], now: datetime) -> list[Affected]:
    monitors = [incident.monitor for incident in incidents if incident.monitor] + about
    standing = standings(monitors)
    words = {number: one.word_at(now) for number, one in standing.items()}
    rows = [
        Affected(
            incident.name,
            incident.monitor,
            words.get(incident.monitor_no or 0, "unknown" if incident.monitor_no else "down"),
            incident,
        )
        for incident in incidents
    ]
    return rows + [Affected(monitor.name, monitor, words.get(monitor.no, "unknown")) for monitor in about]


def mergeable(incident: Incident, most: int = 200) -> list[Incident]:
    """Open incidents that could be merged into this one."""
    found = (
        Incident.objects.filter(resolved_at=None, part_of=None)
        .exclude(kind=Incident.Kind.DRILL)
        .exclude(Q(pk=incident.pk) | Q(pk=incident.part_of_id))
    )
    return list(found.order_by("-started_at", "pk")[:most])
