"""How much work the assertions of one check may be: people write the patterns, anyone may send the body."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# A step is some 2 to 5 µs: one node of a path, one keyword of a schema at one place.
STEPS = 50_000


class TooMuchWork(Exception):
    """The steps are used up; the assertions that are left fail and say so."""


_left: ContextVar[list[int]] = ContextVar("left")


@contextmanager
def limited(steps: int = STEPS) -> Iterator[list[int]]:
    """Within it, `spend` raises TooMuchWork once `steps` are used up; the list holds how many are left."""
    left = [steps]
    token = _left.set(left)
    try:
        yield left
    finally:
        _left.reset(token)


def spend(steps: int = 1) -> None:
    left = _left.get()
    left[0] -= steps
    if left[0] < 0:
        raise TooMuchWork


def weight(value: object) -> int:
    """Steps that comparing or printing `value` may cost: a container is not looked into, so it counts as large."""
    if isinstance(value, str | bytes):
        return 1 + len(value) // 1000
    if isinstance(value, list | dict):
        return 1 + min(1000, len(value) * 20)
    return 1
