"""Write thresholds, series and numbers as text, so that reading it gives the same again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from monitors.series.model import Labels
from monitors.thresholds.model import Bound, Threshold

_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
_PREFIXES = (("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20), ("T", 10**12), ("G", 10**9), ("M", 10**6))
_EXACT = 1e15  # whole numbers below are written without a point


def text(threshold: Threshold) -> str:
    """One line: `avg(disk.used_percent{mount="/"}, 5m) > 80 warn, > 95 crit`."""
    return f"{subject(threshold)} {', '.join(_bounds(threshold))}"


def subject(threshold: Threshold) -> str:
    """What is looked at, without the bounds: `avg(cpu.percent, 5m)`."""
    selector = threshold.selector
    return f"{threshold.function}({series(selector.name, selector.labels)}, {duration(threshold.window_s)})"


def as_lines(thresholds: Sequence[Threshold]) -> list[str]:
    """The text form, one line each, as a form shows them."""
    return [text(threshold) for threshold in thresholds]


def series(name: str, labels: Labels) -> str:
    if not labels:
        return name
    return f"{name}{{{', '.join(f'{key}={json.dumps(value, ensure_ascii=False)}' for key, value in labels)}}}"


def duration(seconds: int) -> str:
    """Seconds in the largest units that say it exactly: 5m, 1h30m."""
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def number(value: float) -> str:
    """Exactly, without a point where there is nothing behind it: `80`, `0.5`, `10Gi`, `5M`."""
    value = float(value)
    if not value.is_integer() or abs(value) >= _EXACT:
        return repr(value)
    whole = int(value)
    for prefix, size in _PREFIXES:
        if whole and whole % size == 0:
            return f"{whole // size}{prefix}"
    return str(whole)


def rounded(value: float) -> str:
    """For people: four significant digits, whole numbers whole."""
    value = float(value)
    if value.is_integer() and abs(value) < 1e9:  # longer ones are harder to read than rounded ones
        return f"{int(value):,}"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"


def bound(limit: Bound) -> str:
    return f"{limit.comparison} {number(limit.limit)}"


def _bounds(threshold: Threshold) -> list[str]:
    named = ((threshold.warning, "warn"), (threshold.critical, "crit"))
    return [f"{bound(limit)} {word}" for limit, word in named if limit is not None]
