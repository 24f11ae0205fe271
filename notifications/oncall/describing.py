"""Say in words how a layer turns, and what the setting of clocks does to it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from monitors.maintenance.recurring import begins
from notifications.oncall.rota import Hours, Layer

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHORT = tuple(day[:3] for day in DAYS)
AHEAD_DAYS = 366


def words(layer: Layer, name: Callable[[UUID | None], str]) -> str:
    """`Alice, then Bob; every week on Monday at 09:00; Mon to Fri 09:00 to 17:00`"""
    people = ", then ".join(name(person) or "nobody" for person in layer.people)
    turn = rhythm(layer) if len(layer.people) > 1 else f"from {layer.start:%-d %b %Y} {layer.handoff:%H:%M}"
    parts = [people, turn, hours_in_words(layer.hours) if layer.hours else ""]
    return "; ".join(part for part in parts if part)


def rhythm(layer: Layer) -> str:
    at = f"at {layer.handoff:%H:%M}"
    if layer.rotation == "daily":
        return f"every day {at}"
    unit = "weeks" if layer.rotation == "weekly" else layer.unit
    every = f"every {layer.every} {unit}" if layer.every > 1 else f"every {unit[:-1]}"
    if unit == "weeks":
        return f"{every} on {DAYS[layer.weekday]} {at}"
    return f"{every} {at}" if unit == "days" else f"{every} from {layer.handoff:%H:%M} on"


def hours_in_words(hours: Hours) -> str:
    days = sorted(hours.days)
    whole = hours.start == hours.end
    span = f"from {hours.start:%H:%M} for a day" if whole else f"{hours.start:%H:%M} to {hours.end:%H:%M}"
    if len(days) == len(DAYS):
        return f"daily {span}"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{SHORT[days[0]]} to {SHORT[days[-1]]} {span}"
    return f"{', '.join(SHORT[day] for day in days)} {span}"


def clock_notes(layers: Sequence[Layer], zone_name: str, now: datetime) -> list[str]:
    """What becomes of hand-overs, within a year, at times that clocks jump over or show twice."""
    zone = ZoneInfo(zone_name)
    turning = [layer for layer in layers if len(layer.people) > 1]
    notes = ((layer, _note(layer, zone, change)) for change in _changes(zone, now) for layer in turning)
    return [f"{layer.name}: {note}" for layer, note in notes if note]


def _changes(zone: ZoneInfo, now: datetime) -> list[datetime]:
    """The days of the coming year on which clocks are set, as midnights without a zone."""
    day = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    days = (day + timedelta(days=number) for number in range(AHEAD_DAYS))
    return [one for one in days if zone.utcoffset(one) != zone.utcoffset(one + timedelta(days=1))]


def _note(layer: Layer, zone: ZoneInfo, day: datetime) -> str:
    local = datetime.combine(day, layer.handoff)
    moment, shift = begins(local, zone)
    here = moment.astimezone(zone)
    if shift == "gap":
        return (
            f"on {local:%-d %b %Y} clocks jump over {local:%H:%M}; a hand-over that day is at {here:%H:%M}, the"
            " first moment after."
        )
    if shift == "fold":
        return f"on {local:%-d %b %Y} clocks show {local:%H:%M} twice; a hand-over that day is at the first."
    return ""
