"""What people do to rules: save and delete."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from notifications.models import Rule
from notifications.rule_reading import ALL, as_json, read
from pulse import live
from pulse.ids import uuid7
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Organisation

__all__ = ["ALL", "as_json", "create", "delete", "read", "update"]
# Set as they are read; the others are many rows each.
PLAIN = (
    "name", "tags", "policy", "on", "severities", "delay_seconds", "repeat_seconds", "cooldown_seconds",
    "digest_seconds", "hours", "enabled",
)  # fmt: skip


def create(organisation: Organisation, values: dict[str, Any], by: Actor) -> Rule:
    with transaction.atomic():
        rule = Rule(id=uuid7())
        _save(organisation, rule, values)
        record(organisation, by, "created", "rule", rule.pk, rule.name, as_json(rule))
    return rule


def update(organisation: Organisation, rule: Rule, values: dict[str, Any], by: Actor) -> Rule:
    with transaction.atomic():
        rule = Rule.objects.select_for_update().get(pk=rule.pk)
        before = as_json(rule)
        _save(organisation, rule, values)
        after = as_json(rule)
        changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
        if changes:
            record(organisation, by, "changed", "rule", rule.pk, rule.name, changes)
    return rule


def delete(organisation: Organisation, rule: Rule, by: Actor) -> None:
    """Deliveries already made of it go on: those who were told of an outage hear of its end."""
    with transaction.atomic():
        record(organisation, by, "deleted", "rule", rule.pk, rule.name, as_json(rule))
        rule.delete()
        live.publish(organisation.id, ["rules"])


def _save(organisation: Organisation, rule: Rule, values: dict[str, Any]) -> None:
    for name in PLAIN:
        setattr(rule, name, values[name])
    rule.all_monitors = values["monitors"] == ALL
    rule.save()
    rule.monitors.set([] if rule.all_monitors else values["monitors"])
    rule.groups.set(values["groups"])
    rule.channels.set(values["channels"])
    live.publish(organisation.id, ["rules"])
