"""A monitor's state as columns of its row, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitors.evaluation import State
from monitors.remembering import packed, unpacked
from monitors.statuses import Status

STATUSES = {int(status): status for status in Status}
# In the order that `state_of` takes them.
COLUMNS = (
    "status", "failures", "successes", "first_failed_slot", "softs", "first_soft_slot", "calm_since", "memory",
)  # fmt: skip


def state_of(stored: Sequence[Any]) -> State:
    """From values in the order of `COLUMNS`, times as datetimes; `memory` is 0 in a new row."""
    status, failures, successes, first_failed, softs, first_soft, calm_since, memory = stored
    unknowns, flaps, window = unpacked(memory)
    return State(
        STATUSES[status],
        failures,
        successes,
        first_failed,
        softs,
        first_soft,
        unknowns,
        flaps,
        window,
        calm_since,
    )


def memory_of(state: State) -> int:
    """What is remembered of results, as one number."""
    return packed(state.unknowns, state.flaps, state.window)
