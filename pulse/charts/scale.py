"""Scales: readable ticks for milliseconds and for clock time, and numbers as SVG wants them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

# Steps of the time axis. From a day on they start at local midnight, so a change of the clock moves none.
TIME_STEPS: Final = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 10080, 20160, 43200, 86400)
)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tick:
    """A label: `at` in per cent of the axis (time) or in view box units (the other); `extra` where there is room."""

    at: str
    label: str
    extra: bool = False


def number(value: float) -> str:
    """`value` with at most two decimals and a point whatever the language: `1.50` → `1.5`, `2.0` → `2`."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def nice_step(top: float, count: int = 5) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten of which at most `count` reach `top`.

    Examples: `nice_step(200)` → 50, `nice_step(810)` → 200. A `top` of zero or less gives 1.
    """
    if top <= 0:
        return 1.0
    raw = top / count
    power: float = 10.0 ** math.floor(math.log10(raw))
    for factor in (1.0, 2.0, 2.5, 5.0):
        # The tolerance keeps 0.1 + 0.2 from asking for the next step.
        if factor * power >= raw * (1 - 1e-9):
            return factor * power
    return 10.0 * power


def ticks(top: float, count: int = 5) -> tuple[float, ...]:
    """Even ticks from 0 to the first one at or above `top`: `ticks(190)` → (0, 50, 100, 150, 200)."""
    step = nice_step(top, count)
    steps = max(1, math.ceil(top / step * (1 - 1e-9)))
    return tuple(step * position for position in range(steps + 1))


def time_ticks(
    start: datetime, end: datetime, zone: tzinfo, count: int = 7
) -> tuple[tuple[datetime, str], ...]:
    """At most about `count` round local times inside [start, end), each with its label.

    Both ends are aware. Labels are `14:30` below a step of one day, else `3 Nov`.
    """
    if end <= start:
        return ()
    step = next((each for each in TIME_STEPS if (end - start) / each <= count), TIME_STEPS[-1])
    found = []
    at = _first_tick(start.astimezone(zone), step)
    while at < end:
        if at >= start:
            found.append((at, _label(at, step)))
        at = _next_tick(at, step, zone)
    return tuple(found)


def _first_tick(local: datetime, step: timedelta) -> datetime:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if step >= DAY:
        return midnight
    return midnight + (local - midnight) // step * step


def _next_tick(at: datetime, step: timedelta, zone: tzinfo) -> datetime:
    """Wall time forward by `step`; on the day a clock changes, one label is an hour nearer or further."""
    wall = at.replace(tzinfo=None) + step
    return wall.replace(tzinfo=zone)


def _label(at: datetime, step: timedelta) -> str:
    return f"{at.day} {at:%b}" if step >= DAY else f"{at:%H:%M}"
