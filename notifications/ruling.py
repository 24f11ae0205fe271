"""Read what an organisation says about telling, and how rules see its monitors."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection

from monitors.models import Monitor
from notifications import hours
from notifications.models import NotificationChannel
from notifications.routing import RuleView, Traits
from pulse import scoping

RULES = """
SELECT r.id, r.name, r."on", r.all_monitors, r.tags, r.severities, r.delay_seconds, r.cooldown_seconds,
    r.digest_seconds, r.hours, r.policy_id,
    ARRAY(SELECT notificationchannel_id FROM notifications_rule_channels c WHERE c.rule_id = r.id) AS channels,
    ARRAY(SELECT m.no FROM notifications_rule_monitors j JOIN monitors_monitor m ON m.id = j.monitor_id
        WHERE j.rule_id = r.id) AS monitors,
    ARRAY(SELECT m.no FROM notifications_rule_groups j JOIN monitors_monitor m ON m.id = j.monitor_id
        WHERE j.rule_id = r.id) AS groups
FROM notifications_rule r WHERE r.enabled ORDER BY r.id DESC
"""
# Groups may hold groups; a circle is refused where they are saved, and would end here all the same.
HOLDERS = """
WITH RECURSIVE held AS (
    SELECT m.no AS member, j.from_monitor_id AS holder FROM monitors_monitor_members j
    JOIN monitors_monitor m ON m.id = j.to_monitor_id WHERE m.no = ANY(%s)
    UNION
    SELECT held.member, j.from_monitor_id FROM held JOIN monitors_monitor_members j ON j.to_monitor_id = held.holder
)
SELECT held.member, g.no FROM held JOIN monitors_monitor g ON g.id = held.holder
"""
LAST_TOLD = """
SELECT rule_id, max(created_at) FROM public.ledger_delivery
WHERE tenant_no = %s AND monitor_no = ANY(%s) AND rule_id = ANY(%s) AND created_at > %s
    AND event = 'incident.opened' AND purpose IN ('rule', 'policy') AND state <> 'cancelled'
GROUP BY rule_id
"""


@dataclass(frozen=True)
class Ruling:
    """What an organisation says about telling, read once per batch."""

    rules: list[RuleView]
    channels: dict[UUID, NotificationChannel]

    @cached_property
    def working(self) -> frozenset[UUID]:
        return frozenset(pk for pk, channel in self.channels.items() if channel.disabled_at is None)

    @cached_property
    def instead(self) -> dict[UUID, UUID]:
        """Of channels that are switched off the first working one after them."""
        found = {}
        for pk in self.channels.keys() - self.working:
            seen, other = {pk}, self.channels[pk].fallback_id
            while other in self.channels and other not in self.working and other not in seen:
                seen.add(other)
                other = self.channels[other].fallback_id
            if other in self.working:
                found[pk] = other
        return found

    @cached_property
    def looks_closer(self) -> bool:
        """Whether any rule asks for tags or groups: else nobody needs to look them up."""
        return any(rule.tags or rule.groups for rule in self.rules)


def read_ruling(*, hold: bool = False) -> Ruling:
    """In two queries: every batch of every organisation begins with them, and the ORM's way would be six.

    With `hold` no channel can be changed, switched off or deleted before the transaction ends. They are held before
    any message is, and in their order, as by whoever deletes one.
    """
    with connection.cursor() as cursor:
        cursor.execute(RULES)
        names = [column.name for column in cursor.description or ()]
        rules = [_view(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
    channels = NotificationChannel.objects.order_by("pk")
    return Ruling(rules, (channels.select_for_update(no_key=True) if hold else channels).in_bulk())


def traits_of(ruling: Ruling, numbers: Collection[int]) -> list[Traits]:
    """The monitors as rules look at them, in two queries at most however many there are."""
    if not ruling.looks_closer or not numbers:
        return [Traits(no) for no in sorted(numbers)]
    tags = dict(Monitor.objects.filter(no__in=numbers).values_list("no", "tags"))
    holders: defaultdict[int, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(HOLDERS, [list(numbers)])
        for member, holder in cursor.fetchall():
            holders[member].add(holder)
    return [Traits(no, frozenset(tags.get(no, ())), frozenset(holders[no])) for no in sorted(numbers)]


def last_told(
    rules: Collection[RuleView], numbers: Collection[int], now: datetime
) -> Mapping[UUID | None, datetime]:
    """When each rule with a cooldown last told of one of these monitors."""
    cooling = {rule.id: rule.cooldown for rule in rules if rule.cooldown}
    if not cooling or not numbers:
        return {}
    oldest = now - max(cooling.values())
    with connection.cursor() as cursor:
        cursor.execute(LAST_TOLD, [scoping.current().no, list(numbers), list(cooling), oldest])
        return dict(cursor.fetchall())


def _view(row: Mapping[str, Any]) -> RuleView:
    stored = json.loads(row["hours"]) if isinstance(row["hours"], str) else row["hours"]
    return RuleView(
        row["name"],
        frozenset(row["on"]),
        frozenset(row["channels"]),
        None if row["all_monitors"] else frozenset(row["monitors"]),
        id=row["id"],
        tags=frozenset(row["tags"]),
        groups=frozenset(row["groups"]),
        severities=frozenset(row["severities"]),
        delay=timedelta(seconds=row["delay_seconds"]),
        cooldown=timedelta(seconds=row["cooldown_seconds"]) if row["cooldown_seconds"] else None,
        digest=timedelta(seconds=row["digest_seconds"]),
        hours=hours.load(stored),
        policy=row["policy_id"],
    )
