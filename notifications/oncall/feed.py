"""Write shifts as a calendar that programs subscribe to (RFC 5545). Pure but for what it is given."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from icalendar import Calendar, Event

from notifications.oncall import rota
from notifications.oncall.reading import Known

BACK, AHEAD = timedelta(days=30), timedelta(days=180)
# How often a calendar program should come back; it is told the same in the headers of the answer.
REFRESH = timedelta(minutes=15)


def calendar(title: str, schedules: Iterable[Known], now: datetime, person: UUID | None = None) -> bytes:
    """All shifts and gaps of these schedules, or with `person` what that person has."""
    found = Calendar()
    found.add("prodid", "-//Pulse//On-call//EN")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", title)
    found.add("refresh-interval", REFRESH, {"VALUE": "DURATION"})
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)  # so that it is the same all day
    for known in schedules:
        for shift in rota.by_person(rota.shifts(known.rota, today - BACK, today + AHEAD)):
            if person in (None, shift.person):
                found.add_component(_event(known, shift, now, bool(person)))
    return bytes(found.to_ical())


def _event(known: Known, shift: rota.Shift, now: datetime, is_own: bool) -> Event:
    event, name = Event(), known.schedule.name
    who = "On call" if is_own else known.name(shift.person) or "Nobody is on call"
    event.add("uid", f"{known.schedule.pk}-{shift.start:%Y%m%dT%H%M%SZ}-{shift.person or 'gap'}@{_host()}")
    event.add("dtstamp", now)
    event.add("dtstart", shift.start)
    event.add("dtend", shift.end)
    event.add("summary", f"{who}: {name}")
    event.add("transp", "TRANSPARENT")  # one can be on call and free
    if shift.cover:
        event.add("description", "By an override.")
    return event


def _host() -> str:
    return urlsplit(settings.PULSE_BASE_URL).hostname or "pulse"
