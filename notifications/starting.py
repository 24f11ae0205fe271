"""Start new deliveries in the transaction that writes them: what may go out at once need not be claimed first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import structlog

from notifications import channels, packing
from notifications.ledger.entering import NewDelivery
from notifications.ledger.models import DeliveryState
from notifications.ledger.queue import Attempted
from notifications.models import NotificationChannel
from notifications.packing import Parcel
from pulse.crypto import SealError
from pulse.fields import ConfigError
from tenants.models import Organisation

log = structlog.get_logger(__name__)


class Outlet(Protocol):
    """Who sends: a place is taken before a delivery is written as started, and given back if it is not."""

    def take(self, destination: str) -> bool: ...
    def give_back(self, destination: str) -> None: ...
    def send(self, parcel: Parcel) -> None: ...


@dataclass(frozen=True, slots=True)
class _Place:
    destination: str
    config: Any


class Starting:
    """The deliveries of one transaction that go out as soon as it is committed; without an outlet there are none."""

    def __init__(self, organisation: Organisation, outlet: Outlet | None) -> None:
        self._organisation, self._outlet = organisation, outlet
        self._places: dict[UUID, _Place] = {}
        self._attempted: list[Attempted] = []

    def pick(
        self, rows: Iterable[NewDelivery], working: Mapping[UUID, NotificationChannel], now: datetime
    ) -> set[UUID]:
        """Which are due and found a place at a working channel. What people are told by their own ways is looked at
        when it is claimed: they may have left, or somebody may have it by then."""
        if self._outlet is None:
            return set()
        opened: dict[UUID, Any] = {}
        picked = set()
        for row in rows:
            if row.person_id is not None or not _is_due(row, now):
                continue
            if row.channel_id not in opened:
                opened[row.channel_id] = self._open(working.get(row.channel_id))
            config = opened[row.channel_id]
            if config is not None and self._outlet.take(row.destination):
                self._places[row.id] = _Place(row.destination, config)
                picked.add(row.id)
        return picked

    def began(self, attempted: Iterable[Attempted]) -> None:
        self._attempted += attempted

    def go(self) -> None:
        """After the commit: send what was started. Of a place that was not used, or fails here, nothing is left.

        The lease of what fails runs out; what else was started, here or by others, does not wait for that.
        """
        for item in self._attempted:
            place = self._places[item.leased.id]
            try:
                self._outlet.send(packing.pack(self._organisation, item, place.config))  # type: ignore[union-attr]
                del self._places[item.leased.id]
            except Exception:
                log.exception("start_failed", organisation=self._organisation.slug, delivery=item.leased.no)
        self.drop()

    def drop(self) -> None:
        """Nothing was committed: the places are others'."""
        for place in self._places.values():
            self._outlet.give_back(place.destination)  # type: ignore[union-attr]
        self._places, self._attempted = {}, []

    def _open(self, channel: NotificationChannel | None) -> Any:
        if channel is None or channel.disabled_at is not None:
            return None
        try:
            return channels.open_config(self._organisation, channel)
        except (SealError, ConfigError):  # it waits in the queue for whoever mends the key or the settings
            log.error("settings_do_not_open", organisation=self._organisation.slug, channel=str(channel.pk))
            return None


def _is_due(row: NewDelivery, now: datetime) -> bool:
    return row.state == DeliveryState.PENDING and (row.retry_at is None or row.retry_at <= now)
