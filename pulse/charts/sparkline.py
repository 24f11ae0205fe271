"""Sparkline: the course of one latency in the height of a line of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from pulse.charts.scale import number

WIDTH: Final = 100
HEIGHT: Final = 24
PAD: Final = 2
# One time-out of 10 s must not flatten an hour of 80 ms: beyond so many medians a value is cut.
CEILING: Final = 5
# A calm line runs at a bit over half height, so that a rise has where to go.
FLOOR: Final = 1.7


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Geometry for `components/sparkline.html`: one path, broken where nothing was measured."""

    width: int
    height: int
    path: str
    over: str
    summary: str


def draw(values: Sequence[float | None]) -> Sparkline:
    """Draw milliseconds, oldest first, evenly spaced in time; None is a slot without an answer.

    The scale starts at 0, so two sparklines of one height can be compared by shape. A lone value
    between two gaps becomes a dot; values above five medians are cut and marked in `over`.
    """
    measured = [value for value in values if value is not None]
    if not measured:
        return Sparkline(WIDTH, HEIGHT, "", "", "no answers")
    usual = median(measured)
    top = max(min(max(measured), CEILING * usual), FLOOR * usual) or 1.0
    step = WIDTH / max(len(values) - 1, 1)
    path: list[str] = []
    over: list[str] = []
    pen_down = False
    for place, value in enumerate(values):
        if value is None:
            pen_down = False
            continue
        x, y = number(place * step), number(HEIGHT - PAD - min(value / top, 1.0) * (HEIGHT - 2 * PAD))
        alone = not pen_down and (place + 1 == len(values) or values[place + 1] is None)
        path.append(f"{'L' if pen_down else 'M'}{x} {y}{'h0' if alone else ''}")
        pen_down = True
        if value > top:
            over.append(f"M{x} {PAD}h0")
    return Sparkline(WIDTH, HEIGHT, "".join(path), "".join(over), _summary(measured))


def _summary(measured: Sequence[float]) -> str:
    low, high = min(measured), max(measured)
    if round(low) == round(high):
        return f"{high:,.0f} ms"
    return f"{low:,.0f} to {high:,.0f} ms, last {measured[-1]:,.0f} ms"
