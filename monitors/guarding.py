"""Tell an outage of a target from an outage of our own network: control targets are asked before anybody is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from monitors.evaluation import Verdict, evaluate
from monitors.judging import Result
from monitors.probes.outcome import ErrorClass, Outcome
from monitors.telemetry.models import Status
from pulse.net.endpoints import parse_endpoint

# The control targets are asked this often while nothing is wrong, and at once when an outage is about to be told.
EVERY_S = 10.0
AGAIN_S = 0.5
TIMEOUT_S = 3.0
# A round that never ends must not hold a message back: then the outage is told.
PATIENCE_S = 8.0
# Failures that a name server which is dead or lies can make.
OF_NAMES = frozenset(
    {ErrorClass.DNS_NXDOMAIN, ErrorClass.DNS_NO_ADDRESS, ErrorClass.DNS_TIMEOUT, ErrorClass.DNS_FAILED}
)
# Failures that a dead uplink can make; a wrong status or a bad certificate came from somewhere.
OF_THE_NETWORK = OF_NAMES | {
    ErrorClass.CONNECT_REFUSED, ErrorClass.CONNECT_TIMEOUT, ErrorClass.CONNECT_FAILED, ErrorClass.TIMEOUT,
    ErrorClass.CONNECTION_LOST, ErrorClass.TLS_FAILED,
}  # fmt: skip


class Sight(Enum):
    SEES = "sees"
    BLIND = "blind"
    WAIT = "wait"


@dataclass(slots=True)
class Round:
    """One time that all control targets were asked. `reached` one of them; `resolved` the name of one."""

    number: int
    started: float
    waiting: int
    reached: bool = False
    resolved: bool = False


class Guard:
    """Rounds over the control targets. No clock and no network of its own: the caller hands both in.

    With no control target everything is believed. Where one is a name, a name has to be resolved too: else every
    monitor would be down when only our name server is. Used by one thread at a time.
    """

    def __init__(self, targets: Sequence[str]) -> None:
        self.targets = tuple(targets)
        self._names = frozenset(target for target in targets if parse_endpoint(target).literal is None)
        self._round: Round | None = None
        self._ended: Round | None = None

    @property
    def names(self) -> list[str]:
        """The hosts of control targets that have to be looked up."""
        return [parse_endpoint(target).host for target in self._names]

    @property
    def has_looked(self) -> bool:
        return self._ended is not None

    @property
    def is_blind(self) -> bool:
        """The newest finished round reached nothing, or resolved no name."""
        return self._ended is not None and not self._is_enough(self._ended)

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

    def answered(self, number: int, target: str, outcome: Outcome) -> None:
        """What came of one control target; an answer to an older round counts for nothing."""
        current = self._round
        if current is None or current.number != number:
            return
        current.waiting -= 1
        current.reached = current.reached or outcome.ok
        current.resolved = current.resolved or (target in self._names and _was_resolved(outcome))
        if self._is_enough(current) or not current.waiting:
            self._ended = current

    def _is_enough(self, round_: Round) -> bool:
        return round_.reached and (round_.resolved or not self._names)

    def sight(self, error: ErrorClass, failed_at: float, now: float) -> Sight:
        """Whether a failure that ended at `failed_at` may be believed: only a later round can tell."""
        if not self.targets:
            return Sight.SEES
        ended = self._ended
        if ended is not None and ended.started >= failed_at:
            seen = self._is_enough(ended) if error in OF_NAMES else ended.reached
            return Sight.SEES if seen else Sight.BLIND
        return Sight.SEES if now - failed_at > PATIENCE_S else Sight.WAIT


def _was_resolved(outcome: Outcome) -> bool:
    """A look-up that is cut off, as of a name server that is silent, has no duration: it ends like a connection."""
    return outcome.dns_us is not None and outcome.error not in OF_NAMES


def is_doubtful(result: Result, blind: bool) -> bool:
    """Whether the guard is asked first: a failure of the network that would open an outage, or any while blind.

    Upside down, one that would end an outage.
    """
    outcome, check, upside_down = result.outcome, result.check, result.spec.upside_down
    if outcome.ok or outcome.error not in OF_THE_NETWORK:
        return False
    if blind:
        return True
    verdict = Verdict.GOOD if upside_down else Verdict.BAD
    _, transition = evaluate(result.spec.policy, check.state, verdict, check.slot)
    return transition is not None and (upside_down or transition.after in (Status.DOWN, Status.FLAPPING))
