"""Lengths of time as people type them: `90`, `5 min`, `1 d 12 h`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from monitors.probes.settings import Setting
from pulse.fields import FieldError

UNITS = {
    "s": 1, "sec": 1, "second": 1, "min": 60, "m": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86_400,
    "day": 86_400, "w": 604_800, "week": 604_800,
}  # fmt: skip
SHOWN = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_PART = re.compile(r"(\d{1,9})\s*([a-z]*)", re.IGNORECASE)


def seconds_of(text: str) -> int | None:
    """`1 h 30 min` → 5400; a bare number counts as seconds; None for what is no length of time."""
    total, rest = 0, text.strip()
    while rest:
        part = _PART.match(rest)
        unit = part and (UNITS.get(part[2].lower()) or UNITS.get(part[2].lower().removesuffix("s")))
        if part is None or (part[2] and not unit):
            return None
        total += int(part[1]) * (unit or 1)
        rest = rest[part.end() :].lstrip(" ,")
    return total if text.strip() else None


def words(seconds: int | None) -> str:
    """5400 → `1 h 30 min`; exact, and read again by `seconds_of`."""
    if seconds is None:
        return ""
    parts = []
    for unit, size in SHOWN:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"


def length(low: int, high: int) -> Callable[[Any], int]:
    """Reads what a script gives as seconds, and what people write like 1 h 30 min."""

    def read(value: Any) -> int:
        found = seconds_of(value) if isinstance(value, str) else value
        if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
            raise FieldError(
                f"Use a length from {words(low)} to {words(high)}, in seconds or like 1 h 30 min."
            )
        return found

    return read


def span(name: str, label: str, help_text: str, low: int, high: int, *, default: int | None) -> Setting:
    """A length of time: whole seconds for scripts, words in a form; with the default None it may be left out."""

    within = length(low, high)

    def read(value: Any) -> int | None:
        return None if value in (None, "") and default is None else within(value)

    integer = {"type": "integer", "minimum": low, "maximum": high}
    kinds = [integer, {"type": "string", "examples": ["1 h 30 min"]}]
    schema = {"anyOf": [*kinds, {"type": "null"}] if default is None else kinds}
    return Setting(name, label, "text", read, default, schema, help_text, show=words)
