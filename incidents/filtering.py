"""Filters of incidents that the list page and the API share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from incidents.models import Incident
from monitors.models import Monitor

STATES: dict[str, Q] = {
    "open": Q(resolved_at=None, acknowledged_at=None),
    "acknowledged": Q(resolved_at=None, acknowledged_at__isnull=False),
    "resolved": Q(resolved_at__isnull=False),
}
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; the empty one is everything.

    `assignee` is a person's id, or "nobody": who it is assigned to, else who acknowledged it. `since` and `until` bound
    when it began. `whole` leaves out what is part of another one.
    """

    state: str = ""
    severity: str = ""
    monitor: UUID | None = None
    tag: str = ""
    assignee: UUID | str = ""
    since: datetime | None = None
    until: datetime | None = None
    whole: bool = False

    @property
    def is_empty(self) -> bool:
        return not any((self.severity, self.monitor, self.tag, self.assignee, self.since, self.until))


def matching(wanted: Filter) -> QuerySet[Incident]:
    found = Incident.objects.filter(STATES[wanted.state]) if wanted.state else Incident.objects.all()
    if wanted.severity:
        found = found.filter(severity=wanted.severity)
    if wanted.whole:
        found = found.filter(part_of=None)
    if wanted.monitor:
        found = found.filter(_about(Q(pk=wanted.monitor), whole=wanted.whole))
    if wanted.tag:
        found = found.filter(_about(Q(tags__contains=[wanted.tag]), whole=wanted.whole))
    if wanted.assignee == NOBODY:
        found = found.filter(assignee_id=None, acknowledged_by_id=None)
    elif wanted.assignee:
        theirs = Q(assignee_id=wanted.assignee) | Q(assignee_id=None, acknowledged_by_id=wanted.assignee)
        found = found.filter(theirs)
    if wanted.since:
        found = found.filter(started_at__gte=wanted.since)
    if wanted.until:
        found = found.filter(started_at__lt=wanted.until)
    return found


def counts(wanted: Filter) -> dict[str, int]:
    """How many are in each state, whatever state is asked for, in one query."""
    conditions = {state: Count("pk", filter=condition) for state, condition in STATES.items()}
    numbers = matching(replace(wanted, state="")).aggregate(**conditions)
    return {state: int(numbers[state]) for state in STATES}


def _about(monitors: Q, *, whole: bool) -> Q:
    """Incidents of these monitors, or that a person opened about them; with their parts where these are left out."""
    ids = Monitor.objects.filter(monitors).values("pk")
    about = Q(monitor__in=ids) | Q(
        pk__in=Incident.about.through.objects.filter(monitor__in=ids).values("incident")
    )
    if whole:
        parts = Incident.objects.filter(monitor__in=ids, part_of__isnull=False)
        about |= Q(pk__in=parts.values("part_of"))
    return about
