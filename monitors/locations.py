"""Combine what several locations say of a monitor into its status: k of n, in the transaction of a change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from monitors.evaluation import combine
from monitors.facts import MonitorChangedStatus
from monitors.judging import Judged
from monitors.reading import OVERDUE_AFTER
from monitors.telemetry.heads import Settled, settle
from monitors.telemetry.models import TOGETHER, LiveState, Status
from pulse import scoping


def settle_locations(
    heads: Mapping[int, Status], items: Sequence[Judged], now: datetime
) -> list[MonitorChangedStatus]:
    """The changes that follow for monitors with several locations, written; their heads are locked.

    The first good result of a new monitor is written too, but tells nobody.
    """
    concerned = {item.check.monitor_no: item for item in items if item.check.monitor_no in heads}
    if not concerned:
        return []
    rows: defaultdict[int, list[LiveState]] = defaultdict(list)
    found = LiveState.objects.filter(tenant_no=scoping.current().no, monitor_no__in=concerned)
    for row in found.exclude(location=TOGETHER):
        rows[row.monitor_no].append(row)
    settled = [
        change
        for number, item in concerned.items()
        if (change := _change(heads[number], rows[number], item, now))
    ]
    settle(settled)
    return [
        MonitorChangedStatus(row.monitor_no, heads[row.monitor_no], row.status, row.since, now, row.detail)
        for row in settled
        if (heads[row.monitor_no], row.status) != (Status.PENDING, Status.UP)
    ]


def _change(before: Status, rows: Sequence[LiveState], item: Judged, now: datetime) -> Settled | None:
    quorum = item.result.spec.quorum
    after = combine([_vote(row, now) for row in rows], quorum)
    if after is before:
        return None
    down = sorted(row.first_failed_slot or row.status_since for row in rows if row.status == Status.DOWN)
    since = item.check.slot
    if after is Status.DOWN and down:
        since = down[min(quorum, len(down)) - 1]  # from then on enough locations saw it
    words = f"{len(down)} of {len(rows)} locations: {item.result.outcome.detail}" if down else ""
    return Settled(item.check.monitor_no, after, since, words[:200])


def _vote(row: LiveState, now: datetime) -> Status:
    """A place where nobody measures any more says nothing, whatever it said last."""
    expected = row.lease_until or row.next_due_at
    is_silent = expected is not None and expected + OVERDUE_AFTER < now
    return Status.UNKNOWN if is_silent else Status(row.status)
