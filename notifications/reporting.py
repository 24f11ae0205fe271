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
from notifications.overview import SHOWN
from pulse import scoping

READ_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Cell:
    """One message to one receiver."""

    delivery: Delivery

    @property
    def status(self) -> str:
        if self.delivery.receipt == "failed":
            return "down"
        return SHOWN[DeliveryState(self.delivery.state)][0]

    @property
    def word(self) -> str:
        """What is known: a receipt says more than that the provider took it."""
        return self.delivery.receipt or SHOWN[DeliveryState(self.delivery.state)][1]

    @property
    def event(self) -> str:
        return WORDS.get(self.delivery.event, self.delivery.event)

    @property
    def took(self) -> timedelta | None:
        done = self.delivery.receipt_at or self.delivery.finished_at
        return done - self.delivery.fact_at if done and self.was_reached else None

    @property
    def was_reached(self) -> bool:
        return self.delivery.state == DeliveryState.SENT and self.delivery.receipt != "failed"


@dataclass(frozen=True, slots=True)
class Receiver:
    """A person, or a channel, with each message in order."""

    name: str
    is_person: bool
    cells: Sequence[Cell]
    acknowledged_at: datetime | None = None

    @property
    def first(self) -> timedelta | None:
        """How long until the first message was there; None when none was."""
        took = [cell.took for cell in self.cells if cell.took is not None]
        return min(took, default=None)


@dataclass(frozen=True, slots=True)
class Report:
    receivers: Sequence[Receiver]
    chains: Sequence[Escalation]

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
    receivers = [_receiver(rows, is_person) for (_, is_person), rows in by_receiver.items()]
    chains = Escalation.objects.filter(tenant_no=tenant_no, incident_id=incident.pk).order_by("no")
    return Report(receivers, list(chains.defer("payload")))


def _receiver(rows: Sequence[Delivery], is_person: bool) -> Receiver:
    name = rows[0].channel_name.rpartition(", ")[0] if is_person else rows[0].channel_name
    used = [row.acknowledged_at for row in rows if row.acknowledged_at]
    return Receiver(
        name or rows[0].channel_name, is_person, [Cell(row) for row in rows], min(used, default=None)
    )
