"""Read many monitors at once: all of them are fine, or every complaint of each is told and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from monitors import definition
from monitors.models import Monitor
from pulse.fields import ConfigError

AT_MOST = 1000


def read_new(data: Any) -> list[dict[str, Any]]:
    """The definitions in {"monitors": [...]}; pointers of complaints begin with /monitors/<index>."""
    found, errors = [], []
    for index, item in enumerate(_list(data, "monitors")):
        try:
            found.append(definition.read(item))
        except ConfigError as error:
            errors += [(f"/monitors/{index}{pointer}", detail) for pointer, detail in error.errors]
    if errors:
        raise ConfigError(errors)
    return found


def read_edits(data: Any) -> list[tuple[Monitor, dict[str, Any]]]:
    """Each monitor of {"ids": [...], "changes": {...}}, locked, with its definition after the changes.

    Pointers begin with /ids/<index> where the id is wrong, and with /changes where a change is.
    """
    wanted = _list(data, "ids")
    changes = data.get("changes")
    if not isinstance(changes, dict) or not changes:
        raise ConfigError([("/changes", "Say what to change, as an object of the fields of a monitor.")])
    if odd := sorted(set(changes) & {"kind", "name"}):
        raise ConfigError(
            [(f"/changes/{odd[0]}", "Change this one by one: it differs from monitor to monitor.")]
        )
    rows = {row.pk: row for row in _lock(wanted)}
    found, errors = [], []
    for index, text in enumerate(wanted):
        row = rows.get(_id(text))  # type: ignore[arg-type]
        if row is None:
            errors.append((f"/ids/{index}", f"There is no monitor {str(text)[:40]}."))
            continue
        try:
            found.append((row, definition.read(changes, row)))
        except ConfigError as error:
            errors += [(f"/changes{pointer}", f"{row.name}: {detail}") for pointer, detail in error.errors]
    if errors:
        raise ConfigError(dict.fromkeys(errors))
    return found


def _lock(wanted: list[Any]) -> Iterator[Monitor]:
    ids = [identity for text in wanted if (identity := _id(text))]
    yield from Monitor.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("no")


def _id(text: Any) -> UUID | None:
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        return None


def _list(data: Any, name: str) -> list[Any]:
    items = data.get(name) if isinstance(data, dict) else None
    if not isinstance(items, list) or not items:
        raise ConfigError([(f"/{name}", "Send a list with at least one entry.")])
    if len(items) > AT_MOST:
        raise ConfigError([(f"/{name}", f"Send at most {AT_MOST:,} at once; there are {len(items):,}.")])
    return items
