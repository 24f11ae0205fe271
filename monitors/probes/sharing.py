"""Share the engine out: no organisation and no slow destination may hold all of it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import NamedTuple

from monitors.probes.jobs import Job

# Of one organisation while it alone is busy, as a part of all; several busy ones share that part.
LARGEST_SHARE = 0.75
BUSY_SHARE = 0.05
PER_DESTINATION = 250
PARKED_AT_MOST = 1000


class _Parked(NamedTuple):
    number: int
    job: Job
    until: float


@dataclass(slots=True)
class Shares:
    """Which checks may start now; the others are parked until one of theirs ends. No loop, and the clock is handed in.

    `limit` is how many checks the engine runs at once.
    """

    limit: int
    per_destination: int = PER_DESTINATION
    clock: Callable[[], float] = monotonic
    _tenants: Counter[int] = field(default_factory=Counter)
    _destinations: Counter[str] = field(default_factory=Counter)
    _parked: dict[int | str, deque[_Parked]] = field(default_factory=dict)
    _busy: int = 0  # organisations with at least so many under way
    _much: int = 0
    _parked_of: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._much = max(1, int(self.limit * BUSY_SHARE))

    def take(self, job: Job) -> bool:
        """Count a start, if there is room for it."""
        if self._blocked_by(job) is not None:
            return False
        # `get` and not the counter's own zero: that is a call of Python, and each check makes these four.
        running = self._tenants[job.tenant] = self._tenants.get(job.tenant, 0) + 1
        self._busy += running == self._much
        if job.destination:
            self._destinations[job.destination] = self._destinations.get(job.destination, 0) + 1
        return True

    def park(self, number: int, job: Job) -> bool:
        """Keep a check that found no room; False when its organisation has too many waiting already.

        It waits for as long as it may take, from now on where it comes late: after a backlog, the slots of rare checks
        lie further back than any of them may take, and there may be room in a moment.
        """
        blocked = self._blocked_by(job)
        if blocked is None or self._parked_of[job.tenant] >= PARKED_AT_MOST:
            return False
        until = max(job.start_at, self.clock()) + job.timeout_s
        self._parked.setdefault(blocked, deque()).append(_Parked(number, job, until))
        self._parked_of[job.tenant] += 1
        return True

    def give_back(self, job: Job) -> None:
        """A check that was started has ended."""
        self._busy -= self._tenants[job.tenant] == self._much
        _less(self._tenants, job.tenant)
        if job.destination:
            _less(self._destinations, job.destination)

    def expired(self, now: float) -> list[Job]:
        """Those whose time has passed while they waited; they are parked no more."""
        found = []
        for key, queue in list(self._parked.items()):
            kept = deque[_Parked]()
            for parked in queue:
                if parked.until <= now:
                    found.append(parked.job)
                else:
                    kept.append(parked)
            if not kept:
                del self._parked[key]
            elif len(kept) < len(queue):
                self._parked[key] = kept
        for job in found:
            _less(self._parked_of, job.tenant)
        return found

    @property
    def has_parked(self) -> bool:
        return bool(self._parked)

    def unparked(self, ended: Job) -> Iterator[tuple[int, Job]]:
        """The check that may start now in the room that `ended` left, oldest first; at most one for each limit."""
        for key in (ended.tenant, ended.destination):
            queue = self._parked.get(key)
            if not queue:
                continue
            parked = queue[0]
            blocked = self._blocked_by(parked.job)
            if blocked == key:
                continue  # somebody else was quicker; there is room again when that one ends
            queue.popleft()
            if not queue:
                del self._parked[key]
            if blocked is not None:
                self._parked.setdefault(blocked, deque()).append(parked)
                continue
            _less(self._parked_of, parked.job.tenant)
            yield parked.number, parked.job

    def _blocked_by(self, job: Job) -> int | str | None:
        if job.destination and self._destinations.get(job.destination, 0) >= self.per_destination:
            return job.destination
        running = self._tenants.get(job.tenant, 0)
        if running >= self._much and running >= self.limit * LARGEST_SHARE / max(1, self._busy):
            return job.tenant
        return None


def _less(counter: Counter[int] | Counter[str], key: int | str) -> None:
    left = counter[key] - 1  # type: ignore[index]
    if left:
        counter[key] = left  # type: ignore[index]
    else:
        del counter[key]
