"""Buckets are few, equal, complete, and honest about silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pulse.charts.downsampling import MAX_BUCKETS, Sample, bucket_width, downsample

START = datetime(2026, 11, 20, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("length", "interval", "width"),
    [
        (timedelta(hours=1), 30 * SECOND, 30 * SECOND),
        (timedelta(hours=6), 30 * SECOND, 120 * SECOND),
        (timedelta(days=1), 30 * SECOND, 450 * SECOND),
        (timedelta(days=1), timedelta(days=1), timedelta(days=1)),
        (timedelta(days=30), 5 * SECOND, 12_960 * SECOND),
    ],
)
def test_a_bucket_is_a_whole_number_of_intervals(
    length: timedelta, interval: timedelta, width: timedelta
) -> None:
    assert bucket_width(length, interval) == width
    assert length / width <= MAX_BUCKETS


def test_phases_of_a_bucket_are_means_and_the_slowest_is_kept() -> None:
    samples = [
        Sample(START, wait=100),
        Sample(START + SECOND, wait=300),
        Sample(START + 2 * SECOND, ok=False),
    ]

    (bucket,) = downsample(samples, START, START + 4 * SECOND, 4 * SECOND)

    assert bucket.phases == (0, 0, 0, 200, 0)
    assert (bucket.slowest, bucket.answered, bucket.failed) == (300, 2, 1)


def test_silence_is_not_a_failure() -> None:
    silent, failed = downsample([Sample(START + SECOND, ok=False)], START, START + 2 * SECOND, SECOND)

    assert (silent.measured, failed.measured) == (False, True)
    assert silent.phases is failed.phases is None


def test_a_clock_that_ran_backwards_counts_as_no_time() -> None:
    (bucket,) = downsample([Sample(START, dns=-5, wait=10)], START, START + SECOND, SECOND)

    assert bucket.total == 10


@pytest.mark.parametrize(("end", "interval"), [(START, SECOND), (START + SECOND, timedelta())])
def test_a_chart_needs_time_and_an_interval(end: datetime, interval: timedelta) -> None:
    with pytest.raises(ValueError, match="interval above zero"):
        downsample([], START, end, interval)


@given(
    offsets=some.lists(some.floats(-100, 4000), max_size=60),
    length=some.integers(1, 4000),
    interval=some.integers(1, 700),
)
def test_every_sample_inside_is_counted_once_in_any_order(
    offsets: list[float], length: int, interval: int
) -> None:
    samples = [Sample(START + SECOND * offset, wait=1) for offset in offsets]
    end = START + SECOND * length

    buckets = downsample(samples, START, end, SECOND * interval)

    assert sum(bucket.answered for bucket in buckets) == sum(START <= sample.at < end for sample in samples)
    assert (buckets[0].start, buckets[-1].end) == (START, end)
    assert all(one.end == next_one.start for one, next_one in pairwise(buckets))
    assert len(buckets) <= MAX_BUCKETS
