"""Send on many threads, and keep a place for each send: so many at once, so many per destination."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from notifications import delivery
from notifications.breaking import Circuit
from notifications.ledger.models import DeliveryState
from notifications.ledger.queue import Finished
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
        # Older messages wait: what is new goes to the end of the queue like all the others.
        self.behind = False

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
            if full or self._room(destination) <= 0:
                return False
            self._busy[destination] += 1
            return True

    def take_claimed(self, destination: str) -> None:
        """A place for what was claimed by these rooms."""
        with self._lock:
            self._busy[destination] += 1

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
