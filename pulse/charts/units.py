"""Values with their units as people read them: 1.5 GiB, 12.5 %, 340 ms, 2 d 3 h."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

BINARY: Final = ("", "Ki", "Mi", "Gi", "Ti", "Pi")
DECIMAL: Final = ("", "k", "M", "G", "T", "P")
SECONDS: Final = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
# Units that never take a prefix.
PLAIN: Final = frozenset({"%", "°C", "°F", "°"})


def shown(value: float, unit: str) -> str:
    """At most four digits; `unit` as the series has it: bytes, %, s, bytes/s, or any other word."""
    if not math.isfinite(value):
        return "—"
    if unit == "s":
        return _lasting(value)
    if unit in PLAIN:
        return f"{_digits(value)} {unit}"
    quantity, per, rest = unit.partition("/")
    if quantity in ("bytes", "byte", "B"):
        factor, prefix = scale(value, unit)
        return f"{_digits(value / factor)} {prefix}B{per}{rest}"
    factor, prefix = scale(value, unit)
    return f"{_digits(value / factor)} {prefix}{unit}".rstrip() if prefix or unit else _digits(value)


def scale(value: float, unit: str) -> tuple[float, str]:
    """What to divide by and the prefix that stands for it; bytes go by 1,024."""
    is_bytes = unit.partition("/")[0] in ("bytes", "byte", "B")
    step, prefixes = (1024.0, BINARY) if is_bytes else (1000.0, DECIMAL)
    if unit in PLAIN or (not is_bytes and abs(value) < 10_000):
        return 1.0, ""
    power = 0
    while abs(value) >= step ** (power + 1) and power + 1 < len(prefixes):
        power += 1
    return step**power, prefixes[power]


def _digits(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.3g}"
    if abs(value) < 0.001:
        return f"{value:.2g}"
    decimals = 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def _lasting(seconds: float) -> str:
    """From a day on in days and hours; below a minute as one number."""
    length = abs(seconds)
    sign = "-" if seconds < 0 else ""
    if length >= 60:
        for (size, word), (smaller, rest_word) in pairwise(SECONDS):
            if length >= size:
                whole, rest = divmod(int(length), int(size))
                rest //= int(smaller) or 1
                return f"{sign}{whole:,} {word}" + (f" {rest} {rest_word}" if rest else "")
    for size, word in SECONDS[3:]:
        if length >= size:
            return f"{sign}{_digits(length / size)} {word}"
    return f"{_digits(seconds)} s"
