"""A schedule while it is typed: its layers and people come, go and move by buttons, without a script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.http import QueryDict

from monitors.controls import number_of
from notifications.models import Schedule
from notifications.oncall.definition import LAYERS_AT_MOST, PEOPLE_AT_MOST

TEXTS = ("name", "rotation", "every", "unit", "weekday", "handoff", "start", "limited", "begins", "ends")
OFFICE = {"days": ["0", "1", "2", "3", "4"], "begins": "09:00", "ends": "17:00"}


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form's fields; each layer as text, with `days` and `people` as lists."""

    name: str
    zone: str
    layers: tuple[dict[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """What a script would send for it."""
        return {"name": self.name, "zone": self.zone, "layers": [_sent(layer) for layer in self.layers]}


def blank(zone: str, today: date) -> Draft:
    return Draft("", zone, (blank_layer(today, 0),))


def blank_layer(today: date, place: int) -> dict[str, Any]:
    return {
        "name": f"Layer {place + 1}", "rotation": "weekly", "every": "12", "unit": "hours", "weekday": "0",
        "handoff": "09:00", "start": today.isoformat(), "limited": "all", "people": [], **OFFICE,
    }  # fmt: skip


def of_schedule(schedule: Schedule) -> Draft:
    return Draft(schedule.name, schedule.zone, tuple(_typed(layer) for layer in schedule.layers))


def of_post(posted: QueryDict) -> Draft:
    """What came back, cut to what a schedule can hold: the definition judges the rest."""
    count = number_of(posted.get("layers", "0"))
    number = min(count, LAYERS_AT_MOST + 1) if isinstance(count, int) and count > 0 else 0
    layers = tuple(_posted(posted, f"layer-{place}-") for place in range(number))
    return Draft(_text(posted, "name"), _text(posted, "zone"), layers)


def press(draft: Draft, button: str, today: date) -> Draft:
    """After a button was pressed: `add-layer`, `remove-layer:1`, `add-person:0`, `up-person:0:2`, …

    One that means nothing here, or nothing any more, changes nothing.
    """
    verb, *places = button.split(":")
    at = [int(place) for place in places if place.isascii() and place.isdigit() and len(place) < 4]
    layers = list(draft.layers)
    if verb == "add-layer" and len(layers) < LAYERS_AT_MOST:
        layers.append(blank_layer(today, len(layers)))
    elif verb.endswith("-layer") and len(at) == 1:
        layers = _moved(layers, verb.removesuffix("-layer"), at[0])
    elif verb.endswith("-person") and at and at[0] < len(layers):
        people = _pressed(layers[at[0]]["people"], verb.removesuffix("-person"), at[1:])
        layers[at[0]] = {**layers[at[0]], "people": people}
    return replace(draft, layers=tuple(layers))


def _pressed(people: list[str], verb: str, at: list[int]) -> list[str]:
    if verb == "add":
        return [*people, ""] if len(people) < PEOPLE_AT_MOST else people
    return _moved(people, verb, at[0]) if at else people


def _moved(items: list[Any], verb: str, place: int) -> list[Any]:
    found = list(items)
    if place >= len(found):
        return found
    if verb == "remove":
        del found[place]
    elif verb == "up" and place:
        found[place - 1], found[place] = found[place], found[place - 1]
    return found


def _posted(posted: QueryDict, prefix: str) -> dict[str, Any]:
    layer: dict[str, Any] = {name: _text(posted, prefix + name) for name in TEXTS}
    layer["days"] = posted.getlist(prefix + "days")[:7]
    layer["people"] = posted.getlist(prefix + "people")[: PEOPLE_AT_MOST + 1]
    return layer


def _text(posted: QueryDict, name: str) -> str:
    return str(posted.get(name, "")).replace("\0", "").strip()[:200]


def _sent(typed: Mapping[str, Any]) -> dict[str, Any]:
    layer = {name: typed[name] for name in ("name", "rotation", "handoff", "start")}
    layer["weekday"] = number_of(typed["weekday"])
    if typed["rotation"] == "custom":
        layer |= {"every": number_of(typed["every"]), "unit": typed["unit"]}
    layer["people"] = [person for person in typed["people"] if person]
    layer["hours"] = None
    if typed["limited"] == "chosen":
        days = [number_of(day) for day in typed["days"]]
        layer["hours"] = {"days": days, "from": typed["begins"], "to": typed["ends"]}
    return layer


def _typed(layer: Mapping[str, Any]) -> dict[str, Any]:
    hours = layer["hours"]
    shown = OFFICE
    if hours:
        shown = {"days": [str(day) for day in hours["days"]], "begins": hours["from"], "ends": hours["to"]}
    return {
        **{
            name: str(layer[name])
            for name in ("name", "rotation", "every", "unit", "weekday", "handoff", "start")
        },
        "limited": "chosen" if hours else "all",
        "people": list(layer["people"]),
        **shown,
    }
