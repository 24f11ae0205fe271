"""What a series and its points are, and what of them is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isfinite
from typing import Literal

Kind = Literal["gauge", "counter"]
Labels = tuple[tuple[str, str], ...]
Point = tuple[datetime, float]

AHEAD_AT_MOST = timedelta(minutes=5)
NAME_AT_MOST = 120
LABELS_AT_MOST = 16
LABEL_AT_MOST = 200
UNIT_AT_MOST = 16
# A day of a thousand values a second can be added up without leaving what a float holds.
LARGEST = 1e250
# Names as Prometheus and OpenTelemetry write them, and with slashes.
NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9_.:/-]{{0,{NAME_AT_MOST - 1}}}\Z")
LABEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/-]{0,59}\Z")


@dataclass(frozen=True, slots=True)
class Points:
    """Values of one series: (time with zone, number). `labels` are sorted by name.

    A counter only goes up, or starts again from zero; its rate is what people look at.
    """

    name: str
    points: Sequence[Point]
    labels: Labels = ()
    unit: str = ""
    kind: Kind = "gauge"


@dataclass(frozen=True, slots=True)
class Refused:
    """What was not stored and why: the series at this place of the batch, and which of its points (None: all)."""

    series: int
    point: int | None
    reason: str


@dataclass(slots=True)
class Stored:
    """What became of a batch: how many points are new, how many were there already, and what was refused."""

    accepted: int = 0
    duplicates: int = 0
    refused: list[Refused] = field(default_factory=list)


def complaint_about(series: Points) -> str | None:
    """What is wrong with the name, labels or unit, or None."""
    if not NAME.match(series.name):
        return (
            f"Name the series with 1 to {NAME_AT_MOST} letters, digits and any of _ . : / -,"
            " beginning with a letter or _."
        )
    if len(series.labels) > LABELS_AT_MOST:
        return f"Use at most {LABELS_AT_MOST} labels: these are {len(series.labels)}."
    for name, value in series.labels:
        if not LABEL_NAME.match(name):
            return (
                f"Name the label {name[:60]!r} with 1 to 60 letters, digits and any of _ . : / -,"
                " beginning with a letter or _."
            )
        if len(value) > LABEL_AT_MOST or not value.isprintable():
            return f"Give the label {name} a value of at most {LABEL_AT_MOST} printable characters."
    if len(series.unit) > UNIT_AT_MOST or not series.unit.isprintable():
        return f"Write the unit with at most {UNIT_AT_MOST} printable characters, like bytes, %, s or 1/s."
    return None


def sort_out(
    series: Points, oldest: datetime, newest: datetime
) -> tuple[list[Point], Iterator[tuple[int, str]]]:
    """The points to store, to the millisecond, and (place, reason) of those that are refused."""
    least = 0.0 if series.kind == "counter" else -LARGEST
    good: list[Point] = []
    bad: list[tuple[int, str]] = []
    for place, (at, value) in enumerate(series.points):
        # One chain of comparisons for what is nearly always true; NaN fails it too.
        if oldest <= at <= newest and least <= value <= LARGEST:
            good.append((at.replace(microsecond=at.microsecond // 1000 * 1000), value))
        else:
            bad.append((place, _why(series, at, value, oldest, newest)))
    return good, iter(bad)


def _why(series: Points, at: datetime, value: float, oldest: datetime, newest: datetime) -> str:
    if not isfinite(value):
        return "Send a finite number: NaN and Infinity are no measurements."
    if abs(value) > LARGEST:
        return f"Send a number between -{LARGEST:g} and {LARGEST:g}: {value:g} is beyond."
    if at > newest:
        return f"The time {_shown(at)} is more than 5 minutes ahead: set the sender's clock."
    if at < oldest:
        return (
            f"The time {_shown(at)} is older than samples are kept: nothing before {_shown(oldest)} is taken."
        )
    return f"{series.name} is a counter: it cannot be negative ({value:g}). Send it as a gauge."


def _shown(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
