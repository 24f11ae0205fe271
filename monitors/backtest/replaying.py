"""Replay stored results through the judgement with any policy. Pure: no clock, no database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import merge

from monitors.evaluation import State, Verdict, combine, evaluate
from monitors.policy import Policy
from monitors.probes.outcome import FIRST_UNKNOWN
from monitors.results.columns import Columns
from monitors.statuses import Status

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How the recorder begins the detail of an answer that was only slow: see `judging.slow_is_soft`.
ONLY_SLOW = "slow: took "
_OUTAGE = (Status.DOWN, Status.FLAPPING)
_WORKS = (Status.UP, Status.DEGRADED)


@dataclass(frozen=True, slots=True)
class Outage:
    """One incident that a policy would have opened. `ended` is None where it still went on at the end.

    `began` is the first failing slot, `confirmed` the one at which somebody would have been told. `is_earlier`:
    nothing had worked before it, so that it may have begun before the replay did.
    """

    began: datetime
    confirmed: datetime
    ended: datetime | None
    is_flapping: bool = False
    is_earlier: bool = False

    def lasted(self, end: datetime) -> timedelta:
        return (self.ended or end) - self.began


@dataclass(slots=True)
class Replay:
    """What a policy made of the results: incidents, oldest first, and how often it became degraded."""

    outages: list[Outage] = field(default_factory=list)
    degraded: int = 0
    results: int = 0
    end: datetime = EPOCH

    @property
    def down(self) -> timedelta:
        return sum((outage.lasted(self.end) for outage in self.outages), timedelta())


def replay(policy: Policy, quorum: int, places: Mapping[int, Columns], end: datetime) -> Replay:
    """Judge the results of each location in the order of their slots; several agree by `quorum`.

    `places` need the columns slot, ok, soft, error and total_us, and detail where a policy knows slow answers.
    """
    told = _Telling(Replay(end=end))
    streams = [verdicts(policy, number, columns) for number, columns in places.items()]
    if len(streams) == 1:
        _replay_one(policy, streams[0], told)
    else:
        _replay_several(policy, quorum, list(places), streams, told)
    told.replay.results = sum(len(columns) for columns in places.values())
    return told.finished()


def verdicts(policy: Policy, location: int, columns: Columns) -> Iterator[tuple[int, int, Verdict]]:
    """(slot, location, verdict) of each result, by the policy's own idea of slow."""
    slow_us = policy.slow_ms * 1000 if policy.slow_ms is not None else None
    details: Sequence[str | None] = columns.detail or [None] * len(columns)
    rows = zip(columns.slot, columns.ok, columns.soft, columns.error, columns.total_us, details, strict=True)
    for slot, ok, soft, error, total_us, detail in rows:
        if not ok:
            verdict = Verdict.UNKNOWN if error >= FIRST_UNKNOWN else Verdict.BAD
        elif soft and not (detail and detail.startswith(ONLY_SLOW)):
            verdict = Verdict.SOFT
        else:
            is_slow = slow_us is not None and total_us is not None and total_us > slow_us
            verdict = Verdict.SOFT if is_slow else Verdict.GOOD
        yield slot, location, verdict


class _Telling:
    """Turns changes of the monitor's status into incidents, as the incidents of Pulse are opened and resolved."""

    def __init__(self, into: Replay) -> None:
        self.replay = into
        self._open: Outage | None = None
        self._has_worked = False

    def change(self, after: Status, began: datetime, slot: datetime) -> None:
        if after in _OUTAGE and self._open is None:
            self._open = Outage(began, slot, None, after is Status.FLAPPING, not self._has_worked)
        elif after in _WORKS and self._open is not None:
            self._close(began)
        self._has_worked = self._has_worked or after in _WORKS
        self.replay.degraded += after is Status.DEGRADED

    def finished(self) -> Replay:
        if self._open is not None:
            self.replay.outages.append(self._open)
        return self.replay

    def _close(self, at: datetime) -> None:
        assert self._open is not None
        self.replay.outages.append(replace(self._open, ended=max(at, self._open.began)))
        self._open = None


def _replay_one(policy: Policy, stream: Iterator[tuple[int, int, Verdict]], told: _Telling) -> None:
    state, still = State(), None
    for slot_us, _, verdict in stream:
        if verdict is still:  # the same verdict has just changed nothing, and will not now: most of a month
            continue
        slot, before = moment(slot_us), state
        state, transition = evaluate(policy, before, verdict, slot)
        still = verdict if state is before else None
        if transition is not None:
            told.change(transition.after, transition.began, slot)


def _replay_several(
    policy: Policy,
    quorum: int,
    numbers: Sequence[int],
    streams: Sequence[Iterator[tuple[int, int, Verdict]]],
    told: _Telling,
) -> None:
    """As the recorder does: an outage is dated to the moment from which on enough locations saw it."""
    states = dict.fromkeys(numbers, State())
    together = Status.PENDING
    for slot_us, location, verdict in merge(*streams):
        slot = moment(slot_us)
        states[location], transition = evaluate(policy, states[location], verdict, slot)
        if transition is None:
            continue
        after = combine([state.status for state in states.values()], quorum)
        if after is not together:
            failing = sorted(
                state.first_failed
                for state in states.values()
                if state.status is Status.DOWN and state.first_failed
            )
            began = failing[min(quorum, len(failing)) - 1] if after is Status.DOWN and failing else slot
            told.change(after, began, slot)
            together = after


def moment(microseconds: int) -> datetime:
    """Of the epoch, in UTC."""
    return EPOCH + timedelta(microseconds=microseconds)
