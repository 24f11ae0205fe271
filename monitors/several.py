"""Preview a pasted list as monitors: each line as it would be made, or what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from monitors import definition, importing
from monitors.importing import Line
from monitors.models import Monitor
from pulse.fields import ConfigError


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be made; `known` are targets that a monitor watches already."""

    lines: list[Line]
    values: list[dict[str, Any]]
    known: frozenset[str]
    passed_over: list[str]

    @property
    def wrong(self) -> int:
        return sum(bool(line.complaints) for line in self.lines)


def preview(text: str) -> Preview:
    """Each line read as its form and the API would read it."""
    lines, values = [], []
    for line in importing.read(text):
        try:
            value = definition.read(line.definition)
        except ConfigError as error:
            complaints = [(_column(pointer), words) for pointer, words in error.errors]
            lines.append(replace(line, complaints=complaints))
        else:
            values.append(value)
            lines.append(replace(line, definition=value))
    targets = [target for line in lines if (target := line.definition["target"])]
    known = Monitor.objects.filter(target__in=targets).values_list("target", flat=True)
    return Preview(lines, values, frozenset(known), importing.unknown_columns(text))


def _column(pointer: str) -> str:
    """What a person calls the field: /interval_seconds is the interval."""
    return pointer.rpartition("/")[2].removesuffix("_seconds").removesuffix("_url").replace("_", " ")
