"""List deliveries newest first, by cursor, with every try of each in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse

from notifications.events import WORDS
from notifications.ledger.models import Attempt, Delivery, DeliveryState
from notifications.models import NotificationChannel
from notifications.overview import standing
from notifications.transports import TRANSPORTS
from pulse import scoping
from pulse.outbox.models import Fact

PAGE = 50
OF_INCIDENT = 50
UNDER_WAY = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.RETRYING)
WAITING = (DeliveryState.HELD, *UNDER_WAY)
STATES: dict[str, tuple[DeliveryState, ...]] = {
    "waiting": UNDER_WAY,
    "held": (DeliveryState.HELD,),
    "sent": (DeliveryState.SENT,),
    "dead": (DeliveryState.DEAD, DeliveryState.UNKNOWN),
    "cancelled": (DeliveryState.CANCELLED,),
    "folded": (DeliveryState.FOLDED,),
}
TRIED = {"sent": "up", "failed": "down", "refused": "down", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Query:
    """What the address of the list asks for."""

    state: str = ""
    channel: UUID | None = None
    incident: UUID | None = None
    before: int | None = None
    after: int | None = None

    def address(self, **changes: str) -> str:
        values = {
            "state": self.state,
            "channel": str(self.channel or ""),
            "incident": str(self.incident or ""),
        }
        return "?" + urlencode({key: value for key, value in (values | changes).items() if value})

    @property
    def here(self) -> str:
        return self.address(before=str(self.before or ""), after=str(self.after or ""))


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt, as a line of a delivery's story."""

    attempt: Attempt

    @property
    def status(self) -> str:
        return TRIED.get(self.attempt.outcome, "unknown")

    @property
    def words(self) -> str:
        if self.attempt.finished_at is None:
            return "outcome unknown: sent again under the same id"
        return self.attempt.answer or self.attempt.outcome

    @property
    def took(self) -> timedelta | None:
        return self.attempt.finished_at - self.attempt.started_at if self.attempt.finished_at else None


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery as a table shows it."""

    delivery: Delivery
    tries: Sequence[Try] = ()
    can_resend: bool = False

    @property
    def status(self) -> str:
        return standing(self.delivery)[0]

    @property
    def word(self) -> str:
        return standing(self.delivery)[1]

    @property
    def is_told(self) -> bool:
        return self.delivery.state == DeliveryState.SENT

    @property
    def event(self) -> str:
        return WORDS.get(self.delivery.event, self.delivery.event)

    @property
    def about(self) -> str:
        """The monitor's name as the message says it; a test is about its channel."""
        data = self.delivery.payload.get("data", {})
        return str(data.get("monitor", {}).get("name") or data.get("channel", {}).get("name", ""))

    @property
    def way(self) -> str:
        """What its kind of channel is called."""
        return TRANSPORTS[self.delivery.transport].title

    @property
    def is_waiting(self) -> bool:
        return self.delivery.state in WAITING

    @property
    def latency(self) -> timedelta | None:
        """From the commit of what happened to the receiver's word."""
        done, state = self.delivery.finished_at, self.delivery.state
        return done - self.delivery.fact_at if done and state == DeliveryState.SENT else None

    @property
    def next_try_at(self) -> datetime | None:
        return self.delivery.retry_at if self.delivery.state == DeliveryState.RETRYING else None


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Row]
    newer: str = ""
    older: str = ""


def read_query(values: QueryDict) -> Query:
    state = values.get("state", "")
    return Query(
        state if state in STATES else "",
        _identity(values.get("channel", "")),
        _identity(values.get("incident", "")),
        _number(values.get("before", "")),
        _number(values.get("after", "")),
    )


def page(query: Query, size: int = PAGE) -> Page:
    """One page, as quick at the end of a long list as at its start."""
    found = matching(query)
    if query.after is not None:
        newer = list(found.filter(no__gt=query.after).order_by("no")[: size + 1])
        shown = newer[:size][::-1]
        return _page(query, shown, is_more_newer=len(newer) > size, is_more_older=bool(shown))
    if query.before is not None:
        found = found.filter(no__lt=query.before)
    older = list(found.order_by("-no")[: size + 1])
    return _page(query, older[:size], is_more_newer=query.before is not None, is_more_older=len(older) > size)


def matching(query: Query) -> QuerySet[Delivery]:
    found = _ours()
    if query.state:
        found = found.filter(state__in=STATES[query.state])
    if query.channel:
        found = found.filter(channel_id=query.channel)
    return found.filter(incident_id=query.incident) if query.incident else found


def of_incident(incident_id: UUID) -> list[Row]:
    return rows(list(_ours().filter(incident_id=incident_id).order_by("no")[:OF_INCIDENT]))


def of_test(subject: UUID) -> Row | None:
    """The delivery of a test that somebody asked for; None until the relay has made it."""
    fact = Fact.objects.filter(tenant_no=scoping.current().no, kind="channel.test", subject=subject).first()
    delivery = _ours().filter(fact_no=fact.no).first() if fact else None
    return rows([delivery])[0] if delivery else None


def find(identity: UUID) -> Delivery:
    """One of this organisation's, or Http404: a foreign one is as unknown as one that never was."""
    return get_object_or_404(_ours(), id=identity)


def by_number(number: int | None) -> Delivery | None:
    return _ours().filter(no=number).first() if number else None


def rows(deliveries: Sequence[Delivery]) -> list[Row]:
    """What a table shows of each, in the order given, in two queries however many there are."""
    if not deliveries:
        return []
    tries: defaultdict[int, list[Try]] = defaultdict(list)
    # The oldest start keeps the look-up to the partitions that can hold any of them.
    oldest = min(delivery.created_at for delivery in deliveries)
    for attempt in Attempt.objects.filter(
        tenant_no=scoping.current().no,
        delivery_no__in=[delivery.no for delivery in deliveries],
        started_at__gte=oldest,
    ).order_by("started_at"):
        tries[attempt.delivery_no].append(Try(attempt))
    ids = {delivery.channel_id for delivery in deliveries}
    working = set(
        NotificationChannel.objects.filter(pk__in=ids, disabled_at=None).values_list("pk", flat=True)
    )
    return [
        Row(
            delivery,
            tries[delivery.no],
            delivery.state in STATES["dead"] and delivery.channel_id in working,
        )
        for delivery in deliveries
    ]


def tabs(query: Query) -> list[Tab]:
    """The states as filters, each keeping channel and incident."""
    labels = {"": "All", "waiting": "Waiting", "held": "Held back", "sent": "Sent", "dead": "Dead",
              "cancelled": "Cancelled", "folded": "Within another"}  # fmt: skip
    return [Tab(label, query.address(state=state), query.state == state) for state, label in labels.items()]


def _ours() -> QuerySet[Delivery]:
    return Delivery.objects.filter(tenant_no=scoping.current().no)


def _page(query: Query, shown: list[Delivery], *, is_more_newer: bool, is_more_older: bool) -> Page:
    address = reverse("notifications:deliveries")
    newer = address + query.address(after=str(shown[0].no)) if shown and is_more_newer else ""
    older = address + query.address(before=str(shown[-1].no)) if shown and is_more_older else ""
    return Page(rows(shown), newer, older)


def _identity(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
