"""Leave a destination that does not answer alone for a while, so that its messages wait instead of failing. Pure.

A circuit breaker as Nygard describes it ("Release It!"): closed, open, and half open for one trial.
"""

from __future__ import annotations

from dataclasses import dataclass

FAILURES_TO_OPEN = 5
REST_S = 15.0
REST_AT_MOST_S = 300.0


@dataclass(frozen=True, slots=True)
class Circuit:
    """`failures` in a row; `open_until` on a monotonic clock, 0 while it is closed."""

    failures: int = 0
    open_until: float = 0.0

    def refuses(self, now: float) -> bool:
        return now < self.open_until

    def after(self, *, works: bool, now: float) -> Circuit:
        """After one send. Each further failure of a trial doubles the rest."""
        if works:
            return Circuit()
        failures = self.failures + 1
        if failures < FAILURES_TO_OPEN:
            return Circuit(failures)
        rest = min(REST_S * 2 ** (failures - FAILURES_TO_OPEN), REST_AT_MOST_S)
        return Circuit(failures, now + rest)

    def room(self, usual: int) -> int:
        """How many sends at once: one while nobody knows whether it works again."""
        return usual if self.failures < FAILURES_TO_OPEN else 1
