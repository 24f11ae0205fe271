"""Write ahead when windows happen, begin and end them: rows of `telemetry_maintenance`, in the organisation's scope.

The next occurrence of each window is a row before it begins, so whether a monitor is covered is a question of time
alone. Beginning and ending it only tells pages, and plans the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import connection

from monitors.maintenance import occurring
from monitors.maintenance.model import MaintenanceWindow
from monitors.maintenance.recurring import Occurrence, occurrences
from pulse import scoping

LOOKED_AT = 50  # so many may be left out one after the other
INSERT = """
INSERT INTO telemetry_maintenance (window_id, tenant_no, name, starts, ends, due_at)
VALUES (%(window)s, %(tenant)s, %(name)s, %(starts)s, %(ends)s, %(starts)s) ON CONFLICT (window_id, starts) DO NOTHING
"""
UNPLAN = "DELETE FROM telemetry_maintenance WHERE window_id = %s AND tenant_no = %s AND NOT has_begun"
# The newest one that has begun, over or not: an occurrence is never begun twice.
NEWEST = """
SELECT no, starts, ends FROM telemetry_maintenance
WHERE window_id = %s AND tenant_no = %s AND has_begun AND (%s OR ends > starts) ORDER BY starts DESC LIMIT 1 FOR UPDATE
"""
RENAME = """
UPDATE telemetry_maintenance SET name = %s WHERE window_id = %s AND tenant_no = %s AND due_at IS NOT NULL
"""
# Of no length, and over: nothing was in maintenance by it, and it is never begun.
SKIP = """
INSERT INTO telemetry_maintenance (window_id, tenant_no, name, starts, ends, has_begun)
VALUES (%s, %s, %s, %s, %s, true) ON CONFLICT (window_id, starts) DO NOTHING
"""
SET_END = (
    "UPDATE telemetry_maintenance SET ends = %s, due_at = %s, name = %s WHERE no = %s AND tenant_no = %s"
)
DUE = """
SELECT no, window_id, starts, ends, has_begun FROM telemetry_maintenance
WHERE tenant_no = %s AND due_at <= %s ORDER BY no FOR UPDATE SKIP LOCKED
"""
BEGIN = """
UPDATE telemetry_maintenance SET has_begun = true, due_at = ends, everything = %s, numbers = %s::bigint[]
WHERE no = %s AND tenant_no = %s
"""
# Whoever was covered at the beginning or at the end was in maintenance.
END = """
UPDATE telemetry_maintenance SET due_at = NULL, everything = everything OR %s,
    numbers = ARRAY(SELECT DISTINCT unnest(numbers || %s::bigint[]) ORDER BY 1)
WHERE no = %s AND tenant_no = %s
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """The newest occurrence of a window that has begun; `ends` in the past when it is over."""

    no: int
    starts: datetime
    ends: datetime


def plan(window: MaintenanceWindow, now: datetime) -> None:
    """Write the window's next occurrence, and the one under way if nothing has begun it yet.

    Called whenever a window was saved or an occurrence has begun. One that has begun already stays as it is.
    """
    with connection.cursor() as cursor:
        cursor.execute(UNPLAN, [window.pk, scoping.current().no])
    if window.paused_at:
        return
    begun = newest(window.pk, or_skipped=True)
    for occurrence in occurrences(window.schedule, now, LOOKED_AT):
        if begun and occurrence.start <= begun.starts:
            continue
        _insert(window, occurrence)
        if occurrence.start > now:
            return


def replan(window: MaintenanceWindow, now: datetime) -> None:
    """After its times were edited, or it was paused or resumed: what is under way goes on only where they say so."""
    begun = newest(window.pk)
    same = _same(window, begun, now) if begun and not window.paused_at else None
    if begun and begun.ends > now:
        set_end(begun, same.end if same else now, window.name)
    plan(window, now)
    if begun and begun.ends <= now and same:  # cut short before, and now its times cover this moment again
        _insert(window, replace(same, start=now))


def rename(window: MaintenanceWindow) -> None:
    """What is planned or under way goes by the new name; the past keeps the old one."""
    with connection.cursor() as cursor:
        cursor.execute(RENAME, [window.name, window.pk, scoping.current().no])


def skip(window: MaintenanceWindow, now: datetime) -> datetime | None:
    """Have the next occurrence lie behind, as if it had been none; when it would have started."""
    following = next(
        (one for one in occurrences(window.schedule, now, LOOKED_AT) if _is_ahead(window, one, now)), None
    )
    if following is None or window.paused_at:
        return None
    with connection.cursor() as cursor:
        cursor.execute(UNPLAN, [window.pk, scoping.current().no])
        values = [window.pk, scoping.current().no, window.name, following.start, following.start]
        cursor.execute(SKIP, values)
    plan(window, now)
    return following.start


def _is_ahead(window: MaintenanceWindow, occurrence: Occurrence, now: datetime) -> bool:
    begun = newest(window.pk, or_skipped=True)
    return occurrence.start > max(now, begun.starts if begun else now)


def _same(window: MaintenanceWindow, begun: Begun, now: datetime) -> Occurrence | None:
    """The occurrence that the times have now and that covers what has begun."""
    found = occurrences(window.schedule, now, 2)
    return next((one for one in found if one.start <= begun.starts < one.end and one.covers(now)), None)


def newest(window: UUID, *, or_skipped: bool = False) -> Begun | None:
    """What began last, over or not; or what was left out, if that lies further ahead."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [window, scoping.current().no, or_skipped])
        row = cursor.fetchone()
    return Begun(*row) if row else None


def set_end(begun: Begun, ends: datetime, name: str) -> None:
    """Move the end of an occurrence; the sweep looks at it then, at once if that is over."""
    with connection.cursor() as cursor:
        cursor.execute(SET_END, [ends, ends, name, begun.no, scoping.current().no])


def begin_and_end(now: datetime) -> set[int]:
    """Begin and end what is due in the current organisation; the monitors whose overlay changes by it."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, [scoping.current().no, now])
        due = cursor.fetchall()
    if not due:
        return set()
    windows = MaintenanceWindow.objects.in_bulk({row[1] for row in due})
    by_window = occurring.covered(list(windows))
    changed: set[int] = set()
    for no, window_id, _, ends, has_begun in due:
        window, numbers = windows.get(window_id), by_window.get(window_id, set())
        if not has_begun:
            _mark(BEGIN, no, window, numbers)
        if has_begun or ends <= now:
            _mark(END, no, window, numbers)
        changed |= numbers
        if window and not has_begun:
            plan(window, now)
    return changed


def forget(window: MaintenanceWindow, now: datetime) -> set[int]:
    """Before it is deleted: what is planned goes, what is under way ends now; the monitors that it covered."""
    numbers = occurring.covered([window.pk])[window.pk]
    with connection.cursor() as cursor:
        cursor.execute(UNPLAN, [window.pk, scoping.current().no])
    begun = newest(window.pk)
    if begun and begun.ends > now:
        set_end(begun, now, window.name)
        _mark(END, begun.no, window, numbers)
    return numbers


def _insert(window: MaintenanceWindow, occurrence: Occurrence) -> None:
    values = {
        "window": window.pk, "tenant": scoping.current().no, "name": window.name, "starts": occurrence.start,
        "ends": occurrence.end,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)


def _mark(
    statement: str, no: int, window: MaintenanceWindow | None, numbers: Sequence[int] | set[int]
) -> None:
    is_everything = bool(window and window.everything)
    kept = [] if is_everything else sorted(numbers)
    with connection.cursor() as cursor:
        cursor.execute(statement, [is_everything, kept, no, scoping.current().no])
