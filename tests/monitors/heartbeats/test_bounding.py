"""So many a second and some more at once, for each source by itself."""

from __future__ import annotations

from monitors.heartbeats import bounding
from monitors.heartbeats.bounding import Allowances


def test_a_burst_is_allowed_then_so_many_a_second() -> None:
    allowed = Allowances(per_second=2, at_once=5)
    assert [allowed.take("a", 0.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert [allowed.take("a", 1.0) for _ in range(3)] == [True, True, False]
    assert allowed.take("b", 1.0)


def test_sources_that_fell_silent_are_forgotten() -> None:
    allowed = Allowances(per_second=1, at_once=1)
    for number in range(bounding.FORGOTTEN_FROM + 2):
        allowed.take(number, number / 1000)
    assert len(allowed._left) <= bounding.FORGOTTEN_FROM + 1


def test_a_source_whose_clock_rests_stays_refused() -> None:
    allowed = Allowances(per_second=1, at_once=1)
    assert [allowed.take("a", 5.0) for _ in range(3)] == [True, False, False]
