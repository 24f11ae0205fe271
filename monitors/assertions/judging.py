"""Hold assertions against what was found. Pure: no clock, no network; every one is judged, each keeps its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitors.assertions.model import Assertion, Checked, Source


@dataclass(frozen=True, slots=True)
class Failed:
    """What the assertions come to when one failed: the first hard one, else the first soft one, in words."""

    words: str
    soft: bool


def judge(assertions: Sequence[Assertion], facts: Mapping[Source, Any]) -> tuple[Checked, ...]:
    return ()


def verdict(checked: Sequence[Checked]) -> Failed | None:
    return None
