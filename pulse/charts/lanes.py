"""Lanes: what happened when, in rows that share one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from pulse.charts.scale import Tick, number, time_ticks

WIDTH: Final = 1000
HEIGHT: Final = 20
# Below this a mark could not be seen; it is made wider, about its beginning.
NARROWEST: Final = 3
# What a mark adds to the one drawn before it, and nobody could see: so thousands of them make a short path.
UNSEEN: Final = 0.5


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that lasted [start, end), in one status."""

    start: datetime
    end: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Row:
    """One lane: a path of filled boxes for each status, in a view box of WIDTH by HEIGHT."""

    label: str
    note: str
    paths: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Lanes:
    """Geometry for `components/lanes.html`; `x_ticks` in per cent of the axis."""

    width: int
    height: int
    rows: tuple[Row, ...]
    x_ticks: tuple[Tick, ...]


def draw(
    lanes: Sequence[tuple[str, str, Sequence[Mark]]], *, start: datetime, end: datetime, zone: tzinfo
) -> Lanes:
    """Each lane is (label, note, marks). Marks may reach over the ends of [start, end)."""
    if end <= start:
        raise ValueError("Lanes need an end after their start.")
    rows = tuple(Row(label, note, _paths(marks, start, end)) for label, note, marks in lanes)
    ticks = tuple(
        Tick(f"{number((at - start) / (end - start) * 100)}%", label, place % 2 == 1)
        for place, (at, label) in enumerate(time_ticks(start, end, zone))
    )
    return Lanes(WIDTH, HEIGHT, rows, ticks)


def _paths(marks: Sequence[Mark], start: datetime, end: datetime) -> tuple[tuple[str, str], ...]:
    found: dict[str, list[str]] = {}
    drawn: dict[str, tuple[float, float]] = {}
    for mark in marks:
        left = max(0.0, (mark.start - start) / (end - start)) * WIDTH
        right = min(1.0, (mark.end - start) / (end - start)) * WIDTH
        if right < 0 or left > WIDTH:
            continue
        width = max(right - left, NARROWEST)
        left = min(left, WIDTH - width)
        first, last = drawn.get(mark.status, (WIDTH, 0))
        if left >= first and left + width < last + UNSEEN:
            continue
        drawn[mark.status] = left, left + width
        found.setdefault(mark.status, []).append(
            f"M{number(left)} 0h{number(width)}v{HEIGHT}h-{number(width)}z"
        )
    return tuple((status, "".join(paths)) for status, paths in found.items())
