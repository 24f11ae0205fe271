"""Say what a result means: its verdict, the state after it, and whether that is a change. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from monitors.deciding import Weighed, weigh
from monitors.evaluation import State, Transition, Verdict
from monitors.facts import MonitorChangedStatus
from monitors.probes.outcome import DETAIL_LENGTH, ErrorClass, Outcome, sentence
from monitors.telemetry.claiming import Claimed
from monitors.telemetry.models import Status
from monitors.telemetry.specs import Spec

# A monitor that stays as it is keeps the evidence of one result in this time: the others say the same.
SAMPLED_EVERY = timedelta(minutes=10)
# Of a detail, what "the issuer changed from … to …" leaves to both names.
NAMES_ROOM = DETAIL_LENGTH - len("the issuer changed from  to ")
_NOT_TRIED = frozenset({ErrorClass.INTERNAL, ErrorClass.REFUSED_ADDRESS, ErrorClass.INVALID_TARGET})
LASTING = (Status.DOWN, Status.DEGRADED, Status.UNKNOWN, Status.FLAPPING)


class Result(NamedTuple):
    """One probed slot on its way into the database."""

    check: Claimed
    spec: Spec
    outcome: Outcome
    lateness_us: int


class Judged(NamedTuple):
    """A result with what it means."""

    result: Result
    weighed: Weighed

    @property
    def after(self) -> State:
        return self.weighed.after

    @property
    def transition(self) -> Transition | None:
        return self.weighed.transition

    @property
    def wants_confirmation(self) -> bool:
        """A change has begun and is not confirmed yet: the retry interval says when to look again."""
        after = self.after
        if after.status is Status.FLAPPING:
            return False
        counting = after.successes if after.status in (Status.DOWN, Status.DEGRADED) else after.failures
        return self.transition is None and bool(counting or after.softs)

    @property
    def is_worth_evidence(self) -> bool:
        """A failure, a soft failure or a change; of an outage that goes on, only a sample."""
        outcome = self.result.outcome
        if self.transition is not None or self.check.asked:
            return True
        if self.after.status in LASTING and not self.after.successes and not self.after.unknowns:
            step = SAMPLED_EVERY.total_seconds()
            at, before = self.check.slot.timestamp(), self.result.spec.interval_seconds
            return at // step != (at - before) // step
        return not outcome.ok or outcome.soft

    @property
    def check(self) -> Claimed:
        return self.result.check

    @property
    def is_first(self) -> bool:
        """A new monitor's first good result: no incident can be open, and nobody is told."""
        transition = self.transition
        return (
            transition is not None and transition.before is Status.PENDING and transition.after is Status.UP
        )

    @property
    def is_told(self) -> bool:
        several = self.result.spec.locations > 1
        return self.transition is not None and (several or not self.is_first)


def judge(result: Result) -> Judged:
    check, spec = result.check, result.spec
    outcome = meant(spec, result.outcome)
    if outcome is not result.outcome:
        result = result._replace(outcome=outcome)
    return Judged(result, weigh(spec.policy, check.state, verdict_of(outcome), check.slot))


def meant(spec: Spec, outcome: Outcome) -> Outcome:
    """What the probe found, as the monitor takes it: the same for its state and for whoever looks on."""
    if spec.upside_down:
        outcome = turned_over(outcome)
    elif outcome.issuer:
        outcome = another_issuer(outcome, spec.accepted_issuer, is_down=spec.config.issuer_change == "down")
    slow_ms = spec.policy.slow_ms
    return outcome if slow_ms is None else slow_is_soft(outcome, slow_ms)


def verdict_of(outcome: Outcome) -> Verdict:
    if not outcome.ok:
        return Verdict.UNKNOWN if outcome.is_unknown else Verdict.BAD
    return Verdict.SOFT if outcome.soft else Verdict.GOOD


def slow_is_soft(outcome: Outcome, slow_ms: int) -> Outcome:
    """An answer that took longer than the policy allows works, but not as well as it should."""
    took = outcome.total_us
    if not outcome.ok or outcome.soft or took is None or took <= slow_ms * 1000:
        return outcome
    return replace(
        outcome, soft=True, detail=sentence(f"slow: took {took / 1000:,.0f} ms, over {slow_ms:,} ms")
    )


def another_issuer(outcome: Outcome, accepted: str | None, *, is_down: bool) -> Outcome:
    """A certificate of another issuer than was accepted. What failed, or saw no certificate, says nothing of it.

    It has the word before other reasons to be degraded: those come back once somebody has accepted it.
    """
    if not outcome.ok or accepted is None or outcome.issuer == accepted:
        return outcome
    words = sentence(f"the issuer changed from {' to '.join(told_apart(accepted, outcome.issuer))}")
    return replace(outcome, ok=not is_down, soft=not is_down, error=ErrorClass.ISSUER_CHANGED, detail=words)


def told_apart(one: str, other: str) -> tuple[str, str]:
    """Two names as far as a sentence has room: their beginnings, or what follows where those are the same."""
    room = NAMES_ROOM // 2
    if len(one) + len(other) <= NAMES_ROOM:
        return one, other
    if one[: room - 1] == other[: room - 1]:
        pairs = zip(one, other, strict=False)
        alike = next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
        one, other = (f"…{name[max(0, alike - 20) :]}" for name in (one, other))
    left, right = max(room, NAMES_ROOM - len(other)), max(room, NAMES_ROOM - len(one))
    return _cut(one, left), _cut(other, right)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def turned_over(outcome: Outcome) -> Outcome:
    """Upside down: what should not work is good when it fails. What was not tried, or failed by our fault, is not."""
    if outcome.error in _NOT_TRIED or outcome.is_unknown:
        return outcome
    if outcome.ok:
        words = f"it works, and should not: {outcome.detail}"
        return replace(
            outcome, ok=False, soft=False, error=ErrorClass.ASSERTION_FAILED, detail=sentence(words)
        )
    return replace(
        outcome, ok=True, error=ErrorClass.NONE, detail=sentence(f"fails, as it should: {outcome.detail}")
    )


def changed(item: Judged, now: datetime) -> MonitorChangedStatus:
    transition = item.transition
    assert transition is not None
    outcome = item.result.outcome
    return MonitorChangedStatus(
        item.check.monitor_no, transition.before, transition.after, transition.began, now, outcome.detail,
        address=outcome.address or "",
    )  # fmt: skip
