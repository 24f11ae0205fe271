"""List incidents: those that are open, oldest first, and the resolved ones page by page, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from incidents.models import Incident

PAGE = 50
OPEN_SHOWN = 100
OLDEST_SHOWN = 10  # on everybody's first page, and pushed there on each change: so it stays small
STATES = ("open", "acknowledged", "resolved")


@dataclass(frozen=True, slots=True)
class Query:
    """What the address of the list asks for: a state, one monitor, and from where on."""

    state: str = ""
    monitor: UUID | None = None
    before: UUID | None = None
    after: UUID | None = None

    def address(self, **cursor: str) -> str:
        values = {"state": self.state, "monitor": str(self.monitor or "")} | cursor
        return "?" + urlencode({key: value for key, value in values.items() if value})

    @property
    def here(self) -> str:
        return self.address(before=str(self.before or ""), after=str(self.after or ""))


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
    state = values.get("state", "")
    return Query(
        state if state in STATES else "",
        _identity(values.get("monitor", "")),
        _identity(values.get("before", "")),
        _identity(values.get("after", "")),
    )


def current(query: Query, most: int = OPEN_SHOWN) -> list[Incident]:
    """Open incidents, oldest first: that one has waited longest."""
    found = _of(query).filter(resolved_at=None)
    if query.state:
        found = found.filter(acknowledged_at__isnull=query.state == "open")
    return list(found.order_by("started_at", "pk")[:most])


def oldest() -> list[Incident]:
    """The open incidents that have waited longest."""
    return current(Query(), OLDEST_SHOWN)


def resolved(query: Query, size: int = PAGE) -> Page:
    """A page of the others, newest first, by cursor: as quick at the end of a long list as at its start."""
    found = _of(query).filter(resolved_at__isnull=False)
    if query.after:
        newer = list(found.filter(pk__gt=query.after).order_by("pk")[: size + 1])
        shown = newer[:size][::-1]
        return _page(query, shown, is_more_newer=len(newer) > size, is_more_older=bool(shown))
    if query.before:
        found = found.filter(pk__lt=query.before)
    older = list(found.order_by("-pk")[: size + 1])
    return _page(query, older[:size], is_more_newer=query.before is not None, is_more_older=len(older) > size)


def tabs(query: Query) -> list[Tab]:
    """The states as filters, each keeping the monitor."""
    states = {"": "All", "open": "Open", "acknowledged": "Acknowledged", "resolved": "Resolved"}
    return [
        Tab(label, Query(state, query.monitor).address(), query.state == state)
        for state, label in states.items()
    ]


def _page(query: Query, shown: list[Incident], *, is_more_newer: bool, is_more_older: bool) -> Page:
    address = reverse("incidents:list")
    newer = address + query.address(after=str(shown[0].pk)) if shown and is_more_newer else ""
    older = address + query.address(before=str(shown[-1].pk)) if shown and is_more_older else ""
    return Page(shown, newer, older)


def _of(query: Query) -> QuerySet[Incident]:
    return Incident.objects.filter(monitor=query.monitor) if query.monitor else Incident.objects.all()


def _identity(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
