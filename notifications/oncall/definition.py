"""Read a schedule as people and scripts describe it; form and API share every rule and every word."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from monitors.heartbeats.settings import read_zone
from notifications.models import Schedule
from notifications.oncall.rota import Hours, Layer, Unit
from pulse.fields import ConfigError, FieldError, Reader, choice, integer, read_fields

LAYERS_AT_MOST = 10
PEOPLE_AT_MOST = 100
OLDEST_YEAR = 2000
AHEAD_AT_MOST = timedelta(days=5 * 366)
EVERY_AT_MOST: dict[Unit, int] = {"hours": 366 * 24, "days": 366, "weeks": 52}
READ_ONLY = ("id", "created_at", "url", "warnings", "clock_notes")
NAME = "Give the schedule a name, like Primary."
LAYER_NAME = "Give the layer a name, like Weekdays."
NOBODY = "Choose at least one person: a schedule without people pages nobody."
HOURS = 'Write the hours like {"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "17:00"}; null is always.'


def read(
    data: object, now: datetime, members: Collection[UUID], schedule: Schedule | None = None
) -> dict[str, Any]:
    """The complete definition in `data` over `schedule` (when it is edited) or the defaults.

    `layers` comes back as JSON, every field written out. Raises ConfigError with every complaint at once; pointers
    are JSON pointers into `data`. Who has left may stay where they are, but nobody new is taken from outside.
    """
    base: dict[str, Any] = {"zone": "UTC", **(as_json(schedule) if schedule else {})}
    fields = data
    if isinstance(data, dict):
        fields = {key: value for key, value in data.items() if key not in READ_ONLY}
    errors: list[tuple[str, str]] = []
    try:
        values = read_fields(fields, {"name": _name, "zone": _zone, "layers": _layers})
    except ConfigError as error:
        values, errors = error.values, list(error.errors)
    merged = base | values
    if isinstance(fields, dict):
        told = {pointer for pointer, _ in errors}
        missing = {"name": NAME, "layers": NOBODY}
        errors += [
            (f"/{key}", words)
            for key, words in missing.items()
            if key not in merged and f"/{key}" not in told
        ]
    if "layers" in values:
        known = {*members, *(people_of(schedule.layers) if schedule else ())}
        merged["layers"], complaints = _read_layers(values["layers"], now, known)
        errors += complaints
    if errors:
        raise ConfigError(errors, merged)
    return merged


def as_json(schedule: Schedule) -> dict[str, Any]:
    """The definition of a saved schedule, as `read` takes it."""
    return {"name": schedule.name, "zone": schedule.zone, "layers": schedule.layers}


def layers_of(stored: list[dict[str, Any]]) -> tuple[Layer, ...]:
    """The layers of a saved schedule: what `read` has accepted."""
    return tuple(_layer(values) for values in stored)


def people_of(stored: list[dict[str, Any]]) -> set[UUID]:
    return {UUID(person) for values in stored for person in values["people"]}


def _layer(values: Mapping[str, Any]) -> Layer:
    hours = values["hours"]
    return Layer(
        name=values["name"],
        people=tuple(UUID(person) for person in values["people"]),
        rotation=values["rotation"],
        start=date.fromisoformat(values["start"]),
        handoff=time.fromisoformat(values["handoff"]),
        weekday=values["weekday"],
        every=values["every"],
        unit=values["unit"],
        hours=hours
        and Hours(
            frozenset(hours["days"]), time.fromisoformat(hours["from"]), time.fromisoformat(hours["to"])
        ),
    )


def _read_layers(
    layers: list[object], now: datetime, known: set[UUID]
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    found: list[dict[str, Any]] = []
    errors: list[tuple[str, str]] = []
    for place, data in enumerate(layers):
        try:
            found.append(_read_layer(data, place, now, known))
        except ConfigError as error:
            errors += [(f"/layers/{place}{pointer}", detail) for pointer, detail in error.errors]
    return found, errors


def _read_layer(data: object, place: int, now: datetime, known: set[UUID]) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "name": f"Layer {place + 1}", "rotation": "weekly", "every": 1, "unit": "days", "weekday": 0,
        "handoff": "09:00", "start": now.date().isoformat(), "hours": None,
    }  # fmt: skip
    errors: list[tuple[str, str]] = []
    try:
        values = read_fields(data, READERS)
    except ConfigError as error:
        values, errors = error.values, list(error.errors)
    merged = defaults | values
    if isinstance(data, dict) and "people" not in data:
        errors.append(("/people", NOBODY))
    strangers = [person for person in merged.get("people", ()) if UUID(person) not in known]
    if strangers:
        errors.append(("/people", f"Remove {strangers[0]}: nobody of this organisation has that id."))
    if merged["rotation"] == "custom" and merged["every"] > EVERY_AT_MOST[merged["unit"]]:
        errors.append(
            ("/every", f"Use at most {EVERY_AT_MOST[merged['unit']]} {merged['unit']} for one turn.")
        )
    if date.fromisoformat(merged["start"]) > now.date() + AHEAD_AT_MOST:
        errors.append(("/start", "Use a start within the next five years."))
    if errors:
        raise ConfigError(errors)
    return merged


def _text(complaint: str) -> Reader:
    def read_text(value: Any) -> str:
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise FieldError(complaint)
        if len(value.strip()) > 120:
            raise FieldError(f"Shorten the name to at most 120 characters; it has {len(value.strip())}.")
        return value.strip()

    return read_text


_name = _text(NAME)


def _zone(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError("Use the name of a time zone like Europe/Riga or UTC.")
    return read_zone(value)


def _layers(value: Any) -> list[object]:
    if not isinstance(value, list):
        raise FieldError("Write the layers as a list of objects.")
    if not value:
        raise FieldError(NOBODY)
    if len(value) > LAYERS_AT_MOST:
        raise FieldError(f"Use at most {LAYERS_AT_MOST} layers; there are {len(value)}.")
    return value


def _people(value: Any) -> list[str]:
    if not isinstance(value, list) or not value:
        raise FieldError(NOBODY)
    if len(value) > PEOPLE_AT_MOST:
        raise FieldError(f"Use at most {PEOPLE_AT_MOST} people in a layer; there are {len(value)}.")
    try:
        return [str(UUID(person)) for person in value]
    except (ValueError, TypeError, AttributeError):
        raise FieldError("Write each person as their id.") from None


def _clock(value: Any) -> str:
    words = "Write a time of day like 09:00."
    if not isinstance(value, str) or len(value) > 8:
        raise FieldError(words)
    try:
        read_time = time.fromisoformat(value.strip())
    except ValueError:
        raise FieldError(words) from None
    if read_time.tzinfo or read_time.second or read_time.microsecond:
        raise FieldError(words)
    return f"{read_time:%H:%M}"


def _start(value: Any) -> str:
    words = "Write the day of the first hand-over like 2027-01-04."
    if not isinstance(value, str):
        raise FieldError(words)
    try:
        day = date.fromisoformat(value.strip())
    except ValueError:
        raise FieldError(words) from None
    if day.year < OLDEST_YEAR:
        raise FieldError(f"Use a day from {OLDEST_YEAR} on.")
    return day.isoformat()


def _hours(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"days", "from", "to"}:
        raise FieldError(HOURS)
    days = value["days"]
    if not isinstance(days, list) or not days:
        raise FieldError("Choose at least one day on which the layer holds.")
    if not all(type(day) is int and 0 <= day <= 6 for day in days):
        raise FieldError("Write the days as numbers from 0 (Monday) to 6 (Sunday).")
    return {"days": sorted(set(days)), "from": _clock(value["from"]), "to": _clock(value["to"])}


READERS: dict[str, Reader] = {
    "name": _text(LAYER_NAME),
    "people": _people,
    "rotation": choice("daily", "weekly", "custom"),
    "every": integer(1, EVERY_AT_MOST["hours"], "hours, days or weeks"),
    "unit": choice(*EVERY_AT_MOST),
    "weekday": integer(0, 6, "days after Monday"),
    "handoff": _clock,
    "start": _start,
    "hours": _hours,
}
