"""Percentiles and counts over any range are those of the results, whatever of them is packed and rolled up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from monitors.models import Monitor
from monitors.results import histograms
from monitors.results.latency import Answers, read_parts, together
from monitors.results.packing import pack_closed
from monitors.results.rollups import roll_days
from pulse.scoping import in_tenant
from tests.monitors.making import make, result

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@given(
    st.lists(st.integers(2, 120_000_000), min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 0.99, 1.0])
)
def test_a_percentile_is_within_one_per_cent(latencies: list[int], share: float) -> None:
    halves = histograms.histogram(latencies[::2]), histograms.histogram(latencies[1::2])

    found = histograms.percentile(histograms.add(halves), share)

    exact = sorted(latencies)[max(0, -int(-share * len(latencies) // 1) - 1)]
    assert found == pytest.approx(exact, rel=0.0101)


def test_counts_beyond_sixteen_bits_are_kept() -> None:
    counts = histograms.add([histograms.histogram([7] * 3)] * 30_000)

    assert histograms.add([histograms.flat(counts)]) == counts
    assert max(histograms.flat(counts)) <= 32_767


def test_an_empty_histogram_has_no_percentile() -> None:
    assert histograms.percentile(histograms.add([]), 0.5) is None


@pytest.fixture
def today() -> datetime:
    """A midnight whose day before is over for long enough, at whatever time this runs."""
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) - DAY


@pytest.fixture
def filled(acme: Any, today: datetime) -> Monitor:
    """A result every two hours of three days and a bit; each seventh failed."""
    monitor = make(acme)
    for place in range(37):
        slot = today - 3 * DAY + 2 * HOUR * place + timedelta(minutes=5)
        result(acme, monitor, slot, total_us=10_000 * (place + 1), ok=place % 7 != 3)
    return monitor


def read(organisation: Any, monitor: Monitor, start: datetime, end: datetime, width: timedelta) -> list[Any]:
    with in_tenant(organisation):
        return [(part.start, part.answers) for part in read_parts(monitor.no, start, end, width)]


@pytest.mark.parametrize("width", [HOUR, 6 * HOUR, DAY, 2 * DAY])
def test_the_same_is_told_before_and_after(
    width: timedelta, acme: Any, filled: Monitor, today: datetime
) -> None:
    start, end = today - 3 * DAY, today + DAY
    fresh = read(acme, filled, start, end, width)
    assert fresh

    pack_closed(before=today - 2 * DAY)
    assert read(acme, filled, start, end, width) == fresh
    pack_closed(before=today)
    assert read(acme, filled, start, end, width) == fresh
    assert roll_days() == 3
    assert read(acme, filled, start, end, width) == fresh


def test_a_late_result_is_counted_at_once_and_rolled_up_again(
    acme: Any, filled: Monitor, today: datetime
) -> None:
    pack_closed(before=today)
    roll_days()
    start, end = today - 3 * DAY, today
    before = sum_of(read(acme, filled, start, end, DAY))

    result(acme, filled, today - 2 * DAY + timedelta(seconds=77), total_us=5)

    assert sum_of(read(acme, filled, start, end, DAY)) == before + 1
    assert pack_closed(before=today) == 1
    assert sum_of(read(acme, filled, start, end, DAY)) == before + 1
    assert roll_days() == 1
    assert sum_of(read(acme, filled, start, end, DAY)) == before + 1


def sum_of(parts: list[Any]) -> int:
    return sum(answers.ok for _, answers in parts)


def test_a_range_as_a_whole_is_the_sum_of_its_parts(acme: Any, filled: Monitor, today: datetime) -> None:
    pack_closed(before=today - DAY)
    with in_tenant(acme):
        parts = read_parts(filled.no, today - 3 * DAY, today, DAY)
        found = together(parts)

    assert (found.ok, found.failed, found.unknown) == (31, 5, 0)
    assert found.percentile(1.0) == pytest.approx(360, rel=0.0101)
    assert found.mean is not None
    assert Answers().mean is None


def test_answers_of_others_are_not_told(acme: Any, globex: Any, filled: Monitor, today: datetime) -> None:
    pack_closed(before=today)

    assert read(globex, filled, today - 3 * DAY, today, DAY) == []
