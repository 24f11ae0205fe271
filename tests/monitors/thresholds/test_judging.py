"""What thresholds say of series: against a naive model, and in tables."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitors.series.model import Point
from monitors.thresholds.judging import judge
from monitors.thresholds.model import Key, Level
from monitors.thresholds.reading import load

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CPU: Key = ("cpu", ())


def points(*values: float, every_s: float = 60) -> list[Point]:
    """The last one is now."""
    return [
        (NOW - timedelta(seconds=every_s * (len(values) - 1 - place)), value)
        for place, value in enumerate(values)
    ]


def level(line: str, *values: float, every_s: float = 60) -> Level:
    return judge(load([line]), {CPU: points(*values, every_s=every_s)}, NOW).level


@pytest.mark.parametrize(
    ("line", "values", "expected"),
    [
        ("avg(cpu, 5m) > 80 warn, > 95 crit", (70, 80, 90), Level.GOOD),
        ("avg(cpu, 5m) > 80 warn, > 95 crit", (70, 80, 91), Level.WARNING),
        ("avg(cpu, 5m) > 80 warn, > 95 crit", (95, 96, 97), Level.CRITICAL),
        ("avg(cpu, 5m) >= 80 warn", (80, 80), Level.WARNING),
        ("avg(cpu, 2m) > 80 crit", (1000, 1, 1), Level.GOOD),  # the first is no longer in the window
        ("max(cpu, 5m) > 80 crit", (1, 81, 1), Level.CRITICAL),
        ("min(cpu, 5m) < 10 crit", (50, 9, 50), Level.CRITICAL),
        ("last(cpu, 5m) > 80 crit", (99, 99, 1), Level.GOOD),
        ("all(cpu, 5m) > 80 crit", (81, 80, 82), Level.GOOD),
        ("all(cpu, 5m) > 80 crit", (81, 81, 82), Level.CRITICAL),
        ("all(cpu, 5m) < 80 crit", (79, 1, 2), Level.CRITICAL),
        ("any(cpu, 5m) > 80 crit", (1, 81, 1), Level.CRITICAL),
        ("any(cpu, 5m) < 80 crit", (90, 79, 90), Level.CRITICAL),
        ("rate(cpu, 5m) > 1 crit", (0, 60, 120), Level.GOOD),
        ("rate(cpu, 5m) > 1 crit", (0, 60, 121), Level.CRITICAL),
        ("rate(cpu, 5m) > 1 crit", (1e9, 10, 20), Level.GOOD),  # began anew
        ("rate(cpu, 5m) < 0.1 crit", (5, 5, 5), Level.CRITICAL),
        ("rate(cpu, 5m) < 0.1 crit", (5,), Level.UNKNOWN),
        ("avg(cpu, 5m) > 80 crit", (), Level.UNKNOWN),
        ("avg(cpu, 5m) > 80 crit", (float("nan"), float("inf")), Level.UNKNOWN),
        ("last(cpu, 5m) > 80 crit", (90, float("nan")), Level.CRITICAL),
        ("avg(cpu, 5m) > 80 crit", (1.7e308, 1.7e308), Level.CRITICAL),
        ("rate(cpu, 5m) > 80 crit", (-1.7e308, 1.7e308), Level.UNKNOWN),
    ],
)  # fmt: skip
def test_values_are_held_against_the_bounds(line: str, values: Sequence[float], expected: Level) -> None:
    assert level(line, *values) is expected


def test_the_worst_series_decides_and_is_named() -> None:
    series: dict[Key, Sequence[Point]] = {
        ("disk", (("mount", "/"),)): points(50),
        ("disk", (("mount", "/data"),)): points(97.25),
    }
    found = judge(load(["last(disk) > 80 warn, > 95 crit"]), series, NOW)
    assert found.level is Level.CRITICAL
    assert found.sentence == 'disk{mount="/data"} is 97.25; critical is > 95'
    assert [row.level for row in found.checked] == [Level.CRITICAL, Level.GOOD]
    assert judge(load(['last(disk{mount="/"}) > 80 crit']), series, NOW).level is Level.GOOD


def test_a_critical_value_outweighs_one_that_is_missing_and_that_outweighs_a_good_one() -> None:
    series: dict[Key, Sequence[Point]] = {CPU: points(90)}
    missing, good = "last(memory) > 1 crit", "last(cpu) > 95 crit"
    assert judge(load([missing, good]), series, NOW).level is Level.UNKNOWN
    assert judge(load([missing, "last(cpu) > 80 crit"]), series, NOW).level is Level.CRITICAL
    assert judge(load([missing, "last(cpu) > 80 warn"]), series, NOW).level is Level.WARNING
    assert judge(load([missing, good]), series, NOW).sentence == "memory: there is no such series"
    assert judge([], series, NOW).level is Level.GOOD


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("avg(cpu, 5m) > 80 warn", "cpu is 90 on average over 5m; warning is > 80"),
        ("all(cpu, 5m) > 80 crit", "cpu was never below 85 within 5m; critical is > 80"),
        ("all(cpu, 5m) < 99 crit", "cpu was never above 95 within 5m; critical is < 99"),
        ("max(cpu, 5m) > 99 crit", "cpu reached 95 within 5m"),
        ("rate(cpu, 90s) > 0.1 crit", "cpu grows by 0.08333 per second over 1m30s"),
    ],
)
def test_the_sentence_says_what_was_found(line: str, words: str) -> None:
    assert judge(load([line]), {CPU: points(85, 90, 95)}, NOW).sentence == words


def test_evidence_holds_the_resolved_values_and_stays_small() -> None:
    series: dict[Key, Sequence[Point]] = {
        ("cpu", (("core", str(number)),)): points(number) for number in range(500)
    }
    found = judge(load(["last(cpu) > 400 warn, > 490 crit"]), series, NOW)
    assert len(found.checked) == 50
    assert found.checked[0].as_json() == {
        "assertion": "last(cpu, 5m) > 400 warn, > 490 crit",
        "series": 'cpu{core="491"}',
        "level": "critical",
        "ok": False,
        "soft": False,
        "value": 491,
        "problem": "",
    }


values = st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")) | st.just(float("inf")), max_size=12)
FUNCTIONS = ("avg", "max", "min", "last", "all", "any", "rate")


@given(values, st.sampled_from(FUNCTIONS), st.sampled_from((">", ">=", "<", "<=")), st.integers(-1000, 1000))
def test_every_function_is_what_a_naive_reading_of_it_says(
    given_values: list[float], function: str, comparison: str, limit: int
) -> None:
    found = level(f"{function}(cpu, 5m) {comparison} {limit} crit", *given_values, every_s=30)
    expected = _naive(function, comparison, limit, points(*given_values, every_s=30))
    assert found is {None: Level.UNKNOWN, True: Level.CRITICAL, False: Level.GOOD}[expected]


def _naive(function: str, comparison: str, limit: float, given_points: Sequence[Point]) -> bool | None:
    """Judged value by value, as the words say; None where there is nothing to judge."""
    inside = [
        (at, value) for at, value in given_points if (NOW - at).total_seconds() < 300 and isfinite(value)
    ]
    numbers = [value for _, value in inside]

    def beyond(value: float) -> bool:
        return {">": value > limit, ">=": value >= limit, "<": value < limit, "<=": value <= limit}[
            comparison
        ]

    if not numbers or (function == "rate" and len(numbers) < 2):
        return None
    if function in ("all", "any"):
        held = [beyond(value) for value in numbers]
        return all(held) if function == "all" else any(held)
    if function == "rate":
        total = 0.0
        for place in range(1, len(numbers)):
            step = numbers[place] - numbers[place - 1]
            total += numbers[place] if step < 0 else step
        return _clear(total / (inside[-1][0] - inside[0][0]).total_seconds(), limit, beyond)
    if function == "avg":
        return _clear(sum(numbers) / len(numbers), limit, beyond)
    return beyond({"max": max(numbers), "min": min(numbers), "last": numbers[-1]}[function])


def _clear(value: float, limit: float, beyond: object) -> bool:
    assume(abs(value - limit) > 1e-6)  # sums in another order may differ there
    assert callable(beyond)
    return bool(beyond(value))
