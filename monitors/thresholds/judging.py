"""Judge series by thresholds: what each comes to, which bound that is beyond, and the worst of all in words."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import fsum, isfinite

from monitors.series.model import Point
from monitors.thresholds.model import (
    Bound,
    Checked,
    Comparison,
    Function,
    Judgement,
    Key,
    Level,
    Threshold,
)
from monitors.thresholds.writing import bound, duration, rounded, series

MOST_CHECKED = 50  # kept as evidence; the worst of them
_LONGEST_LABELS = 60

_HOLDS: dict[Comparison, Callable[[float, float], bool]] = {
    Comparison.MORE: operator.gt,
    Comparison.AT_LEAST: operator.ge,
    Comparison.LESS: operator.lt,
    Comparison.AT_MOST: operator.le,
}
_WORDS = {
    Function.AVG: "{name} is {value} on average over {window}",
    Function.MAX: "{name} reached {value} within {window}",
    Function.MIN: "{name} fell to {value} within {window}",
    Function.LAST: "{name} is {value}",
    Function.ALL: "{name} was never {beneath} {value} within {window}",
    Function.ANY: "{name} was {value} within {window}",
    Function.RATE: "{name} grows by {value} per second over {window}",
}


def judge(
    thresholds: Sequence[Threshold],
    points_by_series: Mapping[Key, Sequence[Point]],
    now: datetime,
    units: Mapping[str, str] | None = None,
) -> Judgement:
    """Each threshold for each series that it selects; one that finds no values is unknown.

    Points are in order of time; those outside (now - window, now] and those that are no finite numbers do not
    count. `units` by name are for the sentence. Critical outweighs warning, that outweighs unknown, and that good.
    """
    checked = [row for threshold in thresholds for row in _each(threshold, points_by_series, now)]
    if not checked:
        return Judgement(Level.GOOD, "")
    checked.sort(key=lambda row: row.level, reverse=True)
    return Judgement(
        checked[0].level,
        sentence(checked[0], (units or {}).get(checked[0].key[0], "")),
        tuple(checked[:MOST_CHECKED]),
    )


def sentence(row: Checked, unit: str = "") -> str:
    """What one threshold found: "cpu.percent is 97 on average over 5m, critical is > 95"."""
    threshold = row.threshold
    name = _named(*row.key)
    if row.value is None:
        return f"{name}: {row.problem}"
    beneath = "below" if _comparison(threshold).is_upper else "above"
    words = _WORDS[threshold.function].format(
        name=name,
        value=f"{rounded(row.value)} {unit}".rstrip(),
        window=duration(threshold.window_s),
        beneath=beneath,
    )
    limit = {Level.CRITICAL: threshold.critical, Level.WARNING: threshold.warning}.get(row.level)
    return f"{words}; {row.level.name.lower()} is {bound(limit)}" if limit else words


def value_of(function: Function, points: Sequence[Point], comparison: Comparison) -> float | None:
    """What the values in the window come to, or None where they come to nothing.

    `all` is the value that is farthest from the bound and `any` the one that is farthest beyond it: every
    value is beyond a bound when the former is, some value is when the latter is.
    """
    if not points:
        return None
    values = [value for _, value in points]
    if function is Function.RATE:
        return _rate(points)
    if function is Function.AVG:
        return fsum(value / len(values) for value in values)
    if function is Function.LAST:
        return values[-1]
    if function in (Function.ALL, Function.ANY):
        highest = (function is Function.ANY) is comparison.is_upper
        return max(values) if highest else min(values)
    return max(values) if function is Function.MAX else min(values)


def _each(
    threshold: Threshold, points_by_series: Mapping[Key, Sequence[Point]], now: datetime
) -> list[Checked]:
    since = now - timedelta(seconds=threshold.window_s)
    rows = []
    for key, points in points_by_series.items():
        if threshold.selector.matches(key):
            inside = [point for point in points if since < point[0] <= now and isfinite(point[1])]
            rows.append(_one(threshold, key, inside))
    if rows:
        return rows
    selector = threshold.selector
    return [
        Checked(threshold, (selector.name, selector.labels), Level.UNKNOWN, None, "there is no such series")
    ]


def _one(threshold: Threshold, key: Key, points: Sequence[Point]) -> Checked:
    bounds = (threshold.critical, Level.CRITICAL), (threshold.warning, Level.WARNING)
    value = value_of(threshold.function, points, _comparison(threshold))
    if value is None or not isfinite(value):
        few = "too few values" if points else "no values"
        return Checked(threshold, key, Level.UNKNOWN, None, f"{few} within {duration(threshold.window_s)}")
    level = next((level for limit, level in bounds if limit and _holds(limit, value)), Level.GOOD)
    return Checked(threshold, key, level, value)


def _comparison(threshold: Threshold) -> Comparison:
    limit = threshold.critical or threshold.warning
    assert limit is not None  # reading sees to it
    return limit.comparison


def _holds(limit: Bound, value: float) -> bool:
    return _HOLDS[limit.comparison](value, limit.limit)


def _rate(points: Sequence[Point]) -> float | None:
    """Per second, between the first and the last value; one that falls began anew at 0 in between."""
    lasted = (points[-1][0] - points[0][0]).total_seconds()
    if lasted <= 0:
        return None
    values = [value for _, value in points]
    increase = fsum(after - before if after >= before else after for before, after in pairwise(values))
    return increase / lasted


def _named(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    found = series(name, labels)
    longest = len(name) + _LONGEST_LABELS
    return found if len(found) <= longest else f"{found[: longest - 1]}…"
