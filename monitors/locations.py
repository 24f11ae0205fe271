"""Combine what several locations say of a monitor into its status: k of n, in the transaction of a change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from monitors import live
from monitors.evaluation import combine
from monitors.facts import MonitorChangedStatus
from monitors.judging import Judged
from monitors.models import Monitor
from monitors.reading import OVERDUE_AFTER
from monitors.suppression.telling import tell
from monitors.telemetry.heads import Settled, lock_heads, organisations_with_heads, settle
from monitors.telemetry.models import TOGETHER, LiveState, Status
from pulse import scoping
from pulse.scoping import in_tenant


def settle_locations(
    heads: Mapping[int, Status], items: Sequence[Judged], now: datetime
) -> list[MonitorChangedStatus]:
    """The changes that follow for monitors with several locations, written; their heads are locked.

    The first good result of a new monitor is written too, but tells nobody.
    """
    concerned = {item.check.monitor_no: item for item in items if item.check.monitor_no in heads}
    if not concerned:
        return []
    rows = _rows(concerned)
    settled = [
        change
        for number, item in concerned.items()
        if (
            change := _change(
                number,
                heads[number],
                rows[number],
                item.result.spec.quorum,
                item.check.slot,
                item.result.outcome.detail,
                now,
            )
        )
    ]
    settle(settled)
    return _told(heads, settled, now)


def recount(monitors: Sequence[Monitor], now: datetime) -> None:
    """Let the locations of these monitors vote anew: an edit took one away, or one has fallen silent.

    Those of which nothing is known yet keep their status.
    """
    quorums = {
        monitor.no: monitor.quorum for monitor in monitors if monitor.enabled and len(monitor.locations) > 1
    }
    heads = lock_heads(quorums)
    rows = _rows(heads)
    settled = []
    for number, before in heads.items():
        detail = next((row.last_detail for row in rows[number] if row.status == Status.DOWN), "")
        change = _change(number, before, rows[number], quorums[number], now, detail, now)
        if change and change.status not in (Status.PENDING, Status.UNKNOWN):
            settled.append(change)
    settle(settled)
    live.announce(scoping.current(), [row.monitor_no for row in settled])
    tell(_told(heads, settled, now))


def recount_everywhere() -> None:
    """Every monitor with several locations, of every organisation."""
    for organisation in organisations_with_heads():
        with in_tenant(organisation), transaction.atomic():
            recount(list(Monitor.objects.filter(enabled=True, locations__len__gt=1)), timezone.now())


def _rows(numbers: Iterable[int]) -> defaultdict[int, list[LiveState]]:
    rows: defaultdict[int, list[LiveState]] = defaultdict(list)
    found = LiveState.objects.filter(tenant_no=scoping.current().no, monitor_no__in=list(numbers))
    for row in found.exclude(location=TOGETHER):
        rows[row.monitor_no].append(row)
    return rows


def _told(
    heads: Mapping[int, Status], settled: Sequence[Settled], now: datetime
) -> list[MonitorChangedStatus]:
    return [
        MonitorChangedStatus(row.monitor_no, heads[row.monitor_no], row.status, row.since, now, row.detail)
        for row in settled
        if (heads[row.monitor_no], row.status) != (Status.PENDING, Status.UP)
    ]


def _change(
    number: int,
    before: Status,
    rows: Sequence[LiveState],
    quorum: int,
    at: datetime,
    detail: str,
    now: datetime,
) -> Settled | None:
    after = combine([_vote(row, now) for row in rows], quorum)
    if after is before:
        return None
    down = sorted(row.first_failed_slot or row.status_since for row in rows if row.status == Status.DOWN)
    since = at
    if after is Status.DOWN and down:
        since = down[min(quorum, len(down)) - 1]  # from then on enough locations saw it
    words = f"{len(down)} of {len(rows)} locations: {detail}" if down else ""
    if after is Status.UNKNOWN:
        words = detail
    return Settled(number, after, since, words[:200])


def _vote(row: LiveState, now: datetime) -> Status:
    """A place where nobody measures any more says nothing, whatever it said last."""
    expected = row.lease_until or row.next_due_at
    is_silent = expected is not None and expected + OVERDUE_AFTER < now
    return Status.UNKNOWN if is_silent else Status(row.status)
