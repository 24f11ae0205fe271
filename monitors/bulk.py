"""Read many monitors at once: all of them are fine, or every complaint of each is told and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from monitors import definition, details
from monitors.models import Monitor
from pulse.fields import ConfigError, FieldError

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
    """Each monitor of {"ids": [...], "changes": {...}, "add_tags": [...], "remove_tags": [...]}, locked.

    With it comes its definition after the changes. Pointers begin with /ids/<index> where the id is wrong, with
    /changes where a change is, and with /add_tags where they would be too many.
    """
    wanted = _list(data, "ids")
    changes, add, remove = _changes(data), _tags(data, "add_tags"), _tags(data, "remove_tags")
    found, errors = [], []
    for row, unknown in _rows(wanted):
        if row is None:
            errors.append(unknown)
            continue
        change = {**changes, "tags": tags_of(row, add, remove)} if add or remove else changes
        try:
            found.append((row, definition.read(change, row)))
        except ConfigError as error:
            errors += [
                ("/add_tags" if add and pointer == "/tags" else f"/changes{pointer}", f"{row.name}: {detail}")
                for pointer, detail in error.errors
            ]
    if errors:
        raise ConfigError(dict.fromkeys(errors))
    return found


def read_ids(data: Any) -> list[Monitor]:
    """Each monitor of {"ids": [...]}, locked."""
    rows = list(_rows(_list(data, "ids")))
    if errors := [unknown for row, unknown in rows if row is None]:
        raise ConfigError(errors)
    return list(dict.fromkeys(row for row, _ in rows if row is not None))


def tags_of(row: Monitor, add: Sequence[str] = (), remove: Sequence[str] = ()) -> list[str]:
    """Its tags without some and with others; one that is in both is there in the end."""
    return [*(tag for tag in row.tags if tag not in remove), *add]


def _changes(data: Any) -> dict[str, Any]:
    changes, has_tags = data.get("changes"), bool(data.get("add_tags") or data.get("remove_tags"))
    if changes is None and has_tags:
        return {}
    if not isinstance(changes, dict) or not (changes or has_tags):
        raise ConfigError([("/changes", "Say what to change, as an object of the fields of a monitor.")])
    if odd := sorted(set(changes) & {"kind", "name"}):
        raise ConfigError(
            [(f"/changes/{odd[0]}", "Change this one by one: it differs from monitor to monitor.")]
        )
    if has_tags and "tags" in changes:
        raise ConfigError([("/changes/tags", "Leave this out, or else add_tags and remove_tags.")])
    return changes


def _tags(data: Any, name: str) -> list[str]:
    try:
        return details.tags(data.get(name, []))
    except FieldError as error:
        raise ConfigError([(f"/{name}", str(error))]) from None


def _rows(wanted: list[Any]) -> Iterator[tuple[Monitor | None, tuple[str, str]]]:
    """Each monitor in the order asked for, or None with the complaint about its id."""
    rows = {row.pk: row for row in _lock(wanted)}
    for index, text in enumerate(wanted):
        row = rows.get(_id(text))  # type: ignore[arg-type]
        yield row, (f"/ids/{index}", f"There is no monitor {str(text)[:40]}.")


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
