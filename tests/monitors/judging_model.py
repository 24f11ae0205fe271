"""What the policy means, written a second time: over lists of all results, without the bits and counters of Pulse."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from monitors.evaluation import Verdict
from monitors.policy import Policy
from monitors.statuses import Status

GOOD, SOFT, BAD, UNKNOWN = Verdict.GOOD, Verdict.SOFT, Verdict.BAD, Verdict.UNKNOWN
Seen = tuple[Verdict, datetime]


@dataclass
class Model:
    policy: Policy
    status: Status = Status.PENDING
    outage: datetime | None = None  # since when it has been down, even where it is unknown by now
    everything: list[Seen] = field(default_factory=list)
    since_change: list[Seen] = field(default_factory=list)
    since_reset: list[Seen] = field(default_factory=list)  # what a window and soft results may look back to

    def see(self, verdict: Verdict, slot: datetime) -> tuple[Status, datetime] | None:
        """The new status and what it is dated to, if the result changed it."""
        for seen in (self.everything, self.since_change, self.since_reset):
            seen.append((verdict, slot))
        change = self._change(verdict, slot)
        if change is None:
            return None
        after, began = change
        if after in (Status.DOWN, Status.FLAPPING):
            self.outage = began
        elif after is not Status.UNKNOWN or self.outage is None:
            self.outage = None
        if after in (Status.DOWN, Status.FLAPPING, Status.UNKNOWN) or self.status is Status.FLAPPING:
            self.since_reset = []
        elif self.status is Status.DOWN or (self.status is Status.UNKNOWN and self._was_down):
            soft = trailing(self.since_reset, (SOFT,))
            self.since_reset = soft if after is Status.UP else []
        self._was_down = after is Status.UNKNOWN and self.outage is not None
        self.status, self.since_change = after, []
        return after, began

    _was_down: bool = False

    def _change(self, verdict: Verdict, slot: datetime) -> tuple[Status, datetime] | None:
        if verdict is UNKNOWN:
            silent = len(trailing(self.everything, (UNKNOWN,), passing=()))
            is_new = self.status is not Status.UNKNOWN and silent >= self.policy.down_after
            return (Status.UNKNOWN, slot) if is_new else None
        if self.status is Status.FLAPPING:
            return self._calmed(slot)
        change = self._usual(verdict, slot)
        if self.policy.flapping_above and self._share() >= self.policy.flapping_above:
            first = (
                self.outage
                or self._first_counted(verdict)
                or (change[1] if change and verdict is BAD else None)
            )
            return Status.FLAPPING, first or slot
        return change

    def _usual(self, verdict: Verdict, slot: datetime) -> tuple[Status, datetime] | None:
        if self.status is Status.DOWN or self._was_down:
            return self._in_outage(verdict, slot)
        if verdict is BAD:
            failures, policy = self._failures(), self.policy
            needed = max(1, ceil(policy.ratio * policy.window - 1e-9)) if policy.window else policy.down_after
            return (Status.DOWN, failures[0][1]) if len(failures) >= needed else None
        answered = None if self.status in (Status.UP, Status.DEGRADED) else (Status.UP, slot)
        if verdict is SOFT and self.status is not Status.DEGRADED:
            soft = trailing(self.since_reset, (SOFT,))
            if len(soft) >= self.policy.degraded_after:
                return Status.DEGRADED, soft[0][1] if self.status is Status.UP else slot
        if verdict is GOOD and self.status is Status.DEGRADED:
            good = trailing(self.since_change, (GOOD,), passing=())
            if len(good) >= (self.policy.degraded_up_after or self.policy.up_after):
                return Status.UP, slot
        return answered

    def _in_outage(self, verdict: Verdict, slot: datetime) -> tuple[Status, datetime] | None:
        if verdict is BAD:
            return (Status.DOWN, slot) if self._was_down else None
        answers = trailing(self.since_change, (GOOD, SOFT), passing=())
        quiet = (slot - answers[0][1]).total_seconds() >= self.policy.quiet_seconds
        if len(answers) < self.policy.up_after or not quiet:
            return None
        soft = trailing(self.since_reset, (SOFT,))
        return (Status.DEGRADED if len(soft) >= self.policy.degraded_after else Status.UP), slot

    def _failures(self) -> list[Seen]:
        """Those that count by now: in a row, or within the window."""
        if self.policy.window:
            known = [seen for seen in self.since_reset if seen[0] is not UNKNOWN]
            return [seen for seen in known[-self.policy.window :] if seen[0] is BAD]
        return trailing(self.since_change, (BAD,))

    def _first_counted(self, verdict: Verdict) -> datetime | None:
        """The first failure that was being counted when the newest result came, or that it is itself."""
        if verdict is BAD or self.policy.window:
            failures = self._failures()
        else:
            failures = trailing(self.since_change[:-1], (BAD,))
        return failures[0][1] if failures else None

    def _calmed(self, slot: datetime) -> tuple[Status, datetime] | None:
        if self._share() > self.policy.flapping_below:
            return None
        began = self._flapping_results()
        failed, answered = trailing(began, (BAD,)), trailing(began, (GOOD, SOFT), passing=())
        if len(failed) >= self.policy.down_after:
            return Status.DOWN, failed[0][1]
        if len(answered) < self.policy.up_after:
            return None
        soft = len(trailing(began, (SOFT,)))
        return (Status.DEGRADED if soft >= self.policy.degraded_after else Status.UP), slot

    def _flapping_results(self) -> list[Seen]:
        """From the result on that made it flapping, that one included."""
        return self.everything[-(len(self.since_change) + 1) :]

    def _share(self) -> float:
        known = [seen[0] is BAD for seen in self.everything if seen[0] is not UNKNOWN][-21:][::-1]
        weights = [1.2 - 0.4 * place / 19 for place in range(20)]
        pairs = zip(known, known[1:], weights, strict=False)
        return round(sum(weight for newer, older, weight in pairs if newer != older) / 20, 6)


def trailing(
    seen: list[Seen], wanted: tuple[Verdict, ...], passing: tuple[Verdict, ...] = (UNKNOWN,)
) -> list[Seen]:
    """The results at the end that are all wanted, oldest first; those in `passing` are looked through."""
    found: list[Seen] = []
    for one in reversed(seen):
        if one[0] in wanted:
            found.append(one)
        elif one[0] not in passing:
            break
    return found[::-1]
