"""List incidents: those that are open, oldest first, and the resolved ones page by page, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from incidents.filtering import NOBODY, STATES, Filter, counts, matching
from incidents.models import Incident

PAGE = 50
OPEN_SHOWN = 100
OLDEST_SHOWN = 10  # on everybody's first page, and pushed there on each change: so it stays small
PERIODS = {"": "Any time", "1": "24 hours", "7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year"}
MEASURED_DAYS = 30  # what the figures are of where no period is asked for


@dataclass(frozen=True, slots=True)
class Query:
    """What the address of the list asks for: filters, and from where on."""

    state: str = ""
    monitor: UUID | None = None
    before: UUID | None = None
    after: UUID | None = None
    severity: str = ""
    tag: str = ""
    who: str = ""
    days: str = ""
    beyond: UUID | None = None  # open incidents after this one

    def address(self, **cursor: str) -> str:
        values = {
            "state": self.state,
            "monitor": str(self.monitor or ""),
            "severity": self.severity,
            "tag": self.tag,
            "who": self.who,
            "days": self.days,
        } | cursor
        return "?" + urlencode({key: value for key, value in values.items() if value})

    @property
    def here(self) -> str:
        return self.address(
            before=str(self.before or ""), after=str(self.after or ""), beyond=str(self.beyond or "")
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.monitor or self.severity or self.tag or self.who or self.days)

    def filter(self, now: datetime) -> Filter:
        since = now - timedelta(days=int(self.days)) if self.days else None
        who = self.who if self.who == NOBODY or not self.who else UUID(self.who)
        return Filter("", self.severity, self.monitor, self.tag, who, since, whole=True)


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Page:
    incidents: list[Incident]
    newer: str = ""
    older: str = ""


def read_query(values: QueryDict) -> Query:
    """Nonsense in an address is left out."""
    state, severity, days = values.get("state", ""), values.get("severity", ""), values.get("days", "")
    who = values.get("who", "")
    return Query(
        state if state in STATES else "",
        _identity(values.get("monitor", "")),
        _identity(values.get("before", "")),
        _identity(values.get("after", "")),
        severity if severity in Incident.Severity.values else "",
        values.get("tag", "").strip().replace("\x00", "")[:40],
        NOBODY if who == NOBODY else str(_identity(who) or ""),
        days if days in PERIODS else "",
        _identity(values.get("beyond", "")),
    )


def current(query: Query, now: datetime, size: int = OPEN_SHOWN) -> Page:
    """Open incidents, oldest first: that one has waited longest."""
    found = matching(query.filter(now)).filter(resolved_at=None)
    if query.state in STATES:
        found = found.filter(STATES[query.state])
    first = Incident.objects.filter(pk=query.beyond).first() if query.beyond else None
    if first is not None:
        found = found.filter(
            Q(started_at__gt=first.started_at) | Q(started_at=first.started_at, pk__gt=first.pk)
        )
    shown = list(found.order_by("started_at", "pk")[: size + 1])
    address = reverse("incidents:list")
    younger = address + query.address(beyond=str(shown[size - 1].pk)) if len(shown) > size else ""
    oldest_again = address + query.address() if first is not None else ""
    return Page(shown[:size], oldest_again, younger)


def oldest() -> list[Incident]:
    """The open incidents that have waited longest; what is part of another one is shown there."""
    found = Incident.objects.filter(resolved_at=None, part_of=None)
    return list(found.order_by("started_at", "pk")[:OLDEST_SHOWN])


def resolved(query: Query, now: datetime, size: int = PAGE) -> Page:
    """A page of the others, newest first, by cursor: as quick at the end of a long list as at its start."""
    found = matching(query.filter(now)).filter(STATES["resolved"])
    return _by_cursor(query, found, size)


def tabs(query: Query, now: datetime) -> list[Tab]:
    """The states as filters, each with its count and keeping the other filters."""
    numbers = counts(query.filter(now))
    labels = {"": "All", "open": "Open", "acknowledged": "Acknowledged", "resolved": "Resolved"}
    numbers[""] = sum(numbers.values())
    return [
        Tab(f"{label} {numbers[state]:,}", _with_state(query, state).address(), query.state == state)
        for state, label in labels.items()
    ]


def measured(query: Query, now: datetime) -> tuple[QuerySet[Incident], str]:
    """Those that the figures above the list are of, and the words for their period."""
    wanted = query.filter(now)
    if query.days:
        return matching(wanted), PERIODS[query.days]
    found = matching(wanted).filter(started_at__gte=now - timedelta(days=MEASURED_DAYS))
    return found, PERIODS[str(MEASURED_DAYS)]


def _with_state(query: Query, state: str) -> Query:
    return Query(state, query.monitor, severity=query.severity, tag=query.tag, who=query.who, days=query.days)


def _by_cursor(query: Query, found: QuerySet[Incident], size: int) -> Page:
    if query.after:
        newer = list(found.filter(pk__gt=query.after).order_by("pk")[: size + 1])
        shown = newer[:size][::-1]
        return _page(query, shown, is_more_newer=len(newer) > size, is_more_older=bool(shown))
    if query.before:
        found = found.filter(pk__lt=query.before)
    older = list(found.order_by("-pk")[: size + 1])
    return _page(query, older[:size], is_more_newer=query.before is not None, is_more_older=len(older) > size)


def _page(query: Query, shown: list[Incident], *, is_more_newer: bool, is_more_older: bool) -> Page:
    address = reverse("incidents:list")
    newer = address + query.address(after=str(shown[0].pk)) if shown and is_more_newer else ""
    older = address + query.address(before=str(shown[-1].pk)) if shown and is_more_older else ""
    return Page(shown, newer, older)


def _identity(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
