"""The rule by which results become a status: one typed value that form, API, workers and back-tests share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import ceil
from typing import Any

from pulse.fields import FieldError, integer, optional, share

LONGEST_WINDOW = 30
# What flapping is measured over: this many results, and one change less between them.
HISTORY = 21


@dataclass(frozen=True, slots=True)
class Policy:
    """When results confirm a change. All counts are of results, at least 1.

    Down: `down_after` failures in a row; with a `window` (2 to 30 results, 0 for none) instead once the share
    `ratio` (over 0 to 1) of the last `window` results failed. Up again: `up_after` answers in a row, and with
    `quiet_seconds` no failure for that long either. Degraded: `degraded_after` soft results in a row, a result
    over `slow_ms` being one; no longer after `degraded_up_after` good ones (None: as `up_after`). Flapping: in
    when the weighted share of changes among the last 20 is at least `flapping_above` (0: never), out when it is
    at most `flapping_below`.
    """

    down_after: int = 3
    up_after: int = 2
    degraded_after: int = 3
    window: int = 0
    ratio: float = 0.6
    quiet_seconds: int = 0
    degraded_up_after: int | None = None
    slow_ms: int | None = None
    flapping_above: float = 0.4
    flapping_below: float = 0.2

    @property
    def failures_needed(self) -> int:
        """How many failures confirm that it is down: in a row, or among the window."""
        return max(1, ceil(self.ratio * self.window - 1e-9)) if self.window else self.down_after

    @property
    def good_needed(self) -> int:
        """How many good results in a row end degraded."""
        return self.degraded_up_after or self.up_after


POLICY_FIELDS = tuple(field.name for field in fields(Policy))
_results = integer(1, 20, "results")


def _window(value: Any) -> object:
    if value == 1 and not isinstance(value, bool):
        raise FieldError(f"Use 0 for none, or 2 to {LONGEST_WINDOW} results.")
    return integer(0, LONGEST_WINDOW, "results")(value)


POLICY_READERS = {
    "down_after": _results,
    "up_after": _results,
    "degraded_after": _results,
    "window": _window,
    "ratio": share(0.01, 1),
    "quiet_seconds": integer(0, 86_400, "seconds"),
    "degraded_up_after": optional(_results),
    "slow_ms": optional(integer(1, 120_000, "milliseconds")),
    "flapping_above": share(0, 1),
    "flapping_below": share(0, 1),
}


def contradictions(policy: Policy, timeout_seconds: int | None) -> list[tuple[str, str]]:
    """(field, what to write instead) where parts of a policy exclude each other.

    `timeout_seconds` is None for a kind that measures no duration.
    """
    found = []
    if policy.flapping_above and policy.flapping_below >= policy.flapping_above:
        words = (
            f"Use less than flapping_above ({policy.flapping_above:g}): else it would begin and end at once."
        )
        found.append(("flapping_below", words))
    if policy.slow_ms is not None and timeout_seconds is None:
        found.append(("slow_ms", "Remove it: no duration is measured here."))
    elif policy.slow_ms is not None and timeout_seconds and policy.slow_ms >= timeout_seconds * 1000:
        words = (
            f"Use less than the timeout of {timeout_seconds * 1000} ms: what takes longer has failed already."
        )
        found.append(("slow_ms", words))
    return found


def policy_of(kind: str, stored: Mapping[str, Any]) -> Policy:
    """The policy in a compiled spec. One compiled before a part was known has what such a kind begins with."""
    return Policy(**{**STARTING.get(kind, {}), **stored})


# Where a kind begins with something else than a probe does. Who reports in by himself is believed at once, and
# what a job says once a day is no flapping.
_BELIEVED = {"down_after": 1, "up_after": 1, "degraded_after": 1, "flapping_above": 0.0}
STARTING: dict[str, Mapping[str, Any]] = {"heartbeat": _BELIEVED, "host": _BELIEVED}
