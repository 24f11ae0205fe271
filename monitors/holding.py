"""Hold monitors that are checked often from one slot to the next: recording a result claims the slot after it."""

from __future__ import annotations

import heapq
import secrets
import threading
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import structlog
from django.db import connection

from monitors.telemetry import holding
from monitors.telemetry.claiming import Claimed

if TYPE_CHECKING:
    from monitors.judging import Judged

log = structlog.get_logger(__name__)

# A claim costs about as much as recording a result. What is checked seldom is claimed anew each time: nobody
# else could take it over for so long if this worker died.
INTERVAL_AT_MOST_S = 30
# One in so many is let go each time, so that workers that come and go end up with equal shares.
LET_GO_EVERY = 16
# Whose checks start later than this has too much for itself: siblings may have them.
LATE_US = 5_000_000
AHEAD_S = 1.0
INHERIT_EVERY_S = 2.0
# 6 ms of PostgreSQL for 50,000 monitors.
EXPIRED_EVERY_S = 10.0


class Held(NamedTuple):
    """A slot that this worker has claimed ahead of its time, by our monotonic clock. A heap has the first in front."""

    start_at: float
    check: Claimed
    interval_s: int


class Holding:
    """`wants` and `hold` are the recorder's, `due` and `attend` the claimer's; `release` comes after both."""

    def __init__(self) -> None:
        self.holder = secrets.randbelow(1 << 31)
        self._arrived: deque[Held] = deque()
        self._heap: list[Held] = []
        self._attended: object = None
        self._inherit_at = 0.0
        self._expired_at = 0.0
        self._open = threading.Event()

    # -- the recorder's

    def wants(self, item: Judged) -> bool:
        """Whether this monitor's next slot shall be claimed with its result."""
        result = item.result
        return (
            self._open.is_set()
            and result.spec.interval_seconds <= INTERVAL_AT_MOST_S
            and result.lateness_us < LATE_US
            and result.check.token % LET_GO_EVERY != 0
        )

    def hold(self, item: Judged, slot: datetime, token: int, version: int, in_s: float) -> None:
        """What the database said: this worker has that slot, which is `in_s` from now."""
        claimed = Claimed(
            item.check.monitor_no, item.check.tenant_no, slot, token, version, item.after, False
        )
        self._arrived.append(Held(monotonic() + in_s, claimed, item.result.spec.interval_seconds))

    # -- the claimer's

    def attend(self, location: int) -> None:
        """Let siblings know that this worker lives, and free what those that died held."""
        if self._attended is not connection.connection or connection.connection is None:
            while not holding.attend(location, self.holder):
                self.holder = secrets.randbelow(1 << 31)
            self._attended = connection.connection
            self._open.set()
        if monotonic() >= self._inherit_at:
            self._inherit_at = monotonic() + INHERIT_EVERY_S
            if freed := holding.inherit(location):
                log.info("inherited", monitors=freed)
        if monotonic() >= self._expired_at:
            self._expired_at = monotonic() + EXPIRED_EVERY_S
            if freed := holding.let_go_expired(location):
                log.warning("held_beyond_lease", monitors=freed)

    def due(self, room: int, location: int) -> tuple[list[Claimed], datetime | None]:
        """What starts within a second and is still held as it was, with the database's clock.

        What is late starts late, as long as its next slot has not come: giving it back would cost two writes more, when
        there is least time for them. What finds no room is given back, and what is later than that: the claim that
        takes it writes the gap.
        """
        while self._arrived:
            heapq.heappush(self._heap, self._arrived.popleft())
        soon = []
        now = monotonic()
        while self._heap and self._heap[0].start_at <= now + AHEAD_S:
            soon.append(heapq.heappop(self._heap))
        if not soon:
            return [], None
        try:
            missed = [held.check for held in soon if held.start_at + held.interval_s <= now]
            checks = [held.check for held in soon if held.start_at + held.interval_s > now]
            holding.give_back(missed + checks[room:], location)
            return self._confirmed(checks[:room], location)
        except Exception:
            self._heap += soon
            heapq.heapify(self._heap)
            raise

    def release(self, location: int) -> None:
        """Let siblings have all of it now."""
        self._open.clear()
        holding.give_back([held.check for held in (*self._arrived, *self._heap)], location)

    def _confirmed(self, checks: Sequence[Claimed], location: int) -> tuple[list[Claimed], datetime | None]:
        if not checks:
            return [], None
        changed, now = holding.confirm(checks, location)
        kept = []
        for check in checks:
            version = changed.get((check.monitor_no, check.token), check.spec_version)
            if version is not None:
                kept.append(check if version == check.spec_version else check._replace(spec_version=version))
        return kept, now
