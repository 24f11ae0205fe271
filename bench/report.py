"""What a figure looks like: one JSON line with its target and verdict."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    figure: str
    value: float
    unit: str
    target: float | None = None
    verdict: str = "info"


def at_most(name: str, value: float, unit: str, target: float) -> Figure:
    return Figure(name, round(value, 2), unit, target, "ok" if value <= target else "miss")


def at_least(name: str, value: float, unit: str, target: float) -> Figure:
    return Figure(name, round(value, 2), unit, target, "ok" if value >= target else "miss")


def info(name: str, value: float, unit: str) -> Figure:
    return Figure(name, round(value, 2), unit)


def say(figure: Figure) -> Figure:
    print(json.dumps(asdict(figure)), flush=True)
    return figure


def calibration() -> Figure:
    """A fixed loop: how fast this machine is now, so that runs on others can be compared."""
    best = min(_loop() for _ in range(5))
    return info("calibration_loop", best * 1000, "ms")


def _loop() -> float:
    started = time.perf_counter()
    total = 0
    for number in range(2_000_000):
        total += number * number % 7
    return time.perf_counter() - started
