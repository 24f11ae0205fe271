"""One value of one series, as Pulse takes it."""

from __future__ import annotations

from typing import Any

Sample = dict[str, Any]
Samples = list[Sample]


def gauge(name: str, value: float, unit: str = "", **labels: str) -> Sample:
    """A value that goes up and down."""
    return _sample(name, value, unit, labels)


def counter(name: str, value: float, unit: str = "", **labels: str) -> Sample:
    """A value that only goes up; Pulse shows how fast."""
    return {**_sample(name, value, unit, labels), "kind": "counter"}


def _sample(name: str, value: float, unit: str, labels: dict[str, str]) -> Sample:
    sample: Sample = {"name": name, "value": round(value, 6)}
    if unit:
        sample["unit"] = unit
    if labels:
        sample["labels"] = {key: printable(text) for key, text in labels.items()}
    return sample


def printable(text: str) -> str:
    """Labels are printable text of at most 200 characters; mounts and devices may be anything."""
    return "".join(character if character.isprintable() else "?" for character in text)[:200]
