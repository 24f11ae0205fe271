"""Read what monitors were in a stretch of time: changes, gaps and what is overdue now, in one query for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from monitors.statuses import Status
from monitors.telemetry.claiming import moment
from monitors.uptime import DAY, Change, Span, Stretch, in_all, spans
from pulse import scoping

# A worker that restarts is no outage of the measuring; more than this and uptime shows it.
OVERDUE_AFTER = timedelta(seconds=15)
CHANGE, GAP, PLACE = 0, 1, 2
# The last change before the stretch says what it began with: one index look-up for each monitor. A gap that goes on
# for longer than a day has a row of its own for each day.
COURSE = """
SELECT {change}, monitor_no, no, (extract(epoch FROM at) * 1000000)::bigint, NULL::bigint, status
FROM telemetry_statechange
WHERE tenant_no = %(tenant)s AND monitor_no = ANY(%(numbers)s) AND at >= %(start)s AND at < %(end)s
UNION ALL
SELECT {change}, monitor_no, no, (extract(epoch FROM at) * 1000000)::bigint, NULL, status
FROM unnest(%(numbers)s::bigint[]) AS asked(number) CROSS JOIN LATERAL (
    SELECT no, monitor_no, at, status FROM telemetry_statechange
    WHERE tenant_no = %(tenant)s AND monitor_no = asked.number AND at < %(start)s
    ORDER BY at DESC, no DESC LIMIT 1) before
"""
GAPS = """
SELECT {gap}, monitor_no, location, (extract(epoch FROM slot) * 1000000)::bigint,
    (extract(epoch FROM until) * 1000000)::bigint, NULL::smallint
FROM telemetry_gap
WHERE tenant_no = %(tenant)s AND monitor_no = ANY(%(numbers)s) AND slot < %(end)s AND until > %(start)s
    AND slot >= %(day_before)s
"""
PLACES = """
SELECT {place}, monitor_no, location,
    (extract(epoch FROM CASE WHEN lease_until IS NULL THEN next_due_at ELSE slot END) * 1000000)::bigint,
    (extract(epoch FROM coalesce(lease_until, next_due_at)) * 1000000)::bigint, NULL::smallint
FROM telemetry_livestate
WHERE tenant_no = %(tenant)s AND monitor_no = ANY(%(numbers)s) AND location <> 0
"""
GAPS = GAPS.format(gap=GAP)
PLACES = PLACES.format(place=PLACE)
COURSE = " UNION ALL ".join((COURSE.format(change=CHANGE), GAPS, PLACES))
STATUSES = {int(status): status for status in Status}
Row = Sequence[Any]  # what it is, number or location, from, until (microseconds since the epoch), status


class Story:
    """What is known of one monitor, as rows come in."""

    def __init__(self) -> None:
        self.changes: list[tuple[datetime, int, Status]] = []
        self.gaps: defaultdict[int, list[Stretch]] = defaultdict(list)
        self.places: list[int] = []

    def take(self, row: Row, now: datetime) -> None:
        what, number, start, end, status = row
        if what == CHANGE:
            self.changes.append((moment(start), number, STATUSES[status]))
        elif what == GAP:
            self.gaps[number].append(Stretch(moment(start), moment(end)))
        else:
            self.places.append(number)
            # Nobody came yet to write the gap down: the checks that are overdue now were not done.
            if start is not None and moment(end) + OVERDUE_AFTER < now:
                self.gaps[number].append(Stretch(moment(start), now))

    def covered(self, start: datetime, end: datetime) -> list[Span]:
        """Where several places watch, only what all of them missed was not measured."""
        self.changes.sort()
        changes = [Change(at, status) for at, _, status in self.changes if at < end]
        places = self.places or list(self.gaps)
        return spans(changes, in_all([self.gaps[place] for place in places]), start, end)


def course(
    numbers: Collection[int], start: datetime, end: datetime, now: datetime | None = None
) -> dict[int, list[Span]]:
    """By monitor number, what each monitor of the current organisation was in [start, end), without a hole.

    `now`, where it is not `end`, tells what is overdue.
    """
    values: dict[str, Any] = {
        "tenant": scoping.current().no, "numbers": list(numbers), "start": start, "end": end, "day_before": start - DAY,
    }  # fmt: skip
    stories = {number: Story() for number in numbers}
    with connection.cursor() as cursor:
        cursor.execute(COURSE, values)
        for what, number, *row in cursor.fetchall():
            stories[number].take((what, *row), now or end)
    return {number: story.covered(start, end) for number, story in stories.items()}
