"""Have groups follow their members, in the transaction of a change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from monitors import live
from monitors.facts import MonitorChangedStatus, MonitorStopped
from monitors.members import judge
from monitors.models import Monitor
from monitors.suppression.telling import tell
from monitors.suppression.used import used
from monitors.telemetry.heads import Settled, lock_heads, organisations_with_heads, settle
from monitors.telemetry.models import LiveState, Status
from pulse import facts, scoping
from pulse.fields import ConfigError
from pulse.scoping import in_tenant

LEVELS_AT_MOST = 5
_NESTING = 7_411  # the first key of the advisory lock


def register() -> None:
    facts.on(MonitorChangedStatus)(follow)
    facts.on(MonitorStopped)(follow)


def follow(changes: Sequence[MonitorChangedStatus | MonitorStopped]) -> None:
    """Have the groups of these monitors follow, in the transaction of the change."""
    settle_groups_of([change.monitor_no for change in changes], max(change.at for change in changes))


def settle_groups_of(numbers: Collection[int], now: datetime) -> None:
    if not used(now).groups:
        return
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
    # Of a new group too that it works: one whose members were all paused may have been down before.
    tell(
        [
            MonitorChangedStatus(row.monitor_no, before[row.monitor_no], row.status, now, now, row.detail)
            for row in settled
        ]
    )


def settle_everywhere() -> None:
    """Look at every group of every organisation anew: what an accident left behind is mended within minutes."""
    for organisation in organisations_with_heads():
        with in_tenant(organisation), transaction.atomic():
            groups = Monitor.objects.filter(kind=Monitor.GROUP, enabled=True).prefetch_related("members")
            settle_groups(list(groups), timezone.now())


def refuse_circle(monitor: UUID | None, members: Collection[UUID]) -> None:
    """Raises ConfigError where these members would make a group contain itself, or nest groups too deeply.

    Each level is settled by statements of its own, in the transaction that records a member's change.
    """
    below = _levels(members, "from_monitor_id", "to_monitor_id", monitor)
    above = _levels([monitor], "to_monitor_id", "from_monitor_id", None) if monitor else 1
    if below is None:
        raise ConfigError([("/members", "Choose other members: the group would contain itself.")])
    if above is None or below + above > LEVELS_AT_MOST + 1:
        raise ConfigError([("/members", f"Choose other members: groups nest at most {LEVELS_AT_MOST} deep.")])


def _levels(start: Collection[UUID], known: str, wanted: str, unwanted: UUID | None) -> int | None:
    """How many levels there are from these on, themselves included; None where `unwanted` is among them.

    Stops counting once there are more than may be.
    """
    waiting, levels = set(start), 0
    while waiting and levels <= LEVELS_AT_MOST + 1:
        if unwanted in waiting:
            return None
        levels += 1
        inner = Monitor.members.through.objects.filter(**{f"{known}__in": waiting})
        waiting = set(inner.values_list(wanted, flat=True))
    return levels


def lock_nesting() -> None:
    """One edit of an organisation's groups at a time: two that each are fine could make a circle together."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_NESTING, scoping.current().no])
