"""Read what an organisation says about telling, and how rules see its monitors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.db import connection

from monitors.models import Monitor
from notifications import hours
from notifications.models import NotificationChannel, Rule
from notifications.routing import RuleView, Traits
from pulse import scoping

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
    AND event = 'incident.opened' AND purpose = 'rule' AND state <> 'cancelled'
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
    def looks_closer(self) -> bool:
        """Whether any rule asks for tags or groups: else nobody needs to look them up."""
        return any(rule.tags or rule.groups for rule in self.rules)


def read_ruling() -> Ruling:
    found = Rule.objects.filter(enabled=True).prefetch_related("channels", "monitors", "groups")
    return Ruling([_view(rule) for rule in found], NotificationChannel.objects.in_bulk())


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


def _view(rule: Rule) -> RuleView:
    return RuleView(
        rule.name,
        frozenset(rule.on),
        frozenset(channel.pk for channel in rule.channels.all()),
        None if rule.all_monitors else frozenset(monitor.no for monitor in rule.monitors.all()),
        id=rule.pk,
        tags=frozenset(rule.tags),
        groups=frozenset(group.no for group in rule.groups.all()),
        severities=frozenset(rule.severities),
        delay=timedelta(seconds=rule.delay_seconds),
        cooldown=timedelta(seconds=rule.cooldown_seconds) if rule.cooldown_seconds else None,
        digest=timedelta(seconds=rule.digest_seconds),
        hours=hours.load(rule.hours),
        policy=rule.policy_id,
    )
