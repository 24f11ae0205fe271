"""Send on many threads, and keep a place for each send: so many at once, so many per destination."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from notifications import delivery
from notifications.breaking import Circuit
from notifications.ledger.models import DeliveryState
from notifications.ledger.queue import Finished, Leased
from notifications.packing import Parcel

SENDS_AT_ONCE = 64
SENDS_PER_DESTINATION = 4


class Senders:
    """A pool that tells `finished` of each outcome, and None when a place is free; any thread may call it.

    A place is taken before an attempt is committed: what has none stays where every worker finds it.
    """

    def __init__(self, finished: Callable[[Finished | None], None]) -> None:
        self._finished = finished
        self._lock = threading.Lock()
        self._busy: Counter[str] = Counter()
        # Of destinations that failed lately; each worker learns by itself.
        self._circuits: dict[str, Circuit] = {}
        self._pool = ThreadPoolExecutor(SENDS_AT_ONCE, thread_name_prefix="send")
        self._closed = False
        # Older messages wait, for any place or for one at these destinations: what is new goes to the end of the queue
        # like all the others.
        self.behind = False
        self._awaited: set[str] = set()

    @property
    def busy(self) -> bool:
        return bool(self._busy)

    def rooms(self) -> tuple[int, dict[str, int]]:
        """How many places are free, and how many at each destination that has fewer than is usual."""
        with self._lock:
            if self._closed:
                return 0, {}
            rooms = {name: self._room(name) for name in self._busy.keys() | self._circuits.keys()}
            return max(0, SENDS_AT_ONCE - self._busy.total()), rooms

    def take(self, destination: str) -> bool:
        """A place for what was only just written; none while older messages wait."""
        with self._lock:
            full = self._closed or self.behind or self._busy.total() >= SENDS_AT_ONCE
            if full or destination in self._awaited or self._room(destination) <= 0:
                return False
            self._busy[destination] += 1
            return True

    def admit(
        self, claimed: Sequence[Leased], free: int, rooms: Mapping[str, int]
    ) -> tuple[list[Leased], list[Leased]]:
        """Of what was claimed by these rooms: what has a place now, and what has none, since something new took it.

        A claim that finds fewer than there was room for has found all that waits. Of a full destination it finds
        nothing, so what was known of that stays.
        """
        taken = Counter(item.destination for item in claimed)
        used = {name for name, count in taken.items() if count >= rooms.get(name, SENDS_PER_DESTINATION)}
        admitted, spare = [], []
        with self._lock:
            for item in claimed:
                if self._busy.total() >= SENDS_AT_ONCE or self._room(item.destination) <= 0:
                    spare.append(item)
                else:
                    self._busy[item.destination] += 1
                    admitted.append(item)
            unseen = {name for name in self._awaited if rooms.get(name, 1) <= 0 or self._room(name) <= 0}
            self._awaited = unseen | used | {item.destination for item in spare}
            self.behind = len(claimed) >= free
        return admitted, spare

    def give_back(self, destination: str) -> None:
        with self._lock:
            self._busy[destination] -= 1
            if self._busy[destination] <= 0:
                del self._busy[destination]
        self._finished(None)

    def send(self, parcel: Parcel) -> None:
        """Send what has a place; the place is given back afterwards, whatever happens."""
        destination = parcel.attempted.leased.destination

        def work() -> None:
            finished = delivery.send(parcel, random.random())  # noqa: S311  # jitter, no secret
            self._learn(destination, finished)
            self._finished(finished)

        self._pool.submit(work).add_done_callback(lambda _: self.give_back(destination))

    def close(self) -> None:
        """Take nothing new; what has a place is still sent."""
        with self._lock:
            self._closed = True

    def abandon(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def forgive(self) -> None:
        """Every destination is tried again at once."""
        with self._lock:
            self._circuits.clear()

    def _room(self, destination: str) -> int:
        circuit = self._circuits.get(destination, Circuit())
        if circuit.refuses(monotonic()):
            return 0
        return max(0, circuit.room(SENDS_PER_DESTINATION) - self._busy[destination])

    def _learn(self, destination: str, finished: Finished) -> None:
        """A receiver that answers works, whatever it says of one message; 5xx and silence say that it does not."""
        answered = finished.status_code is not None and finished.status_code < 500
        works = finished.state == DeliveryState.SENT or answered
        with self._lock:
            circuit = self._circuits.pop(destination, Circuit()).after(works=works, now=monotonic())
            if circuit.failures:
                self._circuits[destination] = circuit
