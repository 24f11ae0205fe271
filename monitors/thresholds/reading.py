"""Read thresholds: lines such as `avg(cpu.percent, 5m) > 80 warn, > 95 crit`, or objects; complaints name the line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from math import isfinite
from typing import Any

from monitors.series.model import Labels
from monitors.thresholds.model import (
    DEFAULT_WINDOW_S,
    LONGEST_WINDOW_S,
    Bound,
    Comparison,
    Function,
    Selector,
    Threshold,
)
from pulse.fields import FieldError, read_lines

MOST = 50
MOST_LABELS = 20
LONGEST_LINE = 1000

_EXAMPLE = "avg(cpu.percent, 5m) > 80 warn, > 95 crit"
_FUNCTION = re.compile(r"\s*([A-Za-z_]+)\s*\(\s*")
SERIES_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/-]{0,119}")
_LABEL = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_.:/-]{0,99})\s*=\s*("(?:[^"\\]|\\.)*")\s*(,|\})')
_WINDOW = re.compile(r"\s*(?:,\s*([^)]*?)\s*)?\)\s*")
_BOUND = re.compile(r"\s*(>=|<=|>|<)\s*([^\s,<>]+)\s+([A-Za-z]+)\s*(,|$)")
_NUMBER = re.compile(
    r"([+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,3})?)(%|[kKMGT]i?)?"
)
_DURATION = re.compile(r"(?:[0-9]{1,6}[smhd])+")
_PART = re.compile(r"([0-9]+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_TIMES = {"": 1, "%": 1, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
          "ki": 2**10, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}  # fmt: skip
_WORDS = {"warn": "warning", "warning": "warning", "crit": "critical", "critical": "critical"}
_FIELDS = ("function", "series", "labels", "window_seconds", "warning", "critical")


def load(value: Any) -> tuple[Threshold, ...]:
    """The thresholds in a list of lines and objects; empty lines are left out. FieldError tells all that is wrong."""
    if not isinstance(value, list):
        raise FieldError(f'Write the thresholds as a list, like ["{_EXAMPLE}"].')
    return read_lines(value, _read, MOST, "thresholds")


def read_line(line: str) -> Threshold:
    """The threshold as it is written; raises FieldError."""
    if len(line) > LONGEST_LINE:
        raise FieldError(f"Shorten it to at most {LONGEST_LINE:,} characters.")
    match = _FUNCTION.match(line)
    if not match:
        raise FieldError(f"Begin with a function of a series, as in {_EXAMPLE}.")
    function = _function(match[1])
    selector, at = _selector(line, match.end())
    window = _WINDOW.match(line, at)
    if not window:
        raise FieldError(f"Close the bracket after the series and its window, as in {_EXAMPLE}.")
    window_s = DEFAULT_WINDOW_S if window[1] is None else read_duration(window[1])
    return _sound(Threshold(function, selector, window_s, **_bounds(line[window.end() :])))


def read_duration(value: str) -> int:
    """Seconds of a duration such as 30s, 5m or 1h30m; raises FieldError."""
    seconds = sum(int(count) * _SECONDS[unit] for count, unit in _PART.findall(value))
    if not _DURATION.fullmatch(value) or not 1 <= seconds <= LONGEST_WINDOW_S:
        raise FieldError("Write the window as a duration from 1s to 24h, such as 30s, 5m or 1h.")
    return seconds


def read_number(value: str) -> float:
    """A number, with k, M, G, T (thousands) or Ki, Mi, Gi, Ti (1,024s) or % behind it; raises FieldError."""
    match = _NUMBER.fullmatch(value)
    found = float(match[1]) * _TIMES[match[2] or ""] if match else float("nan")
    if not isfinite(found):
        raise FieldError(f"Write a number instead of {value[:40]!r}, such as 80, 0.5, 1.5e9, 500M or 2Gi.")
    return found


def _read(item: Any) -> Threshold:
    if isinstance(item, str):
        return read_line(item)
    if isinstance(item, dict):
        return _read_object(item)
    raise FieldError(f"Write it as text, like {_EXAMPLE}, or as an object with function and series.")


def _function(word: str) -> Function:
    try:
        return Function(word.lower())
    except ValueError:
        known = ", ".join(Function)
        raise FieldError(f"There is no function {word[:40]!r}; use one of {known}.") from None


def _selector(line: str, at: int) -> tuple[Selector, int]:
    """The series and where it ends."""
    name = SERIES_NAME.match(line, at)
    if not name:
        raise FieldError(f"Name a series in the brackets (letters, digits, _ . : / -), as in {_EXAMPLE}.")
    at = name.end()
    labels: dict[str, str] = {}
    if line[at : at + 1] != "{":
        return Selector(name[0]), at
    at += 1
    while True:
        label = _LABEL.match(line, at)
        if not label:
            raise FieldError('Write labels as in disk.used_percent{mount="/", host="web1"}.')
        labels[label[1]] = _unquoted(label[2])
        at = label.end()
        if label[3] == "}":
            return Selector(name[0], _labels(labels)), at


def _unquoted(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        raise FieldError('Write the value of a label as JSON has it: "it says \\"ok\\"".') from None


def _labels(labels: dict[str, str]) -> Labels:
    if len(labels) > MOST_LABELS:
        raise FieldError(f"Use at most {MOST_LABELS} labels.")
    return tuple(sorted(labels.items()))


def _bounds(rest: str) -> dict[str, Bound]:
    found: dict[str, Bound] = {}
    at = 0
    while at < len(rest) or not found:
        match = _BOUND.match(rest, at)
        word = _WORDS.get(match[3].lower()) if match else None
        if not match or not word:
            raise FieldError(
                f"Write each bound as a comparison, a number and warn or crit, as in {_EXAMPLE}."
            )
        if word in found:
            raise FieldError(f"Write only one {word} bound; a second threshold can have another.")
        found[word] = Bound(Comparison(match[1]), read_number(match[2]))
        at = match.end()
        if match[4] == "," and not rest[at:].strip():
            raise FieldError("Remove the comma at the end.")
    return found


def _sound(threshold: Threshold) -> Threshold:
    warning, critical = threshold.warning, threshold.critical
    if warning is None and critical is None:
        raise FieldError("Give a warning or a critical bound.")
    if warning is None or critical is None:
        return threshold
    if warning.comparison.is_upper is not critical.comparison.is_upper:
        raise FieldError("Let both bounds look in the same direction, or write two thresholds.")
    nearer = (
        critical.limit < warning.limit if critical.comparison.is_upper else critical.limit > warning.limit
    )
    if nearer:
        side = "above" if critical.comparison.is_upper else "below"
        raise FieldError(f"Set the critical bound {side} the warning's, so that the warning comes first.")
    return threshold


def _read_object(item: dict[Any, Any]) -> Threshold:
    for name in item:
        if name not in _FIELDS:
            raise FieldError(f"Remove the unknown field {str(name)[:40]!r}; known are {', '.join(_FIELDS)}.")
    function, name = item.get("function"), item.get("series")
    if not isinstance(function, str):
        raise FieldError(f"Use one of these as the function: {', '.join(Function)}.")
    if not isinstance(name, str) or not SERIES_NAME.fullmatch(name):
        raise FieldError("Name the series: letters, digits, _ . : / and -, at most 120 of them.")
    window_s = item.get("window_seconds", DEFAULT_WINDOW_S)
    if isinstance(window_s, bool) or not isinstance(window_s, int) or not 1 <= window_s <= LONGEST_WINDOW_S:
        raise FieldError(f"Use a whole number of seconds from 1 to {LONGEST_WINDOW_S} for window_seconds.")
    bounds = {word: _read_bound(word, item.get(word)) for word in ("warning", "critical")}
    return _sound(Threshold(_function(function), Selector(name, _read_labels(item)), window_s, **bounds))


def _read_labels(item: dict[Any, Any]) -> Labels:
    labels = item.get("labels", {})
    is_texts: Callable[[Any], bool] = lambda value: isinstance(value, str) and len(value) <= LONGEST_LINE  # noqa: E731
    if not isinstance(labels, dict) or not all(is_texts(part) for pair in labels.items() for part in pair):
        raise FieldError('Write labels as an object of names and texts, like {"mount": "/"}.')
    for name in labels:
        if not SERIES_NAME.fullmatch(name):
            raise FieldError(f"Check the label {name[:40]!r}: letters, digits, _ . : / and - only.")
    return _labels(labels)


def _read_bound(word: str, value: Any) -> Bound | None:
    """A comparison and a number as text: "> 80"."""
    if value is None:
        return None
    match = re.fullmatch(r"\s*(>=|<=|>|<)\s*(\S+)\s*", value) if isinstance(value, str) else None
    if not match:
        raise FieldError(f'Write {word} as a comparison and a number, like "> 80".')
    return Bound(Comparison(match[1]), read_number(match[2]))
