"""From series to a verdict: put values on one grid, derive others, hold them against the thresholds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitors.probes.metrics_queries import Derived
from monitors.probes.metrics_settings import MetricsConfig
from monitors.probes.outcome import ErrorClass
from monitors.probes.sources.shape import POINTS_AT_MOST, SERIES_AT_MOST, Series, SourceError, Window
from monitors.series.model import Labels, Point, Points
from monitors.thresholds.judging import judge
from monitors.thresholds.model import Judgement, Key, Level
from monitors.thresholds.writing import rounded, series

Grid = dict[int, float]  # by the second that a step begins with


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll came to: every series (queries and derived), units by name, and the verdict."""

    points: Mapping[Key, Sequence[Point]]
    units: Mapping[str, str]
    judgement: Judgement

    def samples(self, after: datetime | None) -> tuple[Points, ...]:
        """What there is to store: the values that are newer than `after`."""
        found = []
        for (name, labels), points in self.points.items():
            newer = [point for point in points if after is None or point[0] > after]
            if newer:
                found.append(Points(name, newer, labels, self.units.get(name, "")))
        return tuple(found)

    @property
    def newest(self) -> list[tuple[str, float, str]]:
        """(series, value, unit) of each newest value."""
        return [
            (series(*key), points[-1][1], self.units.get(key[0], ""))
            for key, points in self.points.items()
            if points
        ]


def work_out(config: MetricsConfig, found: Sequence[Series], window: Window) -> Polled:
    """Raises SourceError where the answers are more than a monitor can hold."""
    _check_size(found)
    grids = {(one.name, one.labels): _on_grid(one, window) for one in found}
    for one in config.derived:
        grids |= derived(one, grids)
    points: dict[Key, Sequence[Point]] = {key: _points(grid) for key, grid in grids.items()}
    units = {query.name: query.unit for query in config.queries}
    units |= {one.name: one.unit for one in config.derived}
    now = datetime.fromtimestamp(window.end, UTC)
    return Polled(points, units, judge(config.thresholds, points, now, units))


def derived(one: Derived, grids: Mapping[Key, Grid]) -> dict[Key, Grid]:
    """The series of an expression: one for each set of labels that its operands have in common.

    A series without labels goes with all others.
    """
    names = one.expression.names
    by_name: dict[str, dict[Labels, Grid]] = {name: {} for name in names}
    for (name, labels), grid in grids.items():
        if name in by_name:
            by_name[name][labels] = grid
    wanted = {labels for each in by_name.values() for labels in each if labels} or {()}
    found: dict[Key, Grid] = {}
    for labels in sorted(wanted):
        operands = {name: each.get(labels, each.get((), {})) for name, each in by_name.items()}
        grid = _evaluated(one, operands)
        if grid:
            found[one.name, labels] = grid
    return found


def _evaluated(one: Derived, operands: Mapping[str, Grid]) -> Grid:
    if not operands:
        return {}
    times = set.intersection(*(set(grid) for grid in operands.values()))
    values = {
        at: one.expression.value({name: grid[at] for name, grid in operands.items()}) for at in sorted(times)
    }
    return {at: value for at, value in values.items() if value is not None}


def _check_size(found: Sequence[Series]) -> None:
    if sum(len(one.points) for one in found) > POINTS_AT_MOST:
        words = f"the answers hold more than {POINTS_AT_MOST:,} values: aggregate, or let the step be longer"
        raise SourceError(ErrorClass.SOURCE_QUERY, words)
    counts: dict[str, int] = {}
    for one in found:
        counts[one.name] = counts.get(one.name, 0) + 1
        if counts[one.name] > SERIES_AT_MOST:
            words = f"{one.name} brings more than {SERIES_AT_MOST} series: aggregate them in the query"
            raise SourceError(ErrorClass.SOURCE_QUERY, words)


def _on_grid(one: Series, window: Window) -> Grid:
    """Each value at the beginning of its step, the last one of a step counts; none from outside the window."""
    grid: Grid = {}
    for at, value in one.points:
        place = int(at.timestamp()) // window.step * window.step
        if window.start <= place <= window.end:
            grid[place] = value
    return grid


def _points(grid: Grid) -> list[Point]:
    return [(datetime.fromtimestamp(at, UTC), grid[at]) for at in sorted(grid)]


def sentence(config: MetricsConfig, polled: Polled) -> str:
    """What a poll found, in words: the worst threshold, or the first values."""
    judgement = polled.judgement
    if judgement.level is not Level.GOOD or not polled.newest:
        return judgement.sentence
    values = [f"{name} is {rounded(value)} {unit}".rstrip() for name, value, unit in polled.newest[:3]]
    count = len(config.thresholds)
    held = f"; {'the threshold holds' if count == 1 else f'all {count} thresholds hold'}" if count else ""
    return f"{', '.join(values)}{held}"
