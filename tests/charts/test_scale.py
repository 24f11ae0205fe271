"""Ticks are round, few, and cover what they must."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pulse.charts.scale import number, ticks, time_ticks

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (-0.001, "0"), (1.5, "1.5"), (2.0, "2"), (0.333333, "0.33"), (1234567.0, "1234567")],
)
def test_numbers_are_written_with_a_point_and_no_idle_zeros(value: float, written: str) -> None:
    assert number(value) == written


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (0, (0, 1)),
        (79, (0, 20, 40, 60, 80)),
        (100, (0, 20, 40, 60, 80, 100)),
        (218, (0, 50, 100, 150, 200, 250)),
        (10_000, (0, 2000, 4000, 6000, 8000, 10_000)),
        (0.4, (0, 0.1, 0.2, 0.3, 0.4)),
    ],
)
def test_ticks_are_round_and_cover_the_top(top: float, expected: tuple[float, ...]) -> None:
    assert ticks(top) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("length", "first", "count"),
    [
        (timedelta(hours=1), "00:10", 6),
        (timedelta(hours=6), "01:00", 6),
        (timedelta(hours=24), "04:00", 6),
        (timedelta(days=7), "21 Nov", 7),
        (timedelta(days=30), "27 Nov", 4),
        (timedelta(days=365), "19 Jan", 6),
    ],
)
def test_time_ticks_fall_on_round_local_times(length: timedelta, first: str, count: int) -> None:
    start = MIDNIGHT + timedelta(seconds=1)

    found = time_ticks(start, start + length, ZoneInfo("UTC"))

    assert found[0][1] == first
    assert len(found) == count


def test_hours_keep_their_names_on_the_day_the_clock_changes() -> None:
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in Berlin, where this day has 25 hours

    labels = [label for _, label in time_ticks(start, start + timedelta(hours=25), ZoneInfo("Europe/Berlin"))]

    assert labels == ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]


def test_an_axis_without_length_has_no_ticks() -> None:
    assert time_ticks(MIDNIGHT, MIDNIGHT, ZoneInfo("UTC")) == ()
