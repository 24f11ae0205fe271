"""The chart of a series: round scales, gaps left open, bounds in sight, values in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pulse.charts.series import Limit, SeriesChart, Value, draw
from pulse.charts.units import shown

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def chart(
    values: list[tuple[int, float]], unit: str = "", limits: tuple[Limit, ...] = (), **more: Any
) -> SeriesChart:
    given = [Value(START + MINUTE * place, value, value, value) for place, value in values]
    return draw(
        given, start=START, end=START + 10 * MINUTE, every=MINUTE, zone=UTC, unit=unit, limits=limits, **more
    )


def labels(found: SeriesChart) -> list[str]:
    return [tick.label for tick in found.y_ticks]


def test_values_are_one_line_at_the_middle_of_their_time() -> None:
    assert chart([(0, 0), (1, 50), (2, 100)]).line == "M50 200L150 100L250 0"


def test_a_gap_is_left_open() -> None:
    found = chart([(0, 1), (1, 1), (2, 1), (6, 1), (7, 1)])

    assert found.line.count("M") == 2


def test_a_slow_series_has_no_gaps_between_its_values() -> None:
    assert chart([(0, 1), (3, 1), (6, 1), (9, 1)]).line.count("M") == 1


def test_a_lone_value_is_a_dot() -> None:
    assert chart([(3, 1)]).line.endswith("h0")


def test_the_range_is_drawn_where_there_is_one() -> None:
    values = [Value(START + MINUTE * place, 5, 1, 9) for place in range(3)]
    found = draw(values, start=START, end=START + 10 * MINUTE, every=MINUTE, zone=UTC, unit="")

    assert found.band.endswith("Z")
    assert chart([(0, 1), (1, 2)]).band == ""


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ([0, 90], "%", ["100 %", "75 %", "50 %", "25 %", "0 %"]),
        ([0, 3 * 2**30], "bytes", ["3 GiB", "2 GiB", "1 GiB", "0 B"]),
        ([100, 101], "", ["102", "100"]),
        ([-5, 5], "°C", ["5 °C", "2.5 °C", "0 °C", "-2.5 °C", "-5 °C"]),
        ([0, 0], "", ["1e-09", "0"]),
    ],
)
def test_scales_are_round(values: list[float], unit: str, expected: list[str]) -> None:
    found = labels(chart(list(enumerate(values)), unit))

    assert found[-1] == expected[-1]
    assert len(found) <= 8
    if values not in ([0, 0], [100, 101]):
        assert found == expected


def test_a_bound_near_the_values_is_in_sight_and_a_far_one_is_told() -> None:
    found = chart([(0, 50), (1, 60)], "%", (Limit(80, "warning"), Limit(5000, "critical")))

    assert found.limits[0].y != ""
    assert found.limits[1].y == ""
    assert [limit.label for limit in found.limits] == ["warning 80 %", "critical 5,000 %"]


def test_no_values_are_said() -> None:
    found = chart([])

    assert (found.line, found.rows, found.summary) == ("", (), "No values in this time.")


def test_each_value_is_in_the_table_in_words() -> None:
    found = chart([(0, 1536.0)], "bytes/s")

    assert found.rows[0].says == "20 Nov 12:00:00 · 1.5 KiB/s"
    assert found.summary == "Last 1.5 KiB/s, from 1.5 KiB/s to 1.5 KiB/s."


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0, "", "0"), (12.5, "%", "12.5 %"), (99.999, "%", "100 %"), (1024, "bytes", "1 KiB"),
        (1.5 * 2**40, "bytes", "1.5 TiB"), (-2048, "bytes", "-2 KiB"), (0.34, "s", "340 ms"), (0, "s", "0 s"),
        (12.3456, "s", "12.35 s"), (90, "s", "1 min 30 s"), (7200, "s", "2 h"), (183_600, "s", "2 d 3 h"),
        (2_500_000, "requests", "2.5 Mrequests"), (42, "jobs", "42 jobs"), (12_345, "/s", "12.35 k/s"),
        (0.00042, "", "0.00042"), (float("nan"), "", "—"), (float("inf"), "%", "—"), (1234, "", "1,234"),
    ],
)  # fmt: skip
def test_values_are_shown_with_their_units(value: float, unit: str, words: str) -> None:
    assert shown(value, unit) == words
