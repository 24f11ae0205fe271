"""What the pages of schedules show: who has it now, the calendar, and the answer to "who would have it at …"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from notifications.models import Override, Schedule
from notifications.oncall import calendar, definition, describing, rota
from notifications.oncall.calendar import Line
from notifications.oncall.reading import Known, Standing, know, standings
from notifications.oncall.rota import LONGEST, Rota

OVERRIDES_SHOWN = 50
PREVIEW = timedelta(days=21)
PREVIEWED = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """Who has it at a moment, why, and until when at least."""

    at: datetime
    line: Line
    until: datetime


def overview(at: datetime) -> list[Standing]:
    """Gaps first: they are what somebody must mend; then by name."""
    found = standings(list(Schedule.objects.order_by("name")), at)
    return sorted(found, key=lambda standing: standing.person is not None)


def page(schedule: Schedule, view: str, day: str, zone: str, now: datetime) -> dict[str, Any]:
    """The calendar of one schedule, and all that is said beside it."""
    shown = calendar.day_of(day, now.astimezone(ZoneInfo(zone)).date())
    centre = datetime(shown.year, shown.month, shown.day, tzinfo=ZoneInfo(zone))
    room = timedelta(days=45)
    known = know([schedule], min(now, centre - room), max(now + LONGEST, centre + room))[schedule.pk]
    drawn = calendar.month if view == "month" else calendar.week
    return {
        "schedule": schedule,
        "known": known,
        "standing": standings([schedule], now)[0],
        "view": "month" if view == "month" else "week",
        "day": shown,
        "laid_out": drawn(known, shown, zone, now),
        "layers": [
            (layer.name, describing.words(layer, known.name))
            for layer in definition.layers_of(schedule.layers)
        ],
        "notes": describing.clock_notes(known.rota.layers, schedule.zone, now),
        "overrides": list(Override.objects.filter(schedule=schedule, ends_at__gt=now)[:OVERRIDES_SHOWN]),
        "gap": next_gap(known, now),
    }


def next_gap(known: Known, now: datetime) -> Line | None:
    """The first time in the coming weeks in which nobody is on call."""
    found = rota.by_person(rota.shifts(known.rota, now, now + PREVIEW))
    return next((line for line in calendar.lines(known, found, now) if line.kind == "gap"), None)


def who_at(known: Known, at: datetime) -> Answer:
    found = rota.by_person(rota.shifts(known.rota, at, at + PREVIEW))
    return Answer(at, calendar.lines(known, found[:1], at)[0], found[0].end)


def preview(values: Mapping[str, Any], names: Mapping[Any, str], now: datetime) -> dict[str, Any]:
    """What a definition that was read, and is not saved, comes to."""
    schedule = Schedule(name=values["name"], zone=values["zone"], layers=values["layers"])
    layers = definition.layers_of(values["layers"])
    known = Known(schedule, Rota(values["zone"], layers), dict(names), ())
    found = rota.by_person(rota.shifts(known.rota, now, now + PREVIEW))
    return {
        "lines": calendar.lines(known, found[:PREVIEWED], now),
        "notes": describing.clock_notes(layers, values["zone"], now),
        "zone": values["zone"],
    }
