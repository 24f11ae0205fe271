"""One thread a process that commits pings in groups: those that wait together share one transaction."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, defaultdict, deque
from time import monotonic

import structlog
from django.conf import settings
from django.db import connection

from monitors.heartbeats import arrivals
from monitors.heartbeats.accepting import AWAY, Accepter, Answers
from monitors.heartbeats.arrivals import Answer, Arrival
from monitors.heartbeats.bounding import Allowances
from pulse import metrics

log = structlog.get_logger(__name__)

# While one group commits the next gathers; a group that is small yet waits this long for more.
GATHER_S = 0.003
GROUP_AT_MOST = 400
WAITING_AT_MOST = 10_000
WAITING_BYTES_AT_MOST = 64_000_000
# So long a sender is kept while the database is away, or an edit holds its heartbeat.
PATIENCE_S = 5.0
# After a lost connection at once, while the database stays away less and less often.
AWAY_WAIT_S, AWAY_WAIT_AT_MOST_S = 0.02, 0.5
HELD_WAIT_S = 0.01
SHOW_EVERY_S = 0.5

Waiting = tuple[Arrival, "asyncio.Future[Answer]"]


class Writer:
    """`submit` is called on an event loop; the answer comes back there, after the commit."""

    def __init__(self) -> None:
        self._accepter = Accepter()
        self._sources = Allowances(settings.PULSE_PINGS_PER_SECOND, 10 * settings.PULSE_PINGS_PER_SECOND)
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0
        self._arrived = threading.Condition()
        self._stopping = False
        self._away_s = 0.0
        self._thread = threading.Thread(target=self._run, name="pings", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    async def submit(self, arrival: Arrival) -> Answer:
        if not self._sources.take(arrival.source, arrival.arrived):
            return arrivals.TOO_MANY
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        with self._arrived:
            if len(self._waiting) >= WAITING_AT_MOST or self._bytes > WAITING_BYTES_AT_MOST:
                return arrivals.BUSY
            self._waiting.append((arrival, future))
            self._bytes += len(arrival.body)
            if len(self._waiting) == 1:
                self._arrived.notify()
        return await future

    def stop(self, timeout_s: float = 5.0) -> None:
        """Write what waits, then end."""
        with self._arrived:
            self._stopping = True
            self._arrived.notify()
        self._thread.join(timeout_s)

    # -- the writer's thread

    def _run(self) -> None:
        shown = monotonic()
        while group := self._next():
            self._answer(group, self._accept([arrival for arrival, _ in group]))
            if monotonic() - shown > SHOW_EVERY_S:
                self._accepter.show()
                shown = monotonic()
        connection.close()

    def _next(self) -> list[Waiting]:
        """The next group; empty when it is time to end."""
        with self._arrived:
            while not self._waiting:
                if self._stopping:
                    return []
                if not self._arrived.wait(SHOW_EVERY_S):
                    self._accepter.show()
            if len(self._waiting) < GROUP_AT_MOST and not self._stopping:
                self._arrived.wait(GATHER_S)
            group = [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP_AT_MOST))]
            self._bytes -= sum(len(arrival.body) for arrival, _ in group)
        return group

    def _accept(self, batch: list[Arrival]) -> Answers:
        """What each is answered; those without an answer are tried again."""
        try:
            answers = self._accepter.accept(batch)
        except AWAY as error:
            if not self._away_s:
                log.warning("database_away", at="pings", waiting=len(batch), error=str(error).splitlines()[0])
            connection.close()
            self._away_s = min(max(AWAY_WAIT_S, 2 * self._away_s), AWAY_WAIT_AT_MOST_S)
            threading.Event().wait(self._away_s)
            return {one: arrivals.AWAY for one in batch if monotonic() - one.arrived > PATIENCE_S}
        except Exception:
            # Dying quietly would refuse every job from here on: whatever it was, say so and go on.
            log.exception("pings_failed", pings=len(batch))
            connection.close()
            return dict.fromkeys(batch, arrivals.FAILED)
        self._away_s = 0.0
        return answers

    def _answer(self, group: list[Waiting], answers: Answers) -> None:
        by_loop: defaultdict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Answer], Answer]]]
        by_loop, again = defaultdict(list), []
        for arrival, future in group:
            answer = answers.get(arrival)
            if answer is None and monotonic() - arrival.arrived > PATIENCE_S:
                answer = arrivals.BUSY
            if answer is None:
                again.append((arrival, future))
            else:
                by_loop[future.get_loop()].append((future, answer))
        for loop, answered in by_loop.items():
            for status, number in Counter(answer.status for _, answer in answered).items():
                metrics.PINGS.labels(str(status)).inc(number)
            try:
                loop.call_soon_threadsafe(_tell, answered)
            except RuntimeError:  # the loop has ended, and with it the connections
                log.warning("pings_unanswered", pings=len(answered))
        if again:
            self._put_back(again, idle=len(again) == len(group))

    def _put_back(self, again: list[Waiting], *, idle: bool) -> None:
        """In front, so that the pings of a job stay in order."""
        with self._arrived:
            self._waiting.extendleft(reversed(again))
            self._bytes += sum(len(arrival.body) for arrival, _ in again)
        if idle:
            threading.Event().wait(HELD_WAIT_S)


def _tell(answered: list[tuple[asyncio.Future[Answer], Answer]]) -> None:
    for future, answer in answered:
        if not future.done():  # whoever asked has gone
            future.set_result(answer)
