"""A threshold: a function of the values of a series in a window, and the bounds of what it may come to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from monitors.series.model import Labels

Key = tuple[str, Labels]  # a series: its name, and its labels in the order of their names

DEFAULT_WINDOW_S = 300
LONGEST_WINDOW_S = 86_400


class Function(StrEnum):
    """What the values in the window come to: one number, or for `all` and `any` each value for itself."""

    AVG = "avg"
    MAX = "max"
    MIN = "min"
    LAST = "last"
    ALL = "all"
    ANY = "any"
    RATE = "rate"  # increase per second of a counter, its resets left out


class Comparison(StrEnum):
    MORE = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="

    @property
    def is_upper(self) -> bool:
        """Whether large values are the bad ones."""
        return self in (Comparison.MORE, Comparison.AT_LEAST)


class Level(IntEnum):
    """What a threshold says, in the order in which one outweighs the other."""

    GOOD = 0
    UNKNOWN = 1  # there was no value to judge
    WARNING = 2
    CRITICAL = 3


@dataclass(frozen=True, slots=True)
class Bound:
    comparison: Comparison
    limit: float


@dataclass(frozen=True, slots=True)
class Selector:
    """Every series of this name whose labels include these."""

    name: str
    labels: Labels = ()

    def matches(self, key: Key) -> bool:
        name, labels = key
        return name == self.name and (not self.labels or set(self.labels) <= set(labels))


@dataclass(frozen=True, slots=True)
class Threshold:
    """At least one of the two bounds is set; both look in the same direction, and critical is the farther one."""

    function: Function
    selector: Selector
    window_s: int = DEFAULT_WINDOW_S
    warning: Bound | None = None
    critical: Bound | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a threshold came to for one series; without a value `problem` says why."""

    threshold: Threshold
    key: Key
    level: Level
    value: float | None = None
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """As evidence keeps it, like an assertion."""
        from monitors.thresholds.writing import series, text  # noqa: PLC0415  # writing reads the model

        return {
            "assertion": text(self.threshold),
            "series": series(*self.key),
            "level": self.level.name.lower(),
            "ok": self.level is Level.GOOD,
            "soft": self.level is Level.WARNING,
            "value": self.value,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """The worst level of all, the sentence that says why, and each threshold for each series, the worst first."""

    level: Level
    sentence: str
    checked: tuple[Checked, ...] = ()
