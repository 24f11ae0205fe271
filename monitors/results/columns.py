"""Results of one monitor at one location, column by column in the order of their slots. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

HOUR_US = 3_600_000_000
# Whole numbers in microseconds, null where a phase did not happen.
TIMES = ("total_us", "lateness_us", "dns_us", "connect_us", "tls_us", "wait_us", "transfer_us")
# What many results of an hour have in common.
KIND = ("ok", "soft", "error", "status_code", "address", "detail")
NAMES = (*TIMES, *KIND)


@dataclass(slots=True)
class Columns:
    """Lists of one length each, but for those that were not asked for: they are empty.

    `slot` is microseconds since the epoch, ascending; `error` a number of ErrorClass; times are microseconds.
    """

    slot: list[int] = field(default_factory=list)
    total_us: list[int | None] = field(default_factory=list)
    lateness_us: list[int | None] = field(default_factory=list)
    dns_us: list[int | None] = field(default_factory=list)
    connect_us: list[int | None] = field(default_factory=list)
    tls_us: list[int | None] = field(default_factory=list)
    wait_us: list[int | None] = field(default_factory=list)
    transfer_us: list[int | None] = field(default_factory=list)
    ok: list[bool] = field(default_factory=list)
    soft: list[bool] = field(default_factory=list)
    error: list[int] = field(default_factory=list)
    status_code: list[int | None] = field(default_factory=list)
    address: list[str | None] = field(default_factory=list)
    detail: list[str | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.slot)

    def append(self, other: Columns) -> None:
        """Put the columns of `other` behind one's own; its slots come later, or `in_order` must follow."""
        for name in ("slot", *NAMES):
            getattr(self, name).extend(getattr(other, name))

    def in_order(self) -> Columns:
        """The same by slot, each slot once: the first that was appended stands."""
        slots = self.slot
        if all(earlier < later for earlier, later in pairwise(slots)):
            return self
        places = list({slots[place]: place for place in reversed(range(len(slots)))}.values())
        places.sort(key=slots.__getitem__)
        return self.at(places)

    def at(self, places: Iterable[int]) -> Columns:
        """Only the results at these places, in this order."""
        places = list(places)
        found = Columns([self.slot[place] for place in places])
        for name in NAMES:
            values: list[Any] = getattr(self, name)
            if values:
                setattr(found, name, [values[place] for place in places])
        return found
