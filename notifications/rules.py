"""What people do to rules: save and delete, in words that form and API share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from monitors.models import Monitor
from notifications.models import Event, NotificationChannel, Rule
from pulse import live
from pulse.fields import ConfigError, FieldError, boolean, read_fields
from pulse.ids import uuid7
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Organisation

READ_ONLY = ("id", "created_at", "url")
ALL = "all"
MISSING = {
    "name": "Give the rule a name.",
    "channels": "Choose at least one channel.",
}


def read(data: object, known: Rule | None = None) -> dict[str, Any]:
    """The complete definition in `data` over `known`, or ConfigError with every complaint at once.

    `monitors` is "all" or a list of monitors, `channels` a list of channels, `on` a list of events.
    """
    fields = (
        {key: value for key, value in data.items() if key not in READ_ONLY}
        if isinstance(data, dict)
        else data
    )
    base: dict[str, Any] = _base(known) if known else {"monitors": ALL, "on": ["down", "up"], "enabled": True}
    errors: list[tuple[str, str]] = []
    try:
        values = read_fields(fields, READERS)
    except ConfigError as error:
        values, errors = error.values, list(error.errors)
    merged = {**base, **values}
    complained = {pointer for pointer, _ in errors}
    if isinstance(fields, dict):
        errors += [
            (f"/{name}", word)
            for name, word in MISSING.items()
            if name not in merged and f"/{name}" not in complained
        ]
    if errors:
        raise ConfigError(errors)
    return merged


def as_json(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "monitors": ALL if rule.all_monitors else [str(monitor.pk) for monitor in rule.monitors.all()],
        "channels": [str(channel.pk) for channel in rule.channels.all()],
        "on": rule.on,
        "enabled": rule.enabled,
    }


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
    rule.name, rule.on, rule.enabled = values["name"], values["on"], values["enabled"]
    rule.all_monitors = values["monitors"] == ALL
    rule.save()
    rule.monitors.set([] if rule.all_monitors else values["monitors"])
    rule.channels.set(values["channels"])
    live.publish(organisation.id, ["rules"])


def _base(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "monitors": ALL if rule.all_monitors else list(rule.monitors.all()),
        "channels": list(rule.channels.all()),
        "on": rule.on,
        "enabled": rule.enabled,
    }


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise FieldError("Give the rule a name.")
    if len(value.strip()) > 120 or not value.isprintable():
        raise FieldError("Use at most 120 printable characters.")
    return value.strip()


def _monitors(value: Any) -> Any:
    if value == ALL:
        return ALL
    if not isinstance(value, list) or not value:
        raise FieldError('Choose at least one monitor, or "all".')
    return _found(Monitor, value, "monitor")


def _channels(value: Any) -> Any:
    if not isinstance(value, list) or not value:
        raise FieldError("Choose at least one channel.")
    return _found(NotificationChannel, value, "channel")


def _found(model: Any, ids: list[Any], word: str) -> list[Any]:
    """The rows of `ids`; a foreign id is as unknown here as one that was never given out."""
    found = model.objects.in_bulk([uuid for uuid in map(_uuid, ids) if uuid])
    unknown = [str(given)[:40] for given in ids if _uuid(given) not in found]
    if unknown:
        raise FieldError(f"There is no {word} {', '.join(unknown[:5])}: use ids from the list of {word}s.")
    return list(found.values())


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _on(value: Any) -> list[str]:
    events = [event.value for event in Event]
    if not isinstance(value, list) or not value or any(item not in events for item in value):
        raise FieldError(f"Use a list of {', '.join(events)}.")
    if "down" not in value:
        raise FieldError("Add down: a recovery is told to those who were told of the outage.")
    return sorted(set(value), key=events.index)


READERS = {
    "name": _name,
    "monitors": _monitors,
    "channels": _channels,
    "on": _on,
    "enabled": boolean,
}
