"""Preview a pasted list as monitors: each line as it would be made, or what is wrong with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from monitors import definition, importing
from monitors.hosts import finding
from monitors.importing import Line
from monitors.models import Monitor
from pulse.fields import ConfigError

DOUBLE = "Give one of them another name: line {} would report under the same."


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be made: `values` are the definitions, one for lines that are the same."""

    lines: list[Line]
    values: list[dict[str, Any]]
    passed_over: list[str]

    @property
    def wrong(self) -> int:
        return sum(bool(line.complaints) for line in self.lines)

    @property
    def digest(self) -> str:
        """Of what is shown: the button brings it back, and with another one it makes nothing that nobody saw."""
        shown = [(line.number, _whole(line), line.note, line.complaints) for line in self.lines]
        return sha256(json.dumps(shown).encode()).hexdigest()


def preview(text: str) -> Preview:
    """Each line read as its form and the API would read it."""
    lines = _without_doubles([_read(line) for line in importing.read(text)])
    targets = [target for line in lines if (target := line.definition["target"])]
    known = set(Monitor.objects.filter(target__in=targets).values_list("kind", "target"))
    lines, values = compared(lines, known)
    return Preview(lines, values, importing.unknown_columns(text))


def compared(lines: list[Line], known: set[tuple[str, str]]) -> tuple[list[Line], list[dict[str, Any]]]:
    """The lines with what they repeat, and the definitions to be made; `known` are kinds and targets watched already.

    A line is left out only if all of it was there before: two names or keywords for one address are two monitors.
    """
    told, values = [], []
    same: dict[str, int] = {}
    watched: dict[tuple[str, str], int] = {}
    for line in lines:
        if line.complaints:
            told.append(line)
            continue
        whole = _whole(line)
        what = (line.definition["kind"], line.definition["target"])
        note = ""
        if whole in same:
            note = f"the same as line {same[whole]}, made once"
        elif what in known:
            note = "a monitor watches this already"
        elif what[1] and what in watched:
            note = f"line {watched[what]} watches this too"
        if whole not in same:
            values.append(line.definition)
        same.setdefault(whole, line.number)
        watched.setdefault(what, line.number)
        told.append(replace(line, note=note))
    return told, values


def _without_doubles(lines: list[Line]) -> list[Line]:
    """Two hosts cannot report as one; lines that are the same are one monitor."""
    distinct: dict[str, Line] = {}
    for line in lines:
        if not line.complaints:
            distinct.setdefault(_whole(line), line)
    fine = list(distinct.values())
    doubles = finding.doubles(line.definition for line in fine)
    wrong = {fine[place].number: DOUBLE.format(fine[first].number) for place, first in doubles}
    return [
        replace(line, complaints=[("name", wrong[line.number])]) if line.number in wrong else line
        for line in lines
    ]


def _whole(line: Line) -> str:
    return json.dumps(line.definition, sort_keys=True, default=str)


def _read(line: Line) -> Line:
    try:
        return replace(line, definition=definition.read(line.definition))
    except ConfigError as error:
        return replace(line, complaints=[(_column(pointer), words) for pointer, words in error.errors])


def _column(pointer: str) -> str:
    """What a person calls the field: /interval_seconds is the interval."""
    return pointer.rpartition("/")[2].removesuffix("_seconds").removesuffix("_url").replace("_", " ")
