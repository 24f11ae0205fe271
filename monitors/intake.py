"""Between the engine and the recorder: which outcomes become results, which wait for the guard, which become gaps."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple

from monitors.deciding import DecisionKind, Rule
from monitors.evaluation import Verdict
from monitors.guarding import TIMEOUT_S, Guard, Sight, is_doubtful
from monitors.judging import Result, meant
from monitors.probes import PROBES
from monitors.probes.engine import Engine
from monitors.probes.jobs import Job
from monitors.probes.outcome import ErrorClass, Outcome
from monitors.telemetry import blindness, decisions, results
from monitors.telemetry.claiming import Claimed
from monitors.telemetry.decisions import NewDecision
from monitors.telemetry.models import GapReason
from monitors.telemetry.specs import Spec
from monitors.watching import Onlookers, Progress
from pulse import metrics
from pulse.scoping import as_pipeline


class Held(NamedTuple):
    """What comes back with an outcome: the claim, and the spec it was probed by."""

    check: Claimed
    spec: Spec
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """What comes back with the outcome of a control target: the round that it belongs to."""

    round: int


class Intake:
    """`take` is called on the engine's thread and only hands over; everything else is the recorder's."""

    def __init__(self, guard: Guard, onlookers: Onlookers) -> None:
        self.guard = guard
        self._onlookers = onlookers
        self._results: deque[Result] = deque()
        self._controls: deque[tuple[int, str, Outcome]] = deque()
        self._shed: deque[Claimed] = deque()
        self._doubted: list[tuple[Result, float]] = []
        self._noted: bool | None = None
        self._unbelieved: set[int] = set()

    def take(self, job: Job, outcome: Outcome, lateness_us: int) -> None:
        held = job.key
        if isinstance(held, Control):
            self._controls.append((held.round, job.target, outcome))
            return
        assert isinstance(held, Held)
        if held.progress is not None:
            self._onlookers.finish(held.progress, meant(held.spec, outcome))
        if outcome.error is ErrorClass.NO_ROOM:
            self._shed.append(held.check)
        else:
            self._results.append(Result(held.check, held.spec, outcome, lateness_us))

    @property
    def waiting(self) -> int:
        """Outcomes that the recorder has not seen yet."""
        return len(self._results)

    def look_about(self, engine: Engine, location: int) -> None:
        """Keep the guard's rounds going, and write down when this location goes blind and when it sees again."""
        while self._controls:
            self.guard.answered(*self._controls.popleft())
        now = monotonic()
        if engine.alive and self.guard.wants_round(now, bool(self._doubted)):
            control = Control(self.guard.begin(now))
            config = PROBES["tcp"].load({})
            engine.forget_names(self.guard.names)  # what was known says nothing of the name server now
            engine.submit(
                Job(control, 0, "tcp", target, config, TIMEOUT_S, now) for target in self.guard.targets
            )
        if self.guard.has_looked and self._noted is not self.guard.is_blind:
            with as_pipeline():
                blindness.note(location, self.guard.is_blind)
            self._noted = self.guard.is_blind
            self._unbelieved.clear()

    def believed(self, most: int, location: int) -> list[Result]:
        """Results to record now. What the guard does not believe is no result but a gap.

        What still waits for a round when the worker stops is probed again when its lease ends.
        """
        while self._shed:
            self._missed(self._shed.popleft(), location, GapReason.SHARED_OUT)
        now = monotonic()
        blind = self.guard.is_blind
        batch: list[Result] = []
        waiting: list[tuple[Result, float]] = []
        for result, failed_at in self._doubted:
            sight = self.guard.sight(result.outcome.error, failed_at, now)
            if sight is Sight.SEES:
                batch.append(result)
            elif sight is Sight.WAIT:
                waiting.append((result, failed_at))
            else:
                self._not_believed(result, location)
        self._doubted = waiting
        while self._results and len(batch) < most:
            result = self._results.popleft()
            if self.guard.targets and is_doubtful(result, blind):
                self._doubted.append((result, now))
            else:
                batch.append(result)
        return batch

    def _not_believed(self, result: Result, location: int) -> None:
        """A gap; and a decision for the first of a monitor in each such time: the others say the same."""
        check, outcome = result.check, result.outcome
        metrics.MISSED.labels(GapReason.BLIND.name.lower()).inc()
        with as_pipeline():
            results.set_aside(check, location, GapReason.BLIND)
            if check.monitor_no not in self._unbelieved:
                self._unbelieved.add(check.monitor_no)
                status = int(check.state.status)
                decisions.note([NewDecision(
                    check.monitor_no, check.slot, DecisionKind.NOT_BELIEVED, Rule.OWN_NETWORK, location,
                    int(Verdict.BAD), status, status, error=int(outcome.error), total_us=outcome.total_us,
                    words=outcome.detail, tenant_no=check.tenant_no,
                )])  # fmt: skip

    def _missed(self, check: Claimed, location: int, reason: GapReason) -> None:
        metrics.MISSED.labels(reason.name.lower()).inc()
        with as_pipeline():
            results.set_aside(check, location, reason)
