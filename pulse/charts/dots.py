"""Dot chart: one dot for each event over time, at a height that is a length of time, good or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from pulse.charts.scale import Tick, number, time_ticks

WIDTH: Final = 1000
HEIGHT: Final = 200
# Steps of an axis of lengths of time, in seconds.
STEPS: Final = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600,
    7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000,
)  # fmt: skip
UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class Dot:
    """An event at a moment; `seconds` is its height and may be below zero."""

    at: datetime
    seconds: float
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One event of the table behind the chart: local time, length, how it ended."""

    x: str
    cells: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class DotChart:
    """Geometry and words for `components/dot_chart.html`. `good` and `bad` are paths of zero-length strokes."""

    width: int
    height: int
    good: str
    bad: str
    zero: str
    limit: str
    limit_label: str
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    summary: str


def draw(
    dots: Sequence[Dot],
    *,
    start: datetime,
    end: datetime,
    zone: tzinfo,
    summary: str,
    limit: float | None = None,
) -> DotChart:
    """Draw what happened in [start, end). `limit` is a height in seconds that is marked if it is near."""
    heights = [dot.seconds for dot in dots] or [0.0]
    low, high = min(0.0, *heights), max(0.0, *heights)
    if limit is not None and high < limit <= 3 * max(high, 1.0):
        high = limit
    marks = _marks(low, high)
    plane = _Plane(start, end, marks[0], marks[-1])
    shown = limit is not None and marks[0] <= limit <= marks[-1]
    return DotChart(
        width=WIDTH,
        height=HEIGHT,
        good=_strokes([dot for dot in dots if dot.ok], plane),
        bad=_strokes([dot for dot in dots if not dot.ok], plane),
        zero=plane.y(0.0) if marks[0] < 0 else "",
        limit=plane.y(limit) if shown and limit is not None else "",
        limit_label=length(limit) if limit is not None else "",
        y_ticks=tuple(Tick(plane.y(mark), length(mark)) for mark in reversed(marks)),
        x_ticks=tuple(_times(start, end, zone)),
        rows=tuple(_row(dot, plane, zone) for dot in reversed(dots)),
        summary=summary,
    )


def length(seconds: float) -> str:
    """`0.2 s`, `90 s` → `1.5 min`, `-30 s`: one unit, short enough for an axis."""
    sign, value = ("-" if seconds < 0 else ""), abs(seconds)
    if 0 < value < 1:
        return f"{sign}{number(value * 1000)} ms"
    for size, unit in UNITS:
        if value >= size:
            return f"{sign}{number(value / size)} {unit}"
    return "0 s"


class _Plane:
    """From time and seconds to view box units."""

    def __init__(self, start: datetime, end: datetime, low: float, high: float) -> None:
        self.start, self.span = start, end - start
        self.low, self.height = low, high - low

    def x(self, at: datetime) -> str:
        return number(min(max((at - self.start) / self.span, 0.0), 1.0) * WIDTH)

    def y(self, seconds: float) -> str:
        return number(HEIGHT - (seconds - self.low) / self.height * HEIGHT)


def _marks(low: float, high: float) -> list[float]:
    """Even heights from at or below `low` to at or above `high`, zero among them, some four to seven."""
    wanted = max(high - low, STEPS[0]) / 4
    step = next((step for step in STEPS if step >= wanted), STEPS[-1])
    first = -int(-low // step + (1 if -low % step else 0)) if low < 0 else 0
    last = max(int(high // step) + (1 if high % step else 0), first + 1)
    return [step * place for place in range(first, last + 1)]


def _strokes(dots: Sequence[Dot], plane: _Plane) -> str:
    return "".join(f"M{plane.x(dot.at)} {plane.y(dot.seconds)}h0" for dot in dots)


def _times(start: datetime, end: datetime, zone: tzinfo) -> list[Tick]:
    found = []
    for place, (at, label) in enumerate(time_ticks(start, end, zone)):
        share = (at - start) / (end - start) * 100
        if 2 <= share <= 98:
            found.append(Tick(f"{number(share)}%", label, extra=place % 2 == 1))
    return found


def _row(dot: Dot, plane: _Plane, zone: tzinfo) -> Row:
    local = dot.at.astimezone(zone)
    words = (f"{local.day} {local:%b %H:%M:%S}", length(dot.seconds), "good" if dot.ok else "failed")
    return Row(plane.x(dot.at), words)


def usual(dots: Sequence[Dot]) -> float:
    """The median height of at least one dot, in seconds."""
    return sorted(dot.seconds for dot in dots)[len(dots) // 2]
