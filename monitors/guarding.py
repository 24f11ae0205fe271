"""Tell an outage of a target from an outage of our own network: control targets are asked before anybody is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from monitors.evaluation import Verdict, evaluate
from monitors.judging import Result
from monitors.probes.outcome import ErrorClass
from monitors.telemetry.models import Status

# The control targets are asked this often while nothing is wrong, and at once when an outage is about to be told.
EVERY_S = 10.0
AGAIN_S = 0.5
TIMEOUT_S = 3.0
# A round that never ends must not hold a message back: then the outage is told.
PATIENCE_S = 8.0
# Failures that a dead uplink can make; a wrong status or a bad certificate came from somewhere.
OF_THE_NETWORK = frozenset(
    {
        ErrorClass.DNS_NXDOMAIN, ErrorClass.DNS_NO_ADDRESS, ErrorClass.DNS_TIMEOUT, ErrorClass.DNS_FAILED,
        ErrorClass.CONNECT_REFUSED, ErrorClass.CONNECT_TIMEOUT, ErrorClass.CONNECT_FAILED, ErrorClass.TIMEOUT,
        ErrorClass.CONNECTION_LOST, ErrorClass.TLS_FAILED,
    }
)  # fmt: skip


class Sight(Enum):
    SEES = "sees"
    BLIND = "blind"
    WAIT = "wait"


@dataclass(slots=True)
class Round:
    """One time that all control targets were asked."""

    number: int
    started: float
    waiting: int
    reached: bool = False


class Guard:
    """Rounds over the control targets. No clock and no network of its own: the caller hands both in.

    With no control target everything is believed. Used by one thread at a time.
    """

    def __init__(self, targets: Sequence[str]) -> None:
        self.targets = tuple(targets)
        self._round: Round | None = None
        self._ended: Round | None = None

    @property
    def has_looked(self) -> bool:
        return self._ended is not None

    @property
    def is_blind(self) -> bool:
        """The newest finished round reached nothing."""
        return self._ended is not None and not self._ended.reached

    def wants_round(self, now: float, doubt: bool) -> bool:
        """Whether to ask now: at intervals, and at once while something waits for an answer."""
        if not self.targets:
            return False
        if self._round is None:
            return True
        passed = now - self._round.started
        if self._ended is not self._round:  # still under way, unless its answers were lost
            return passed > TIMEOUT_S + 1
        return passed >= (AGAIN_S if doubt or self.is_blind else EVERY_S)

    def begin(self, now: float) -> int:
        """A round starts; answers come back under its number."""
        number = self._round.number + 1 if self._round else 1
        self._round = Round(number, now, len(self.targets))
        return number

    def answered(self, number: int, reached: bool) -> None:
        """One control target answered or did not; an answer to an older round counts for nothing."""
        current = self._round
        if current is None or current.number != number:
            return
        current.waiting -= 1
        current.reached = current.reached or reached
        if current.reached or not current.waiting:
            self._ended = current

    def sight(self, failed_at: float, now: float) -> Sight:
        """Whether a failure that ended at `failed_at` may be believed: only a later round can tell."""
        if not self.targets:
            return Sight.SEES
        ended = self._ended
        if ended is not None and ended.started >= failed_at:
            return Sight.SEES if ended.reached else Sight.BLIND
        return Sight.SEES if now - failed_at > PATIENCE_S else Sight.WAIT


def is_doubtful(result: Result, blind: bool) -> bool:
    """Whether the guard is asked first: a failure of the network that would open an outage, or any while blind."""
    outcome, check = result.outcome, result.check
    if outcome.ok or outcome.error not in OF_THE_NETWORK:
        return False
    if blind:
        return True
    _, transition = evaluate(result.spec.policy, check.state, Verdict.BAD, check.slot)
    return transition is not None and transition.after in (Status.DOWN, Status.FLAPPING)
