"""Line chart of one series: its mean and range over time, gaps left open, and the bounds of its thresholds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from statistics import median
from typing import Final

from pulse.charts.scale import Tick, nice_step, number, time_ticks
from pulse.charts.units import scale, shown

WIDTH: Final = 1000
HEIGHT: Final = 200
# Values that are further apart than so many usual distances are not joined by a line.
GAP: Final = 2.5
LINES: Final = 4


@dataclass(frozen=True, slots=True)
class Value:
    """What a series was in the time that begins `at`: mean, least and most."""

    at: datetime
    mean: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound that is drawn across: `level` is warning or critical."""

    value: float
    level: str


@dataclass(frozen=True, slots=True)
class Line:
    """A bound in view box units, in words; without `y` it is outside what is drawn."""

    y: str
    level: str
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One value of the table behind the chart; `says` is the sentence for whoever points at it."""

    x: str
    says: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeriesChart:
    """Geometry and words for `components/series_chart.html`."""

    width: int
    height: int
    line: str
    band: str
    limits: tuple[Line, ...]
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    summary: str
    every: timedelta


def draw(
    values: Sequence[Value],
    *,
    start: datetime,
    end: datetime,
    every: timedelta,
    zone: tzinfo,
    unit: str,
    limits: Sequence[Limit] = (),
) -> SeriesChart:
    """Draw values in the order of time, each standing for `every` from its `at` on; labels are in `zone`."""
    plane = _Plane(values, start, end, every, unit, limits)
    runs = list(_runs(values))
    ticks = time_ticks(start, end, zone)
    return SeriesChart(
        width=WIDTH,
        height=HEIGHT,
        line="".join(_line(run, plane) for run in runs),
        band="".join(_band(run, plane) for run in runs),
        limits=tuple(_limit(limit, plane, unit) for limit in limits),
        y_ticks=tuple(Tick(plane.y(tick), shown(tick, unit)) for tick in reversed(plane.ticks)),
        x_ticks=tuple(
            Tick(f"{number((at - start) / (end - start) * 100)}%", label, bool(place % 2))
            for place, (at, label) in enumerate(ticks)
        ),
        rows=tuple(_row(value, plane, zone, unit) for value in values),
        summary=_summary(values, unit),
        every=every,
    )


class _Plane:
    """From time and values to view box units; the scale begins at 0 where that leaves enough of the height."""

    def __init__(
        self,
        values: Sequence[Value],
        start: datetime,
        end: datetime,
        every: timedelta,
        unit: str,
        limits: Sequence[Limit],
    ) -> None:
        self._start, self._length, self._half = start, end - start, every / 2
        low = min((value.least for value in values), default=0.0)
        high = max((value.most for value in values), default=100.0 if unit == "%" else 1.0)
        for limit in limits:  # in sight while the values stay legible
            reach = max(high - low, abs(high), 1e-9)
            if low - reach <= limit.value <= high + reach:
                low, high = min(low, limit.value), max(high, limit.value)
        if low > 0 and low < high * 0.7:
            low = 0.0
        self.ticks = _ticks(low, high, unit)
        self._low, self._high = self.ticks[0], self.ticks[-1]

    def x(self, at: datetime) -> str:
        return number(min(max((at + self._half - self._start) / self._length, 0.0), 1.0) * WIDTH)

    def y(self, value: float) -> str:
        return number(HEIGHT - (value - self._low) / (self._high - self._low) * HEIGHT)

    def holds(self, value: float) -> bool:
        return self._low <= value <= self._high


def _ticks(low: float, high: float, unit: str) -> tuple[float, ...]:
    """Even ticks from at or below `low` to at or above `high`; of bytes they are round in KiB, MiB and so on."""
    factor, _ = scale(max(abs(low), abs(high)), unit)
    step = nice_step(max(high - low, abs(high) * 0.05, 1e-9) / factor, LINES) * factor
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(step * place for place in range(first, max(last, first + 1) + 1))


def _runs(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Stretches without a gap."""
    if not values:
        return
    steps = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(values)]
    furthest = median(steps) * GAP if steps else 0.0
    begin = 0
    for place, step in enumerate(steps, 1):
        if step > furthest:
            yield values[begin:place]
            begin = place
    yield values[begin:]


def _line(run: Sequence[Value], plane: _Plane) -> str:
    points = "L".join(f"{plane.x(value.at)} {plane.y(value.mean)}" for value in run)
    return f"M{points}{'h0' if len(run) == 1 else ''}"


def _band(run: Sequence[Value], plane: _Plane) -> str:
    if len(run) < 2 or all(value.least == value.most for value in run):
        return ""
    upper = "L".join(f"{plane.x(value.at)} {plane.y(value.most)}" for value in run)
    lower = "L".join(f"{plane.x(value.at)} {plane.y(value.least)}" for value in reversed(run))
    return f"M{upper}L{lower}Z"


def _limit(limit: Limit, plane: _Plane, unit: str) -> Line:
    y = plane.y(limit.value) if plane.holds(limit.value) else ""
    return Line(y, limit.level, f"{limit.level} {shown(limit.value, unit)}")


def _row(value: Value, plane: _Plane, zone: tzinfo, unit: str) -> Row:
    at = value.at.astimezone(zone)
    when, mean = f"{at.day} {at:%b} {at:%H:%M:%S}", shown(value.mean, unit)
    least, most = shown(value.least, unit), shown(value.most, unit)
    says = f"{when} · {mean}" if least == most else f"{when} · {mean} (from {least} to {most})"
    return Row(plane.x(value.at), says, (when, mean, least, most))


def _summary(values: Sequence[Value], unit: str) -> str:
    if not values:
        return "No values in this time."
    least, most = min(value.least for value in values), max(value.most for value in values)
    return f"Last {shown(values[-1].mean, unit)}, from {shown(least, unit)} to {shown(most, unit)}."
