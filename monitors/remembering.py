"""Remember the last results as bits of one number: what flapping and the share of failures are judged by. Pure.

A memory begins with a one bit that marks its length; after it come the results, the newest in the lowest bit,
1 for a failure. Results that say nothing are not remembered.
"""

from __future__ import annotations

from functools import lru_cache

from monitors.policy import HISTORY, LONGEST_WINDOW

EMPTY = 1
CALM = 1 << HISTORY  # as many results as are remembered, none of them a failure
# The newest change counts half as much again as the oldest, as in Nagios and Icinga; together they are 1.
_CHANGES = HISTORY - 1
_WEIGHTS = [(1.2 - 0.4 * place / (_CHANGES - 1)) / _CHANGES for place in range(_CHANGES)]


def pushed(memory: int, is_bad: bool, length: int = HISTORY) -> int:
    """With one result more; the oldest are forgotten once there are more than `length`."""
    longer = memory << 1 | is_bad
    return longer if longer < 2 << length else longer & (1 << length) - 1 | 1 << length


def bad_among(memory: int) -> int:
    """How many of the remembered results failed."""
    return memory.bit_count() - 1


def oldest_bad(memory: int) -> int | None:
    """How many results came after the oldest failure that is remembered; None without a failure."""
    results = memory ^ 1 << memory.bit_length() - 1
    return results.bit_length() - 1 if results else None


@lru_cache(1 << 14)  # of some millions that there could be
def change_share(memory: int) -> float:
    """The weighted share, 0 to 1, of changes among the last 20 that were possible."""
    changes = memory ^ memory >> 1
    share = sum(_WEIGHTS[place] for place in range(memory.bit_length() - 2) if changes >> place & 1)
    return round(share, 6)  # a mark of 0.4 is reached by what adds up to 0.4


def packed(unknowns: int, flaps: int, window: int) -> int:
    """All that is remembered as one number of 63 bits, for its column."""
    return unknowns << 54 | flaps << 32 | window


def unpacked(number: int) -> tuple[int, int, int]:
    """(unknowns, flaps, window). 0 is what a row begins with: nothing remembered."""
    return number >> 54, number >> 32 & 0x3FFFFF or EMPTY, number & 0xFFFFFFFF or EMPTY


assert HISTORY < 22
assert LONGEST_WINDOW < 32
