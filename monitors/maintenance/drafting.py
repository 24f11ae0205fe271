"""Show when a window would happen that is still being typed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import QueryDict

from monitors.maintenance import definition
from monitors.maintenance.describing import shown, words
from monitors.maintenance.forms import times_of
from monitors.maintenance.recurring import occurrences
from monitors.maintenance.repeating import REPEATS
from pulse.fields import ConfigError

UPCOMING = 10
TYPED = ("start", "end", "lasts", "zone", "every", "until", "rule")


def upcoming(values: QueryDict, now: datetime, zone: str) -> dict[str, Any]:
    """The next occurrences on three clocks, or what is wrong with the times."""
    typed: dict[str, Any] = {name: values.get(name, "").replace("\0", "").strip() for name in TYPED}
    repeat = values.get("repeat", "once")
    typed["repeat"] = repeat if repeat in dict(REPEATS) else "once"
    typed["weekdays"] = values.getlist("weekdays")[:7]
    try:
        read = definition.read({"name": "draft", "everything": True, **times_of(typed)}, now)
    except ConfigError as error:
        return {"complaints": [detail for _, detail in error.errors]}
    schedule = definition.schedule_of(read)
    found = [shown(one, schedule, zone) for one in occurrences(schedule, now, UPCOMING)]
    return {"upcoming": found, "words": words(schedule), "zone": zone, "here": read["zone"]}
