"""Read many monitors at once: all of them are fine, or every complaint of each is told and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from monitors import definition, details
from monitors.hosts import finding
from monitors.models import Monitor
from pulse.fields import ConfigError, FieldError, Reader, read_fields

AT_MOST = 1000
# What is each one's own.
OF_ONE = ("kind", "name")
NOTHING = {"changes": "Say what to change, as an object of the fields of a monitor."}
NO_TAG = "Name at least one tag, or leave this out and say what else to change."


def read_new(data: Any) -> list[dict[str, Any]]:
    """The definitions in {"monitors": [...]}; pointers of complaints begin with /monitors/<index>."""
    given, errors = _given(data, {"monitors": _entries})
    found = {}
    for index, item in enumerate(given.get("monitors", ())):
        try:
            found[index] = definition.read(item)
        except ConfigError as error:
            errors += [(f"/monitors/{index}{pointer}", detail) for pointer, detail in error.errors]
    indices = list(found)
    errors += [
        (
            f"/monitors/{indices[place]}{finding.REPORTS_AS}",
            f"Choose another id: /monitors/{indices[first]} has it too.",
        )
        for place, first in finding.doubles(found.values())
    ]
    if errors:
        raise ConfigError(errors)
    return list(found.values())


def read_edits(data: Any) -> list[tuple[Monitor, dict[str, Any]]]:
    """Each monitor of {"ids": [...], "changes": {...}, "add_tags": [...], "remove_tags": [...]}, locked.

    With it comes its definition after the changes. Pointers begin with /ids/<index> where the id is wrong, with
    /changes where a change is, and with /add_tags where they would be too many.
    """
    readers = {"ids": _entries, "changes": _object, "add_tags": details.tags, "remove_tags": details.tags}
    given, errors = _given(data, readers)
    if not {pointer for pointer, _ in errors} - {"/ids"}:
        errors += _nothing(given)
    errors += misfits(given)
    changes = {name: value for name, value in (given.get("changes") or {}).items() if name not in OF_ONE}
    add, remove = given.get("add_tags", []), given.get("remove_tags", [])
    found = []
    rows = list(_rows(given.get("ids", [])))
    if not any(row for row, _ in rows):
        errors += _by_themselves(changes)
    for row, unknown in rows:
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
    given, errors = _given(data, {"ids": _entries})
    rows = list(_rows(given.get("ids", [])))
    if errors := [*errors, *(unknown for row, unknown in rows if row is None)]:
        raise ConfigError(errors)
    return list(dict.fromkeys(row for row, _ in rows if row is not None))


def misfits(given: dict[str, Any]) -> list[tuple[str, str]]:
    """What of a change of many, each part being read, cannot be the same for all or does not go together."""
    changes, add, remove = (given.get(name) or {} for name in ("changes", "add_tags", "remove_tags"))
    found = [
        (f"/changes/{name}", "Change this one by one: it differs from monitor to monitor.")
        for name in OF_ONE
        if name in changes
    ]
    if "tags" in changes and (add or remove):
        found.append(("/changes/tags", "Leave this out, or else add_tags and remove_tags."))
    if both := [tag for tag in add if tag in remove]:
        found.append(
            ("/remove_tags", f"Leave out {', '.join(both)} here or in add_tags: a tag is there or not.")
        )
    return found


def tags_of(row: Monitor, add: Sequence[str] = (), remove: Sequence[str] = ()) -> list[str]:
    """Its tags without some and with others; one that is in both is there in the end."""
    return [*(tag for tag in row.tags if tag not in remove), *add]


def _given(data: Any, readers: Mapping[str, Reader]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What of `data` is fine, and every complaint about the rest; the first of its fields must be there."""
    needed = {next(iter(readers)): None}
    try:
        return read_fields({**needed, **data} if isinstance(data, dict) else needed, readers), []
    except ConfigError as error:
        return error.values, list(error.errors)


def _nothing(given: dict[str, Any]) -> list[tuple[str, str]]:
    """That nothing is to be changed, at each place that could say what."""
    asked = {name: value for name, value in given.items() if name != "ids"}
    if any(asked.values()):
        return []
    return [(f"/{name}", NOTHING.get(name, NO_TAG)) for name in asked or NOTHING]


def _by_themselves(changes: dict[str, Any]) -> list[tuple[str, str]]:
    """What no monitor could be, for when none was found with which the changes could be read."""
    try:
        read_fields(
            {name: value for name, value in changes.items() if name not in definition.READ_ONLY},
            definition.READERS,
        )
    except ConfigError as error:
        return [(f"/changes{pointer}", detail) for pointer, detail in error.errors]
    return []


def _object(value: Any) -> dict[str, Any] | None:
    if value is not None and not isinstance(value, dict):
        raise FieldError(NOTHING["changes"])
    return value


def _entries(value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise FieldError("Send a list with at least one entry.")
    if len(value) > AT_MOST:
        raise FieldError(f"Send at most {AT_MOST:,} at once; there are {len(value):,}.")
    return value


def _rows(wanted: list[Any]) -> Iterator[tuple[Monitor | None, tuple[str, str]]]:
    """Each monitor in the order asked for, or None with the complaint about its id."""
    rows = {row.pk: row for row in _lock(wanted)}
    for index, text in enumerate(wanted):
        row = rows.get(as_id(text))  # type: ignore[arg-type]
        yield row, (f"/ids/{index}", f"There is no monitor {str(text)[:40]}.")


def _lock(wanted: list[Any]) -> Iterator[Monitor]:
    ids = [identity for text in wanted if (identity := as_id(text))]
    yield from Monitor.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("no")


def as_id(text: Any) -> UUID | None:
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        return None
