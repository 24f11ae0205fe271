"""Work out how a group stands from its members: all of them, any, or so many must work."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from monitors import live
from monitors.facts import MonitorChangedStatus, MonitorStopped
from monitors.models import Monitor
from monitors.telemetry.heads import Settled, lock_heads, settle
from monitors.telemetry.models import LiveState, Status
from pulse import facts, scoping
from pulse.scoping import in_tenant
from tenants.models import Organisation

WORKS = (Status.UP, Status.DEGRADED)
KNOWN = (*WORKS, Status.DOWN, Status.FLAPPING)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a group stands, and why in words."""

    status: Status
    detail: str


def judge(rule: str, needed: int, members: Mapping[str, Status]) -> Standing:
    """Pure. `rule` is "all", "any" or "at_least" with `needed`; `members` are statuses by name.

    Members of which nothing is known (paused, new, unmeasured) do not count, and no more are asked for than
    there are known ones.
    """
    known = {name: status for name, status in members.items() if status in KNOWN}
    if not known:
        return Standing(Status.PENDING, "")
    wanted = {"all": len(known), "any": 1}.get(rule, max(1, min(needed, len(known))))
    working = sum(status in WORKS for status in known.values())
    failing = [name for name, status in known.items() if status not in WORKS]
    words = f"{working} of {len(known)} work" + (f"; not {', '.join(failing[:5])}" if failing else "")
    if working < wanted:
        return Standing(Status.DOWN, words[:200])
    sound = all(status is Status.UP for status in known.values())
    return Standing(Status.UP, "") if sound else Standing(Status.DEGRADED, words[:200])


def register() -> None:
    facts.on(MonitorChangedStatus)(follow)
    facts.on(MonitorStopped)(follow)


def follow(changes: Sequence[MonitorChangedStatus | MonitorStopped]) -> None:
    """Have the groups of these monitors follow, in the transaction of the change."""
    settle_groups_of([change.monitor_no for change in changes], max(change.at for change in changes))


def settle_groups_of(numbers: Collection[int], now: datetime) -> None:
    groups = Monitor.objects.filter(kind=Monitor.GROUP, enabled=True, members__no__in=numbers).distinct()
    settle_groups(list(groups.prefetch_related("members")), now)


def settle_groups(groups: Sequence[Monitor], now: datetime) -> None:
    """Write the status of these groups where it changed, and emit the change; groups of groups follow by it."""
    before = lock_heads([group.no for group in groups])
    if not before:
        return
    members = {member.no for group in groups for member in group.members.all()}
    heads = LiveState.objects.filter(tenant_no=scoping.current().no, monitor_no__in=members, is_head=True)
    statuses = {row.monitor_no: Status(row.status) if row.enabled else Status.PENDING for row in heads}
    settled = []
    for group in groups:
        names = {member.name: statuses.get(member.no, Status.PENDING) for member in group.members.all()}
        standing = judge(group.config["rule"], group.config.get("needed") or 1, names)
        if group.no in before and standing.status is not before[group.no]:
            settled.append(Settled(group.no, standing.status, now, standing.detail))
    settle(settled)
    live.announce(scoping.current(), [row.monitor_no for row in settled])
    told = [row for row in settled if (before[row.monitor_no], row.status) != (Status.PENDING, Status.UP)]
    facts.emit(
        [
            MonitorChangedStatus(row.monitor_no, before[row.monitor_no], row.status, now, now, row.detail)
            for row in told
        ]
    )


def settle_everywhere() -> None:
    """Look at every group of every organisation anew: what an accident left behind is mended within the hour."""
    for organisation in Organisation.objects.filter(state=Organisation.State.READY):
        with in_tenant(organisation), transaction.atomic():
            groups = Monitor.objects.filter(kind=Monitor.GROUP, enabled=True).prefetch_related("members")
            settle_groups(list(groups), timezone.now())


def would_circle(group: UUID | None, members: Collection[UUID]) -> bool:
    """Whether these members would make the group contain itself, directly or through other groups."""
    if group is None:
        return False
    seen: set[UUID] = set()
    waiting = set(members)
    while waiting:
        if group in waiting:
            return True
        seen |= waiting
        inner = Monitor.members.through.objects.filter(from_monitor_id__in=waiting)
        waiting = set(inner.values_list("to_monitor_id", flat=True)) - seen
    return False
