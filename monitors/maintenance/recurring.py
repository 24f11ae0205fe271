"""Work out when a maintenance window happens. Pure, and bounded in time whatever the rule says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from math import lcm
from typing import Literal, cast
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from monitors.maintenance.rules import Recurrence, parse
from pulse.fields import FieldError

Shift = Literal["", "gap", "fold"]
# So far ahead an occurrence is looked for: a rule that matches nothing costs no more than this many steps.
REACH = {
    "YEARLY": timedelta(days=366 * 12), "MONTHLY": timedelta(days=366 * 11), "WEEKLY": timedelta(days=366 * 11),
    "DAILY": timedelta(days=366 * 10), "HOURLY": timedelta(days=366 * 2),
}  # fmt: skip
# From an old start to today there may be millions of steps: it is moved on by whole intervals.
STEPS = {"WEEKLY": timedelta(days=7), "DAILY": timedelta(days=1), "HOURLY": timedelta(hours=1)}
MONTHS = {"YEARLY": 12, "MONTHLY": 1}
LEAP_CYCLE = 48  # months after which February is as long as it was, until 2100
FOUR_HUNDRED_YEARS = timedelta(days=146_097)
COUNTED_REACH = 3  # rules with COUNT are followed from their start, so many times as far
COMPARED = 400  # so many occurrences are looked at for overlaps


@dataclass(frozen=True, slots=True)
class Schedule:
    """A start on the clocks of a zone, how long it lasts in elapsed time, and a rule; without one it happens once."""

    start: datetime
    zone: str
    duration: timedelta
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Time [start, end) in UTC. `local` is what the rule said, on the zone's clocks.

    `shift` is "gap" where clocks jump over that time: it begins at the first moment after; "fold" where it comes
    twice: it begins at the first of the two.
    """

    start: datetime
    end: datetime
    local: datetime
    shift: Shift = ""

    def covers(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


def occurrences(schedule: Schedule, since: datetime, most: int) -> list[Occurrence]:
    """Those that end after `since`, in order, at most so many. None further ahead than the rule's reach."""
    return list(islice(_from(schedule, since), most))


def between(schedule: Schedule, start: datetime, end: datetime, most: int = 1_000) -> list[Occurrence]:
    """Those that touch [start, end), in order."""
    found = []
    for occurrence in islice(_from(schedule, start), most):
        if occurrence.start >= end:
            break
        found.append(occurrence)
    return found


def overlap(schedule: Schedule, since: datetime) -> tuple[Occurrence, Occurrence] | None:
    """The first two of the coming occurrences of which one has not ended when the other begins."""
    return next(
        (pair for pair in pairwise(occurrences(schedule, since, COMPARED)) if pair[1].start <= pair[0].end),
        None,
    )


def begins(local: datetime, zone: ZoneInfo) -> tuple[datetime, Shift]:
    """The moment in UTC at which clocks of the zone show this time, and how it had to be moved (PEP 495)."""
    early, late = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early == late:
        return early, ""
    if early < late:
        return early, "fold"
    return _first_after(late, early, zone), "gap"


def _first_after(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second at which clocks jump, between these two."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == old else (before, middle)
    return after.replace(microsecond=0)


def _from(schedule: Schedule, since: datetime) -> Iterator[Occurrence]:
    zone = ZoneInfo(schedule.zone)
    # A day of room: clocks are set by less, and what began before may still last.
    lower = (since - schedule.duration).astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
    last = None
    for local in _locals(schedule, lower):
        start, shift = begins(local, zone)
        end = start + schedule.duration
        if end > since and start != last:
            last = start
            yield Occurrence(start, end, local, shift)


def _locals(schedule: Schedule, lower: datetime) -> Iterator[datetime]:
    if not schedule.rule:
        return iter([schedule.start])
    rule = _parsed(schedule.rule, schedule.zone)
    if rule.count:
        upper = schedule.start + REACH[rule.frequency] * COUNTED_REACH
        return (
            local for local in islice(_matching(rule, schedule.start, upper), rule.count) if local >= lower
        )
    start = _moved_on(schedule.start, rule, lower)
    found = _matching(rule, start, max(lower, start) + REACH[rule.frequency])
    return (local for local in found if local >= lower)


def _moved_on(start: datetime, rule: Recurrence, lower: datetime) -> datetime:
    """The start of the same rhythm that is newest before `lower`, or nearly so."""
    if lower <= start:
        return start
    if step := STEPS.get(rule.frequency):
        return start + (lower - start) // (step * rule.interval) * (step * rule.interval)
    months = MONTHS[rule.frequency] * rule.interval
    if start.day > 28:  # the month that it comes to must have that day
        months = lcm(months, LEAP_CYCLE if start.month == 2 else 12)
    passed = (lower.year - start.year) * 12 + lower.month - start.month - 1
    years, month = divmod(start.month - 1 + max(passed, 0) // months * months, 12)
    return start.replace(year=start.year + years, month=month + 1)


def _matching(rule: Recurrence, start: datetime, upper: datetime) -> Iterator[datetime]:
    """The times from `start` to `upper` that the rule matches.

    dateutil looks at its own end only when something matches, else at the last year there is. So the rule is worked
    out in the last years: the calendar is the same every 400 of them, weekdays too.
    """
    until = min(upper, rule.until) if rule.until else upper
    later = FOUR_HUNDRED_YEARS * ((MAXYEAR - 1 - max(upper, until).year) // 400)
    try:
        found = cast(rrule, rrulestr(rule.text, dtstart=start + later)).replace(until=until + later)
    except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise FieldError(f"Change the rule: it cannot be worked out ({error}).") from None
    return (local - later for local in found)


_parsed = lru_cache(maxsize=1024)(parse)
