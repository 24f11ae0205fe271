"""What monitors depend on, at any level, and whether that holds their outages back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from monitors.facts import Suppression
from monitors.suppression.deciding import FAILS, WORKS
from monitors.telemetry.models import Status
from pulse import scoping

LEVELS_AT_MOST = 5
# A check that was asked for is answered after its timeout, and what a worker takes beside it.
ANSWERED_WITHIN = timedelta(seconds=10)
PARENTS = """
WITH RECURSIVE up (child_no, id, level) AS (
    SELECT m.no, d.to_monitor_id, 1 FROM monitors_monitor m
    JOIN monitors_monitor_depends_on d ON d.from_monitor_id = m.id WHERE m.no = ANY(%(numbers)s)
    UNION SELECT u.child_no, d.to_monitor_id, u.level + 1 FROM up u
    JOIN monitors_monitor_depends_on d ON d.from_monitor_id = u.id WHERE u.level < %(levels)s
)
SELECT u.child_no, p.id, p.name, p.no, h.status, h.status_since, x.failures, x.last_slot, x.is_probed,
    p.down_after, coalesce(p.retry_seconds, p.interval_seconds), p.timeout_seconds
FROM (SELECT child_no, id, min(level) AS level FROM up GROUP BY 1, 2) u
JOIN monitors_monitor p ON p.id = u.id AND p.enabled
JOIN telemetry_livestate h ON h.monitor_no = p.no AND h.is_head AND h.tenant_no = %(tenant)s
JOIN LATERAL (
    SELECT max(failures) AS failures, max(last_slot) AS last_slot, bool_or(location > 0) AS is_probed
    FROM telemetry_livestate WHERE monitor_no = p.no AND tenant_no = %(tenant)s
) x ON true
ORDER BY u.child_no, u.level, p.no
"""


@dataclass(frozen=True, slots=True)
class Parent:
    """A monitor that another one depends on, and that is watched. `last_slot` is of its newest result."""

    child_no: int
    id: UUID
    name: str
    no: int
    status: Status
    since: datetime
    failures: int
    last_slot: datetime | None
    is_probed: bool
    down_after: int
    looks_again: timedelta
    timeout: timedelta

    @property
    def suppression(self) -> Suppression:
        return Suppression("parent", self.name, self.id)


def parents(numbers: Collection[int]) -> dict[int, list[Parent]]:
    """By child, the nearest first; paused ones are left out, for nobody watches them."""
    found: defaultdict[int, list[Parent]] = defaultdict(list)
    if not numbers:
        return found
    values = {"numbers": list(numbers), "levels": LEVELS_AT_MOST, "tenant": scoping.current().no}
    with connection.cursor() as cursor:
        cursor.execute(PARENTS, values)
        for (
            child,
            pk,
            name,
            no,
            status,
            since,
            failures,
            slot,
            is_probed,
            down_after,
            again,
            timeout,
        ) in cursor:
            found[child].append(
                Parent(
                    child, pk, name, no, Status(status), since, failures, slot, is_probed, down_after,
                    timedelta(seconds=again), timedelta(seconds=timeout),
                )
            )  # fmt: skip
    return found


def cause(above: Sequence[Parent], began: datetime, at: datetime, now: datetime) -> Suppression | None:
    """What holds back an outage that began then and was confirmed `at`: the nearest parent that is down.

    Else one that seems to be going down, for as long as it takes to know: its newest check failed, or was made
    before the outage began.
    """
    down = next((parent for parent in above if parent.status in FAILS), None)
    doubted = down or next((parent for parent in above if is_in_doubt(parent, began, at, now)), None)
    return doubted.suppression if doubted else None


def is_in_doubt(parent: Parent, began: datetime, at: datetime, now: datetime) -> bool:
    if parent.status not in WORKS:
        return False
    if parent.failures:
        return now < at + (parent.down_after + 1) * (parent.looks_again + parent.timeout)
    return is_stale(parent, began) and now < at + parent.timeout + ANSWERED_WITHIN


def is_stale(parent: Parent, began: datetime) -> bool:
    """Whether its newest result says nothing yet of the time in which the outage began."""
    return (
        parent.is_probed and parent.status in WORKS and (parent.last_slot is None or parent.last_slot < began)
    )
