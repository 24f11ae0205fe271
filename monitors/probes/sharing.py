"""Share the engine out: no organisation and no slow destination may hold all of it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from monitors.probes.jobs import Job

# Of one organisation while it alone is busy, as a part of all; several busy ones share that part.
LARGEST_SHARE = 0.75
BUSY_SHARE = 0.05
PER_DESTINATION = 250
PARKED_AT_MOST = 1000


@dataclass(slots=True)
class Shares:
    """Which checks may start now; the others are parked until one of theirs ends. Pure: no clock, no loop.

    `limit` is how many checks the engine runs at once.
    """

    limit: int
    per_destination: int = PER_DESTINATION
    _tenants: Counter[int] = field(default_factory=Counter)
    _destinations: Counter[str] = field(default_factory=Counter)
    _parked: dict[int | str, deque[tuple[int, Job]]] = field(default_factory=dict)
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
        """Keep a check that found no room; False when its organisation has too many waiting already."""
        blocked = self._blocked_by(job)
        if blocked is None or self._parked_of[job.tenant] >= PARKED_AT_MOST:
            return False
        self._parked.setdefault(blocked, deque()).append((number, job))
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
            late = [job for _, job in queue if job.start_at + job.timeout_s <= now]
            if not late:
                continue
            found += late
            kept = deque(entry for entry in queue if entry[1] not in late)
            if kept:
                self._parked[key] = kept
            else:
                del self._parked[key]
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
            number, job = queue.popleft()
            if not queue:
                del self._parked[key]
            _less(self._parked_of, job.tenant)
            yield number, job

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
