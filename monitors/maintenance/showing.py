"""Gather what the pages of maintenance show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from monitors.maintenance import occurring
from monitors.maintenance.describing import Shown, shown, words
from monitors.maintenance.model import MaintenanceWindow
from monitors.maintenance.recurring import Occurrence, occurrences
from monitors.models import Monitor
from pulse import scoping

UPCOMING = 10
PAST_SHOWN = 10
COVERED_SHOWN = 30
OVER_SHOWN = 10
OVER = "unknown"  # the status that stands for it: nothing comes any more
REAL = """
SELECT window_id, starts, ends, has_begun FROM telemetry_maintenance
WHERE tenant_no = %s AND window_id = ANY(%s) AND (ends >= %s OR starts >= %s)
"""
PAST = """
SELECT starts, ends FROM telemetry_maintenance
WHERE tenant_no = %s AND window_id = %s AND has_begun AND ends > starts AND starts <= %s ORDER BY starts DESC LIMIT %s
"""
# By window: when an occurrence starts, when it really ends; where that is the same moment, it is left out.
Real = dict[tuple[UUID, datetime], datetime]


@dataclass(frozen=True, slots=True)
class Row:
    """A window in a list: `status` and `state` say where it stands, `running_until` while it is under way."""

    window: MaintenanceWindow
    words: str
    covers: str
    status: str
    state: str
    running_until: datetime | None
    next: Occurrence | None


def real_ends(windows: Sequence[MaintenanceWindow], since: datetime) -> Real:
    """What people did to single occurrences, and what is planned, from that moment on."""
    with connection.cursor() as cursor:
        cursor.execute(REAL, [scoping.current().no, [window.pk for window in windows], since, since])
        return {(window, starts): ends for window, starts, ends, _ in cursor.fetchall()}


def rows(windows: Sequence[MaintenanceWindow], now: datetime) -> list[Row]:
    """What is under way first, then what comes next, then what is paused or over."""
    under_way = {one.window_id: one.ends for one in occurring.running(now)}
    real = real_ends(windows, now - timedelta(days=1))
    found = [_row(window, under_way.get(window.pk), real, now) for window in windows]
    order = {"maintenance": 0, "pending": 1, "paused": 2, OVER: 3}
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(
        found, key=lambda row: (order[row.status], row.next.start if row.next else far, row.window.name)
    )


def split(found: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Those that happen again, or could; and the newest of those that are over."""
    over = [row for row in found if row.status == OVER]
    newest = sorted(over, key=lambda row: row.window.created_at, reverse=True)[:OVER_SHOWN]
    return [row for row in found if row.status != OVER], newest


def _row(window: MaintenanceWindow, until: datetime | None, real: Real, now: datetime) -> Row:
    coming = next(
        (one for one in upcoming(window, now, real, 3) if one.start > now and one.end > one.start), None
    )
    if window.paused_at:
        status, state = "paused", "Paused"
    elif until:
        status, state = "maintenance", "Under way"
    elif coming:
        status, state = "pending", "Planned"
    else:
        status, state = OVER, "Over"
    return Row(window, words(window.schedule), covers(window), status, state, until, coming)


def upcoming(window: MaintenanceWindow, now: datetime, real: Real, most: int = UPCOMING) -> list[Occurrence]:
    """What is under way and what comes, as it will really end; those that are left out have no length."""
    found = []
    for one in occurrences(window.schedule, now, most + 1):
        end = real.get((window.pk, one.start), one.end)
        if end > now:
            found.append(Occurrence(one.start, end, one.local, one.shift))
    return found[:most]


def next_ten(window: MaintenanceWindow, now: datetime, zone: str) -> list[Shown]:
    real = real_ends([window], now - timedelta(days=1))
    return [shown(one, window.schedule, zone) for one in upcoming(window, now, real)]


def past(window: MaintenanceWindow, now: datetime) -> list[tuple[datetime, datetime]]:
    """When it took effect before, newest first; what is under way is among them."""
    with connection.cursor() as cursor:
        cursor.execute(PAST, [scoping.current().no, window.pk, now, PAST_SHOWN])
        return [(starts, ends) for starts, ends in cursor.fetchall()]


def covered(window: MaintenanceWindow) -> tuple[int, list[Monitor]]:
    """How many monitors it covers now, and the first of them by name."""
    numbers = occurring.covered([window.pk])[window.pk]
    return len(numbers), list(Monitor.objects.filter(no__in=numbers).order_by("name")[:COVERED_SHOWN])


def covers(window: MaintenanceWindow) -> str:
    if window.everything:
        return "all monitors"
    parts = [f"tag {tag}" for tag in window.tags]
    if number := len(window.monitors.all()):
        parts.append("1 monitor" if number == 1 else f"{number:,} monitors")
    return ", ".join(parts) or "nothing any more"
