"""What organisations tell downstream."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MuteChanged:
    """Everything of the organisation was muted, or is no longer."""

    muted: bool
    by_name: str
