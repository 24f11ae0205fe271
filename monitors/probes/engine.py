"""The probe engine: jobs in, outcomes out; one event loop on one thread, no database, no settings."""

import asyncio
import heapq
import logging
import resource
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from time import monotonic

import uvloop

from monitors.probes import PROBES
from monitors.probes.calm import Calm
from monitors.probes.jobs import Job
from monitors.probes.outcome import Outcome, internal_error, never_ended, no_room
from monitors.probes.sharing import PER_DESTINATION, Shares
from pulse.net.addresses import Policy
from pulse.net.fetch import Outbound

logger = logging.getLogger(__name__)

OnOutcome = Callable[[Job, Outcome, int], None]

MAX_IN_FLIGHT = 10_000
# Descriptors left to everything else in the process: database, broker, logs, name servers.
SPARE_DESCRIPTORS = 256
# Starting a check takes some 50 µs; sockets get a turn at least this often when many are due at once.
STARTS_PER_TURN = 50
# What is due within so long starts together, late by as much: to wake up for each by itself costs a quarter of a check.
# Where a turn started many, longer naps save another tenth: then their answers come together, too.
NAP_S = 0.005
LONG_NAP_S = 0.015
MANY = 10
BEAT_S = 0.5
DEAD_AFTER_S = 5.0
OVERDUE_S = 5.0
LOOKED_AT = 500


class Engine:
    """Runs each job at its `start_at` and calls `on_outcome(job, outcome, lateness_us)` once for it.

    `on_outcome` is called on the engine's thread and must only hand over: whatever it does delays every
    check. All public methods may be called from any thread. `nameservers` are "address" or "address:port";
    None reads resolv.conf. With `owns_process`, Python's housekeeping is arranged to suit the checks.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        on_outcome: OnOutcome,
        nameservers: Sequence[str] | None = None,
        max_in_flight: int = MAX_IN_FLIGHT,
        ca_file: str | None = None,
        owns_process: bool = False,
        per_destination: int = PER_DESTINATION,
    ) -> None:
        self._per_destination = per_destination
        self._shares = Shares(max_in_flight, per_destination)
        self._policy = policy
        self._nameservers = nameservers
        self._ca_file = ca_file
        self._owns_process = owns_process
        self._calm: Calm | None = None
        self._on_outcome = on_outcome
        self._limit = max_in_flight
        self._thread = threading.Thread(target=self._run, name="probe-engine", daemon=True)
        self._ready = threading.Event()
        self._idle = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._out: Outbound | None = None
        self._accepting = False
        self._submitted = 0
        self._finished = 0
        self._beat_at = 0.0
        self._sequence = 0
        self._due: list[tuple[float, int, Job]] = []
        self._running: dict[int, tuple[float, Job]] = {}
        self._unseen: list[int] = []
        self._left_room: deque[Job] = deque()
        self._is_filling = False
        self._timer: asyncio.Handle | None = None

    def start(self) -> None:
        """Starts the thread and returns when it takes jobs; raises RuntimeError when it cannot."""
        self._limit = min(self._limit, _descriptors() - SPARE_DESCRIPTORS)
        self._shares = Shares(self._limit, self._per_destination)
        self._thread.start()
        if not self._ready.wait(10) or not self.alive:
            raise RuntimeError("the probe engine did not start; its error is in the log")
        self._accepting = True

    @property
    def alive(self) -> bool:
        """False when the loop has ended or has been stuck for 5 s."""
        return self._thread.is_alive() and monotonic() - self._beat_at < DEAD_AFTER_S

    @property
    def in_flight(self) -> int:
        """Jobs submitted and not yet reported, those waiting for their moment included."""
        return self._submitted - self._finished

    def capacity(self) -> int:
        """How many jobs may be submitted now."""
        return max(0, self._limit - self.in_flight) if self._accepting else 0

    def submit(self, jobs: Iterable[Job]) -> None:
        """Hands jobs over; raises RuntimeError after `drain` or when the loop has died."""
        batch = list(jobs)
        loop = self._loop
        if not self._accepting or loop is None or not self._thread.is_alive():
            raise RuntimeError("the probe engine takes no jobs: it is not running or is being drained")
        with self._idle:
            self._submitted += len(batch)
        loop.call_soon_threadsafe(self._accept, batch)

    def forget_names(self, names: Iterable[str]) -> None:
        """What is submitted from now on looks these up anew."""
        loop, out = self._loop, self._out
        if loop is not None and out is not None and self._thread.is_alive():
            for name in names:
                loop.call_soon_threadsafe(out.resolver.forget, name)

    def drain(self, timeout_s: float) -> int:
        """Takes no more jobs and waits for those in flight; returns how many had no outcome in time."""
        self._accepting = False
        with self._idle:
            self._idle.wait_for(lambda: self.in_flight == 0 or not self._thread.is_alive(), timeout_s)
        return self.in_flight

    def stop(self) -> None:
        """Ends the thread; what is still in flight is dropped without an outcome."""
        self._accepting = False
        if self._loop is not None and self._thread.is_alive():
            with suppress(RuntimeError):  # closed between the two lines
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)

    # From here on: the engine's thread.

    def _run(self) -> None:
        try:
            loop = self._loop = uvloop.new_event_loop()
            self._out = Outbound(loop, self._policy, self._nameservers, self._ca_file)
            self._calm = Calm() if self._owns_process else None
            self._beat()
            loop.call_soon(self._ready.set)
            loop.run_forever()
            self._out.close()
            loop.close()
        except BaseException:
            logger.exception("the probe engine's loop has died")
            raise
        finally:
            self._ready.set()
            with self._idle:
                self._idle.notify_all()

    def _beat(self) -> None:
        assert self._loop is not None
        self._beat_at = now = monotonic()
        self._look_for_overdue(now)
        for job in self._shares.expired(now):
            self._hand_over(job, no_room(), 0)
        if self._out is not None:
            self._out.transfers.give_up_unneeded()
        if self._calm is not None:
            self._calm.settle()
        self._loop.call_later(BEAT_S, self._beat)

    def _look_for_overdue(self, now: float) -> None:
        """End what a fault of ours left hanging. Some at a time: going through all takes milliseconds."""
        if not self._unseen:
            self._unseen = list(self._running)
        for number in self._unseen[-LOOKED_AT:]:
            deadline, _ = self._running.get(number, (now, None))
            if now > deadline:
                self._report(number, never_ended())
        del self._unseen[-LOOKED_AT:]

    def _accept(self, jobs: list[Job]) -> None:
        for job in jobs:
            self._sequence += 1
            heapq.heappush(self._due, (job.start_at, self._sequence, job))
        self._start_due()

    def _start_due(self) -> None:
        assert self._loop is not None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        started = 0
        while started < STARTS_PER_TURN and self._due and self._due[0][0] <= monotonic():
            _, number, job = heapq.heappop(self._due)
            self._start_one(number, job)
            started += 1
        if self._due:
            wait = self._due[0][0] - monotonic()
            nap = LONG_NAP_S if started >= MANY else NAP_S
            again = self._start_due
            self._timer = (
                self._loop.call_later(max(wait, nap), again) if wait > 0 else self._loop.call_soon(again)
            )

    def _start_one(self, number: int, job: Job) -> None:
        assert self._out is not None
        if not self._shares.take(job):
            if not self._shares.park(number, job):
                self._hand_over(job, no_room(), 0)
            return
        now = monotonic()
        self._running[number] = (now + job.timeout_s + OVERDUE_S, job)
        lateness_us = max(0, round((now - job.start_at) * 1e6))
        if job.known is not None:
            self._report(number, job.known, lateness_us)
            return
        try:
            PROBES[job.kind].start(self._out, job, lambda outcome: self._report(number, outcome, lateness_us))
        except Exception as error:
            logger.exception("a %s probe could not be started", job.kind)
            self._report(number, internal_error(error), lateness_us)

    def _report(self, number: int, outcome: Outcome, lateness_us: int = 0) -> None:
        _, job = self._running.pop(number, (0.0, None))
        if job is None:
            return  # already reported as overdue
        self._shares.give_back(job)
        self._hand_over(job, outcome, lateness_us)
        if self._shares.has_parked:
            self._left_room.append(job)
            self._fill_soon()

    def _fill_soon(self) -> None:
        """Start what was parked, in a turn of its own: a start may end at once and make room for another, and so on."""
        assert self._loop is not None
        if not self._is_filling:
            self._is_filling = True
            self._loop.call_soon(self._fill_room)

    def _fill_room(self) -> None:
        for _ in range(min(len(self._left_room), STARTS_PER_TURN)):
            for waiting in self._shares.unparked(self._left_room.popleft()):
                self._start_one(*waiting)
        self._is_filling = False
        if self._left_room:
            self._fill_soon()

    def _hand_over(self, job: Job, outcome: Outcome, lateness_us: int) -> None:
        try:
            self._on_outcome(job, outcome, lateness_us)
        except Exception:
            logger.exception("an outcome could not be handed over")
        self._finished += 1
        if not self._accepting and self.in_flight == 0:
            with self._idle:
                self._idle.notify_all()


def _descriptors() -> int:
    """How many files this process may open, raised to the hard limit first: a check in flight needs one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            return hard
    return soft
