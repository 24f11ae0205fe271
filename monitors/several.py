"""Preview a pasted list as monitors, and carry out one change on several of them: all or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from monitors import definition, editing, importing
from monitors.importing import Line
from monitors.models import Monitor
from pulse.fields import ConfigError
from tenants.actors import Actor
from tenants.models import Organisation


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


def carry_out(organisation: Organisation, wanted: dict[str, Any], by: Actor) -> str:
    """Do to all of `wanted["monitors"]` what `wanted["action"]` says; what was done, in words.

    Raises ConfigError when one of them cannot be so; then nothing is changed.
    """
    with transaction.atomic():
        rows = list(
            Monitor.objects.select_for_update(no_key=True).filter(pk__in=wanted["monitors"]).order_by("no")
        )
        if wanted["action"] == "delete":
            for row in rows:
                editing.delete(organisation, row, by)
        else:
            for row, values in _edited(rows, wanted):
                editing.update(organisation, row, values, by)
    return f"{len(rows):,} monitor{'s' if len(rows) != 1 else ''} {DONE[wanted['action']]}."


DONE = {
    "pause": "paused", "resume": "resumed", "delete": "deleted; their incidents stay", "add_tags": "tagged",
    "remove_tags": "untagged", "depend": "changed", "interval": "changed", "owner": "given to their owner",
}  # fmt: skip


def _edited(rows: list[Monitor], wanted: dict[str, Any]) -> list[tuple[Monitor, dict[str, Any]]]:
    found, errors = [], []
    for row in rows:
        try:
            found.append((row, definition.read(_change(row, wanted), row)))
        except ConfigError as error:
            errors += [(pointer, f"{row.name}: {detail}") for pointer, detail in error.errors]
    if errors:
        raise ConfigError(errors)
    return found


def _change(row: Monitor, wanted: dict[str, Any]) -> dict[str, Any]:
    match wanted["action"]:
        case "pause" | "resume":
            return {"enabled": wanted["action"] == "resume"}
        case "add_tags":
            return {"tags": [*row.tags, *wanted["tags"]]}
        case "remove_tags":
            return {"tags": [tag for tag in row.tags if tag not in wanted["tags"]]}
        case "depend":
            return {"depends_on": [wanted["depends_on"]] if wanted["depends_on"] else []}
        case "interval":
            return {"interval_seconds": wanted["interval_seconds"]}
        case _:
            return {"owner": wanted["owner"]}
