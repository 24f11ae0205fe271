"""Keep one noisy sender from crowding out the others: so many pings a second, and some more at once."""

from __future__ import annotations

from collections.abc import Hashable

FORGOTTEN_FROM = 20_000


class Allowances:
    """A token bucket for each source. Times are seconds of the monotonic clock, given by the caller."""

    def __init__(self, per_second: float, at_once: float) -> None:
        self.per_second = per_second
        self.at_once = at_once
        self._left: dict[Hashable, tuple[float, float]] = {}

    def take(self, source: Hashable, now: float) -> bool:
        """Whether the source may have one more now."""
        left, before = self._left.get(source, (self.at_once, now))
        left = min(self.at_once, left + (now - before) * self.per_second)
        allowed = left >= 1
        self._left[source] = (left - 1 if allowed else left, now)
        if len(self._left) > FORGOTTEN_FROM:
            self._forget(now)
        return allowed

    def _forget(self, now: float) -> None:
        """Who has been quiet for so long that its bucket is full again is as one never seen.

        When all of them are busy, all begin anew: that bounds the memory, and costs one burst each.
        """
        full_after = self.at_once / self.per_second
        self._left = {source: held for source, held in self._left.items() if now - held[1] < full_after}
        if len(self._left) > FORGOTTEN_FROM:
            self._left.clear()
