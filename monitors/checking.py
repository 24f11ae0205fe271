"""Run checks: claim what is due, hand it to the probe engine, record what comes back."""

from __future__ import annotations

import threading
from datetime import datetime
from time import monotonic
from uuid import UUID

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from monitors.clock import Clock
from monitors.definition import target_policy
from monitors.guarding import Guard
from monitors.holding import Holding
from monitors.intake import Held, Intake
from monitors.judging import Result
from monitors.probes.engine import Engine
from monitors.probes.jobs import Job
from monitors.recording import Recorder
from monitors.telemetry import results
from monitors.telemetry.claiming import Claimed, claim
from monitors.telemetry.models import GapReason
from monitors.telemetry.scheduling import location_no
from monitors.telemetry.specs import Spec, Specs
from monitors.watching import Onlookers
from pulse import VERSION, failpoints, links, live, metrics
from pulse.scoping import as_pipeline

log = structlog.get_logger(__name__)

CLAIM_EVERY_S = 0.5
CLAIM_AT_MOST = 500
# Rows are claimed a second ahead. Whoever got a full claim of what is not late yet leaves its siblings this moment for
# theirs: else one worker would have all of what is due at the same time.
CLAIM_PAUSE_S = 0.1
RECORD_EVERY_S = 0.2
RECORD_AT_MOST = 1_000
# So long transitions are written before the results that came meanwhile get their turn.
SETTLE_S = 0.2
# With so many results unrecorded the database is behind: claim nothing more until it has caught up.
BACKLOG_AT_MOST = 20_000
AWAY_WAIT_S = 1.0
AWAY = (OperationalError, InterfaceError)


class Checker:
    """Two threads around one engine: a claimer on its own clock, which a bell only wakes early, and a recorder.

    The recorder also keeps the guard: a failure that would open an outage waits for a look at the control targets.
    """

    def __init__(self, *, max_in_flight: int = 10_000, owns_process: bool = False) -> None:
        self.specs = Specs()
        self.holding = Holding()
        self._clock = Clock()
        self._recording = Recorder(self.holding)
        self._onlookers = Onlookers()
        self.intake = Intake(Guard(settings.PULSE_CONTROL_TARGETS), self._onlookers)
        self._agent = f"Pulse/{VERSION} (+{settings.PULSE_BASE_URL}/about-checks)"
        self.engine = Engine(
            target_policy(),
            on_outcome=self.intake.take,
            nameservers=settings.PULSE_NAMESERVERS or None,
            max_in_flight=max_in_flight,
            per_destination=settings.PULSE_CHECKS_PER_DESTINATION,
            owns_process=owns_process,
        )
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._drained = threading.Event()
        self._claimer = threading.Thread(target=self._claim_all, name="claimer", daemon=True)
        self._recorder = threading.Thread(target=self._record_all, name="recorder", daemon=True)

    def start(self) -> None:
        self.engine.start()
        self._claimer.start()
        self._recorder.start()

    @property
    def alive(self) -> bool:
        return self.engine.alive and self._claimer.is_alive() and self._recorder.is_alive()

    def wake(self) -> None:
        self._woken.set()

    def stop(self, timeout_s: float = 8.0) -> None:
        """Claim no more, let checks in flight finish, record them; what is left is probed again by lease."""
        until = monotonic() + timeout_s
        self._stopping.set()
        self._woken.set()
        self._claimer.join(max(0.1, until - monotonic()))
        left = self.engine.drain(max(0.1, until - monotonic() - 1))
        self._drained.set()
        self._recorder.join(max(0.5, until - monotonic()))
        self.engine.stop()
        log.info("checks_stopped", unfinished=left)

    # -- the claimer's thread

    def _claim_all(self) -> None:
        location = None
        while not self._stopping.is_set():
            full = False
            try:
                with as_pipeline():
                    location = location or location_no()
                    self._clock.look(location)
                    self.holding.attend(location)
                    self._start_held(location)
                    full = self._claim_once(location)
            except AWAY as error:
                log.warning("database_away", at="claim", error=str(error).splitlines()[0])
                connection.close()
                self._stopping.wait(AWAY_WAIT_S)
            except Exception:
                # Dying quietly would look like a calm night: whatever it was, say so and go on.
                log.exception("claim_failed")
                connection.close()
                self._stopping.wait(AWAY_WAIT_S)
            if not full:
                self._woken.wait(CLAIM_EVERY_S)
                self._woken.clear()
        connection.close()

    def _claim_once(self, location: int) -> bool:
        """Claim one batch; True when it was full, so there may be more."""
        room = min(CLAIM_AT_MOST, self.engine.capacity())
        if room <= 0 or self.intake.waiting > BACKLOG_AT_MOST:
            return False
        before = monotonic()
        taken = claim(location, room)
        if taken.now is None:
            return False
        failpoints.reach("claim.committed")
        metrics.MISSED.labels(GapReason.NOT_CLAIMED.name.lower()).inc(taken.missed_unclaimed)
        metrics.MISSED.labels(GapReason.LEASE_EXPIRED.name.lower()).inc(taken.missed_expired)
        self._submit(taken.checks, taken.now, before, location)
        is_full = len(taken.checks) == CLAIM_AT_MOST
        if is_full and min(check.slot for check in taken.checks) > taken.now:
            self._stopping.wait(CLAIM_PAUSE_S)
        return is_full

    def _start_held(self, location: int) -> None:
        before = monotonic()
        checks, now = self.holding.due(self.engine.capacity(), location)
        if now is not None:
            self._submit(checks, now, before, location)

    def _submit(self, checks: list[Claimed], now: datetime, before: float, location: int) -> None:
        """`now` is the database's clock at the moment `before` of ours."""
        specs = self.specs.of(checks, location)
        jobs = []
        for check in checks:
            spec = specs.get(check.monitor_no)
            if spec is None:
                results.set_aside(check, location)
                continue
            jobs.append(self._job(check, spec, before + (check.slot - now).total_seconds()))
        self.engine.submit(jobs)

    def _job(self, check: Claimed, spec: Spec, start_at: float) -> Job:
        watch, progress = None, None
        if check.asked and spec.organisation:
            watch, progress = self._onlookers.follow(UUID(spec.organisation), spec.identity)
        return Job(
            Held(check, spec, progress), check.tenant_no, spec.kind, spec.target, spec.config, spec.timeout_seconds,
            start_at, self._agent, spec.identity, spec.destination, watch, spec.refused,
        )  # fmt: skip

    # -- the recorder's thread

    def _record_all(self) -> None:
        links.prepare()
        location = None
        batch: list[Result] = []
        while batch or self.intake.waiting or self._recording.is_waiting or not self._drained.is_set():
            has_more = False
            try:
                if location is None:
                    with as_pipeline():
                        location = location_no()
                if not self._drained.is_set():
                    self.intake.look_about(self.engine, location)
                # What waits for an edit must not keep out everybody else's.
                room = max(RECORD_AT_MOST - len(batch), RECORD_AT_MOST // 2)
                batch += self.intake.believed(room, location)
                taken = batch
                if batch:
                    batch = self._recording.take(batch, location)
                has_more = self._recording.settle(location, SETTLE_S)
                _show_asked(taken)
            except AWAY as error:
                log.warning(
                    "database_away", at="record", waiting=len(batch), error=str(error).splitlines()[0]
                )
                connection.close()
                if self._drained.wait(AWAY_WAIT_S):
                    break
            except Exception:
                log.exception("record_failed", dropped=len(batch))
                batch = []  # their leases run out, and the slots become gap rows
            if not has_more and self.intake.waiting < RECORD_AT_MOST and not self._drained.is_set():
                self._drained.wait(RECORD_EVERY_S)
        self._let_go(location)
        connection.close()

    def _let_go(self, location: int | None) -> None:
        if location is None:
            return
        try:
            with as_pipeline():
                self.holding.release(location)
        except AWAY as error:  # siblings inherit it
            log.warning("database_away", at="release", error=str(error).splitlines()[0])


def _show_asked(batch: list[Result]) -> None:
    """Pages that wait for the result of a check asked for by hand look now."""
    for result in batch:
        if result.check.asked and result.spec.organisation:
            live.publish(UUID(result.spec.organisation), [f"monitor:{result.spec.identity}"])
