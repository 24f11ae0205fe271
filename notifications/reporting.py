"""Who was reached about an incident: people and channels down, messages across; and how long each took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from incidents.models import Incident
from notifications.events import WORDS
from notifications.ledger.models import Delivery, DeliveryState, Escalation
from notifications.overview import standing
from notifications.transports import TRANSPORTS
from pulse import scoping

READ_AT_MOST = 1000
# Where a policy stands, or why it stopped.
STANDS = {
    "running": "at work",
    "paused": "paused",
    "acknowledged": "stopped, somebody has it",
    "over": "stopped, it is over",
    "exhausted": "through all its steps, and nobody acted",
    "cancelled": "given up, since the policy is gone",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One message to one receiver."""

    delivery: Delivery

    @property
    def status(self) -> str:
        return standing(self.delivery)[0]

    @property
    def word(self) -> str:
        return standing(self.delivery)[1]

    @property
    def event(self) -> str:
        return WORDS.get(self.delivery.event, self.delivery.event)

    @property
    def way(self) -> str:
        return TRANSPORTS[self.delivery.transport].title

    @property
    def reached_at(self) -> datetime | None:
        """When it was there, as far as is known; None where it is not."""
        if self.delivery.state != DeliveryState.SENT or self.delivery.receipt == "failed":
            return None
        return self.delivery.receipt_at or self.delivery.finished_at

    @property
    def took(self) -> timedelta | None:
        """From the commit of what it tells."""
        return self.reached_at - self.delivery.fact_at if self.reached_at else None


@dataclass(frozen=True, slots=True)
class Receiver:
    """A person, or a channel, with each message in order. `first`: how long after the opening one was there."""

    name: str
    is_person: bool
    cells: Sequence[Cell]
    first: timedelta | None
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """A policy that the incident set to work."""

    chain: Escalation

    @property
    def state(self) -> str:
        return self.chain.state

    @property
    def stands(self) -> str:
        return STANDS.get(self.state, self.state)


@dataclass(frozen=True, slots=True)
class Report:
    receivers: Sequence[Receiver]
    chains: Sequence[Called]

    @property
    def reached(self) -> int:
        return sum(receiver.first is not None for receiver in self.receivers)

    @property
    def quickest(self) -> timedelta | None:
        return min((one.first for one in self.receivers if one.first is not None), default=None)


def report(incident: Incident) -> Report:
    """In two queries, whatever was sent."""
    tenant_no = scoping.current().no
    found = Delivery.objects.filter(tenant_no=tenant_no, incident_id=incident.pk).defer("payload")
    by_receiver: defaultdict[tuple[UUID, bool], list[Delivery]] = defaultdict(list)
    for delivery in found.order_by("no")[:READ_AT_MOST]:
        key = (delivery.person_id or delivery.channel_id, delivery.person_id is not None)
        by_receiver[key].append(delivery)
    receivers = [
        _receiver(rows, is_person, incident.opened_at) for (_, is_person), rows in by_receiver.items()
    ]
    chains = Escalation.objects.filter(tenant_no=tenant_no, incident_id=incident.pk).order_by("no")
    return Report(receivers, [Called(chain) for chain in chains.defer("payload")])


def _receiver(rows: Sequence[Delivery], is_person: bool, opened_at: datetime) -> Receiver:
    """What a person's ways are called begins with the name of the person."""
    name = rows[0].channel_name.rpartition(", ")[0] if is_person else ""
    cells = [Cell(row) for row in rows]
    reached = min((cell.reached_at for cell in cells if cell.reached_at), default=None)
    return Receiver(
        name or rows[0].channel_name,
        is_person,
        cells,
        max(reached - opened_at, timedelta(0)) if reached else None,
        min((row.acknowledged_at for row in rows if row.acknowledged_at), default=None),
    )
