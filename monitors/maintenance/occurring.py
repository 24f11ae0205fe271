"""Which windows are under way, which monitors they cover, and when those were covered before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from monitors.facts import Suppression
from monitors.uptime import Stretch, merged
from pulse import scoping

RUNNING = """
SELECT window_id, name, starts, ends FROM telemetry_maintenance
WHERE tenant_no = %s AND ends > %s AND starts <= %s ORDER BY ends DESC, no
"""
# A window covers all monitors, those with one of its tags, those it names, and the members of each group among them.
COVERED = """
WITH RECURSIVE covered (window_id, monitor_id) AS (
    SELECT w.id, m.id FROM monitors_maintenancewindow w JOIN monitors_monitor m ON w.everything OR w.tags && m.tags
    WHERE w.id = ANY(%(windows)s)
    UNION SELECT maintenancewindow_id, monitor_id FROM monitors_maintenancewindow_monitors
    WHERE maintenancewindow_id = ANY(%(windows)s)
    UNION SELECT c.window_id, g.to_monitor_id
    FROM covered c JOIN monitors_monitor_members g ON g.from_monitor_id = c.monitor_id
)
SELECT m.no, c.window_id FROM covered c JOIN monitors_monitor m ON m.id = c.monitor_id
WHERE %(numbers)s::bigint[] IS NULL OR m.no = ANY(%(numbers)s::bigint[])
"""
PAST = """
SELECT p.starts, p.ends, n.no FROM telemetry_maintenance p
JOIN unnest(%(numbers)s::bigint[]) AS n(no) ON p.everything OR p.numbers @> ARRAY[n.no]
WHERE p.tenant_no = %(tenant)s AND p.has_begun AND p.ends > %(start)s AND p.starts < %(end)s
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A window that is under way."""

    window_id: UUID
    name: str
    starts: datetime
    ends: datetime

    @property
    def suppression(self) -> Suppression:
        return Suppression("maintenance", self.name, self.window_id, self.ends)


def running(now: datetime) -> list[Running]:
    """Those of the current organisation, the one that lasts longest first."""
    with connection.cursor() as cursor:
        cursor.execute(RUNNING, [scoping.current().no, now, now])
        return [Running(*row) for row in cursor.fetchall()]


def covered(windows: Sequence[UUID], numbers: Collection[int] | None = None) -> dict[UUID, set[int]]:
    """The monitors that each of these windows covers, of all or only of `numbers`."""
    found: dict[UUID, set[int]] = {window: set() for window in windows}
    if not windows:
        return found
    with connection.cursor() as cursor:
        wanted = None if numbers is None else list(numbers)
        cursor.execute(COVERED, {"windows": list(windows), "numbers": wanted})
        for number, window in cursor.fetchall():
            found[window].add(number)
    return found


def covering(numbers: Collection[int] | None, now: datetime) -> dict[int, Suppression]:
    """By monitor number, the window that covers it now; of several the one that lasts longest. One query while
    none is under way."""
    under_way = running(now)
    if not under_way or (numbers is not None and not numbers):
        return {}
    by_window = covered([one.window_id for one in under_way], numbers)
    found: dict[int, Suppression] = {}
    for one in under_way:
        for number in by_window[one.window_id]:
            found.setdefault(number, one.suppression)
    return found


def stretches(numbers: Collection[int], start: datetime, end: datetime) -> dict[int, list[Stretch]]:
    """When each monitor was in maintenance between these times, as it took effect then: in order, merged.

    What is under way counts up to `end`. A window that was edited or deleted since does not change its past.
    """
    found: defaultdict[int, list[Stretch]] = defaultdict(list)
    with connection.cursor() as cursor:
        values = {"numbers": list(numbers), "tenant": scoping.current().no, "start": start, "end": end}
        cursor.execute(PAST, values)
        for starts, ends, number in cursor.fetchall():
            found[number].append(Stretch(max(starts, start), min(ends, end)))
    return {number: merged(found[number]) for number in numbers}
