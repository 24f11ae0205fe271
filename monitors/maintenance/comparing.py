"""Say what a window would have held back in the last 30 days, had it been there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import connection

from monitors.maintenance import occurring
from monitors.maintenance.model import MaintenanceWindow
from monitors.maintenance.recurring import Schedule, between
from monitors.maintenance.rules import parse
from monitors.suppression.deciding import FAILS, WORKS
from monitors.telemetry.models import Status
from monitors.uptime import Change, Stretch
from pulse import scoping

BACK = timedelta(days=30)
CHANGES_AT_MOST = 50_000
CHANGES = """
SELECT c.monitor_no, c.at, c.status FROM telemetry_statechange c
JOIN telemetry_livestate h ON h.monitor_no = c.monitor_no AND h.location = c.location AND h.is_head
    AND h.tenant_no = %(tenant)s
WHERE c.tenant_no = %(tenant)s AND c.monitor_no = ANY(%(numbers)s) AND c.at >= %(start)s
ORDER BY c.monitor_no, c.at, c.no LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of `outages`, `held` began in the window; `told_after` of those were still going on at its end.

    A window that happens once has no earlier time to be compared with: `repeats` is False, and the two are 0.
    """

    outages: int
    held: int
    told_after: int
    repeats: bool = True

    @property
    def words(self) -> str:
        if not self.outages:
            return "What it covers had no outage in the last 30 days."
        outages = "1 outage" if self.outages == 1 else f"{self.outages:,} outages"
        if not self.repeats:
            return f"What it covers had {outages} in the last 30 days."
        if not self.held:
            return f"In the last 30 days it would have held back none of {outages}."
        after = f", and told {self.told_after:,} of them when it ended" if self.told_after else ""
        return f"In the last 30 days it would have held back {self.held:,} of {outages}{after}."


def compare(window: MaintenanceWindow, now: datetime) -> Comparison:
    """Over the outages of the monitors that it covers now."""
    numbers = occurring.covered([window.pk])[window.pk]
    start = now - BACK
    with connection.cursor() as cursor:
        values = {
            "tenant": scoping.current().no,
            "numbers": list(numbers),
            "start": start,
            "most": CHANGES_AT_MOST,
        }
        cursor.execute(CHANGES, values)
        changes: defaultdict[int, list[Change]] = defaultdict(list)
        for number, at, status in cursor.fetchall():
            changes[number].append(Change(at, Status(status)))
    if not window.rule:
        return replace(count(changes, [], now), repeats=False)
    found = between(earlier(window.schedule, start), start, now)
    return count(changes, [Stretch(one.start, one.end) for one in found], now)


def count(changes: Mapping[int, Sequence[Change]], windows: Iterable[Stretch], now: datetime) -> Comparison:
    """Pure. `changes` of each monitor are in order of time."""
    stretches, outages, held, told_after = list(windows), 0, 0, 0
    for some in changes.values():
        for began, ended in outages_of(some):
            outages += 1
            within = next((one for one in stretches if one.start <= began < one.end), None)
            held += within is not None
            told_after += within is not None and within.end <= now and (ended is None or ended > within.end)
    return Comparison(outages, held, told_after)


def outages_of(changes: Sequence[Change]) -> list[tuple[datetime, datetime | None]]:
    """When each began and ended; None while it goes on."""
    found: list[tuple[datetime, datetime | None]] = []
    is_down = False
    for change in changes:
        if change.status in FAILS and not is_down:
            found.append((change.at, None))
            is_down = True
        elif change.status in WORKS and is_down:
            found[-1] = found[-1][0], change.at
            is_down = False
    return found


def earlier(schedule: Schedule, moment: datetime) -> Schedule:
    """The same in rhythm, begun before `moment` and without an end: as if it had always been there."""
    rule = parse(schedule.rule, schedule.zone)
    text = re.sub(r";?(COUNT|UNTIL)=[^;]*", "", schedule.rule).strip(";")
    wanted = moment.replace(tzinfo=None) - timedelta(days=2) - schedule.duration
    start, steps = schedule.start, 0
    while start > wanted and steps < 20:
        start, steps = _before(start, rule.frequency, rule.interval), steps + 1
    return replace(schedule, start=start, rule=text)


def _before(start: datetime, frequency: str, interval: int) -> datetime:
    """An earlier start of the same rhythm, at the same time of day."""
    days = {"DAILY": 365 * interval, "WEEKLY": 7 * 52 * interval, "HOURLY": 365 * interval}
    if frequency in days:
        return start - timedelta(days=days[frequency])
    years = interval * (4 if (start.month, start.day) == (2, 29) or frequency == "YEARLY" else 1)
    return start.replace(year=max(1, start.year - years))
