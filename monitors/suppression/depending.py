"""Which monitors a monitor may depend on: none that would wait for itself, and not too many levels of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from monitors.models import Monitor
from monitors.suppression.parents import LEVELS_AT_MOST
from pulse.fields import ConfigError, FieldError

PARENTS_AT_MOST = 20
DEPENDS, HAS_MEMBER = "depends on", "has as a member"


def read(value: Any) -> list[str]:
    """Ids of monitors, sorted, without duplicates."""
    words = f"Write what it depends on as a list of at most {PARENTS_AT_MOST} ids of monitors."
    if not isinstance(value, list) or len(value) > PARENTS_AT_MOST:
        raise FieldError(words)
    try:
        return sorted({str(UUID(one)) for one in value})
    except (ValueError, TypeError, AttributeError):
        raise FieldError(words) from None


def of(monitor: Monitor) -> list[str]:
    """As `read` returns it. No query where `depends_on` was prefetched."""
    return sorted(str(parent.pk) for parent in monitor.depends_on.all())


def refuse(monitor: Monitor | None, name: str, parents: Collection[str], members: Collection[str]) -> None:
    """Raises ConfigError where one of `parents` does not exist, or the monitor would come to wait for itself.

    A group waits for its members too: it is down because they are. The complaint names the way round.
    """
    ids = [UUID(one) for one in parents]
    there = set(Monitor.objects.filter(pk__in=ids).values_list("pk", flat=True))
    if unknown := [one for one in ids if one not in there]:
        raise ConfigError([("/depends_on", f"There is no monitor {unknown[0]}.")])
    below = _levels([monitor.pk], "to_monitor_id", "from_monitor_id") if monitor else 1
    if ids and _levels(ids, "from_monitor_id", "to_monitor_id") + below > LEVELS_AT_MOST + 1:
        words = f"Choose other monitors: they depend on each other at most {LEVELS_AT_MOST} deep."
        raise ConfigError([("/depends_on", words)])
    if monitor is None:
        return
    first = {UUID(one): DEPENDS for one in parents} | {UUID(one): HAS_MEMBER for one in members}
    if way := _way_round(monitor.pk, first):
        names = dict(Monitor.objects.filter(pk__in=[one for one, _ in way]).values_list("pk", "name"))
        steps = _in_words(name, [(names.get(one, name), verb) for one, verb in way])
        pointer = "/depends_on" if way[0][1] == DEPENDS else "/config/members"
        raise ConfigError([(pointer, f"Choose other monitors: it would wait for itself ({steps}).")])


def _in_words(name: str, way: list[tuple[str, str]]) -> str:
    """`shop depends on db, db depends on shop`"""
    steps, at = [], name
    for following, verb in way:
        steps.append(f"{at} {verb} {following}")
        at = following
    return ", ".join(steps)


def _way_round(start: UUID, first: dict[UUID, str]) -> list[tuple[UUID, str]]:
    """The shortest way from `start` back to it, by these first steps: each monitor with the verb that led there."""
    came: dict[UUID, tuple[UUID, str]] = {one: (start, verb) for one, verb in first.items()}
    waiting = set(first)
    while waiting and start not in came:
        found: dict[UUID, tuple[UUID, str]] = {}
        for through, verb in ((Monitor.depends_on.through, DEPENDS), (Monitor.members.through, HAS_MEMBER)):
            rows = through.objects.filter(from_monitor_id__in=waiting)
            for one, other in rows.values_list("from_monitor_id", "to_monitor_id"):
                found.setdefault(other, (one, verb))
        found = {one: step for one, step in found.items() if one not in came}
        came |= found
        waiting = set(found)
    if start not in came:
        return []
    way: list[tuple[UUID, str]] = []
    at = start
    while not way or at != start:
        before, verb = came[at]
        way.append((at, verb))
        at = before
    return way[::-1]


def _levels(start: Collection[UUID], known: str, wanted: str) -> int:
    """How many levels there are from these on, themselves included; stops counting beyond what may be."""
    waiting, levels = set(start), 0
    while waiting and levels <= LEVELS_AT_MOST + 1:
        levels += 1
        rows = Monitor.depends_on.through.objects.filter(**{f"{known}__in": waiting})
        waiting = set(rows.values_list(wanted, flat=True))
    return levels
