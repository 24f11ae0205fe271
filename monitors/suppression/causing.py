"""Find what holds outages back: maintenance first, then a parent, then the members of a group. Set-based."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from monitors.facts import Suppression
from monitors.maintenance.occurring import covering
from monitors.members import judge
from monitors.models import Monitor
from monitors.suppression import holding
from monitors.suppression.deciding import FAILS, Held
from monitors.suppression.parents import Parent, cause, is_stale, parents
from monitors.suppression.used import ANYTHING, Used
from monitors.telemetry.models import LiveState, Status
from pulse import scoping


@dataclass(frozen=True, slots=True)
class Outage:
    """When it began and when it was confirmed."""

    began: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Causes:
    """What holds each of the outages back; all parents that were looked at, and those to be asked again.

    `doubts` are those whose parent may turn out to work yet.
    """

    by_number: Mapping[int, Suppression]
    parents: Mapping[int, list[Parent]]
    to_ask: frozenset[int]
    doubts: frozenset[int]


def causes(outages: Mapping[int, Outage], now: datetime, around: Used = ANYTHING) -> Causes:
    """Of these monitors of the current organisation, in a number of queries that does not grow with them.

    What the organisation does not use is not looked for.
    """
    found = covering(outages, now) if around.maintenance else {}
    rest = {no: outage for no, outage in outages.items() if no not in found}
    above = parents(rest) if around.dependencies else {}
    for no, some in above.items():
        if by := cause(some, rest[no].began, rest[no].at, now):
            found[no] = by
    doubts = frozenset(
        no for no in above if no in found and not any(one.status in FAILS for one in above[no])
    )
    to_ask = frozenset(
        parent.no for no, some in above.items() for parent in some if is_stale(parent, rest[no].began)
    )
    if around.groups:
        found |= _of_groups([no for no in rest if no not in found])
    return Causes(found, above, to_ask, doubts)


def _of_groups(numbers: Collection[int]) -> dict[int, Suppression]:
    """A group that would work but for members whose outages are held back is held back with them."""
    groups = list(Monitor.objects.filter(kind=Monitor.GROUP, no__in=numbers).prefetch_related("members"))
    if not groups:
        return {}
    members = {member.no for group in groups for member in group.members.all()}
    held = holding.of(members)
    if not held:
        return {}
    heads = LiveState.objects.filter(tenant_no=scoping.current().no, monitor_no__in=members, is_head=True)
    statuses = {row.monitor_no: Status(row.status) for row in heads if row.enabled}
    found = {}
    for group in groups:
        if by := _first_held(group, statuses, held):
            found[group.no] = by
    return found


def _first_held(
    group: Monitor, statuses: Mapping[int, Status], held: Mapping[int, Held]
) -> Suppression | None:
    mine = [member for member in group.members.all() if member.no in held]
    others = {
        member.name: statuses.get(member.no, Status.PENDING)
        for member in group.members.all()
        if member.no not in held
    }
    if not mine or judge(group.config["rule"], group.config.get("needed") or 1, others).status is Status.DOWN:
        return None
    return held[mine[0].no].by
