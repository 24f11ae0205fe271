"""Read what a rule should be, from a form and from a script alike: every complaint names its field and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from monitors.details import tags as read_tags
from monitors.heartbeats.durations import length
from monitors.models import Monitor
from notifications import hours
from notifications.models import EscalationPolicy, Event, NotificationChannel, Rule, Severity
from pulse.fields import ConfigError, FieldError, boolean, optional, read_fields

READ_ONLY = ("id", "created_at", "url")
ALL = "all"
DAY_S = 24 * 3600
DEFAULTS: dict[str, Any] = {
    "monitors": None,
    "tags": [],
    "groups": [],
    "channels": [],
    "policy": None,
    "on": ["down", "up"],
    "severities": [],
    "delay_seconds": 0,
    "repeat_seconds": None,
    "cooldown_seconds": None,
    "digest_seconds": 0,
    "hours": None,
    "enabled": True,
}
NOBODY = "Choose at least one channel, or a policy."
NOTHING = 'Choose at least one monitor, tag or group, or "all".'


def read(data: object, known: Rule | None = None) -> dict[str, Any]:
    """The complete definition in `data` over `known`, or ConfigError with every complaint at once.

    `monitors` is "all" or a list of monitors, `groups` a list of monitors, `channels` a list of channels, `policy` a
    policy or None, `on` a list of events.
    """
    fields = (
        {key: value for key, value in data.items() if key not in READ_ONLY}
        if isinstance(data, dict)
        else data
    )
    errors: list[tuple[str, str]] = []
    try:
        values = read_fields(fields, READERS)
    except ConfigError as error:
        values, errors = error.values, list(error.errors)
    merged = {**(_base(known) if known else DEFAULTS), **values}
    if merged["monitors"] is None:  # a new rule that names nothing is for all
        merged["monitors"] = [] if merged["tags"] or merged["groups"] else ALL
    complained = {pointer for pointer, _ in errors}
    if isinstance(fields, dict):
        errors += [one for one in _together(merged) if one[0] not in complained]
    if errors:
        raise ConfigError(errors)
    return merged


def as_json(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "monitors": ALL if rule.all_monitors else [str(monitor.pk) for monitor in rule.monitors.all()],
        "tags": rule.tags,
        "groups": [str(group.pk) for group in rule.groups.all()],
        "channels": [str(channel.pk) for channel in rule.channels.all()],
        "policy": str(rule.policy_id) if rule.policy_id else None,
        "on": rule.on,
        "severities": rule.severities,
        "delay_seconds": rule.delay_seconds,
        "repeat_seconds": rule.repeat_seconds,
        "cooldown_seconds": rule.cooldown_seconds,
        "digest_seconds": rule.digest_seconds,
        "hours": rule.hours,
        "enabled": rule.enabled,
    }


def name_of(what: str) -> Any:
    """A reader of the name of a rule, or of a policy."""

    def read_name(value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise FieldError(f"Give the {what} a name.")
        if len(value.strip()) > 120 or not value.isprintable():
            raise FieldError("Use at most 120 printable characters.")
        return value.strip()

    return read_name


def _base(rule: Rule) -> dict[str, Any]:
    return {
        **as_json(rule),
        "monitors": ALL if rule.all_monitors else list(rule.monitors.all()),
        "groups": list(rule.groups.all()),
        "channels": list(rule.channels.all()),
        "policy": rule.policy,
    }


def _together(merged: dict[str, Any]) -> list[tuple[str, str]]:
    """What no field can say by itself."""
    found = []
    if "name" not in merged:
        found.append(("/name", "Give the rule a name."))
    if not merged["channels"] and merged["policy"] is None:
        found.append(("/channels", NOBODY))
    if not (merged["monitors"] or merged["tags"] or merged["groups"]):
        found.append(("/monitors", NOTHING))
    on = merged["on"]
    if "up" in on and "down" not in on:
        found.append(("/on", "Add down: a recovery is told to those who were told of the outage."))
    if merged["policy"] is not None and not {"down", "drill"} & set(on):
        found.append(
            ("/policy", "A policy is set to work by an incident: add down, or leave the policy out.")
        )
    repeat, delay = merged["repeat_seconds"], merged["digest_seconds"]
    if repeat is not None and delay and repeat < delay:
        found.append(("/repeat_seconds", "Repeat no sooner than messages are gathered."))
    return found


def _monitors(value: Any) -> Any:
    if value == ALL:
        return ALL
    if not isinstance(value, list):
        raise FieldError(NOTHING)
    return _found(Monitor.objects, value, "monitor")


def _groups(value: Any) -> Any:
    if not isinstance(value, list):
        raise FieldError("Use a list of the ids of group monitors.")
    return _found(Monitor.objects.filter(kind=Monitor.GROUP), value, "group")


def _channels(value: Any) -> Any:
    if not isinstance(value, list):
        raise FieldError(NOBODY)
    return _found(NotificationChannel.objects, value, "channel")


def _policy(value: Any) -> Any:
    if value in (None, ""):
        return None
    return _found(EscalationPolicy.objects, [value], "policy")[0]


def _found(rows: Any, ids: list[Any], word: str) -> list[Any]:
    """The rows of `ids`; a foreign id is as unknown here as one that was never given out."""
    found = rows.in_bulk([uuid for uuid in map(_uuid, ids) if uuid])
    unknown = [str(given)[:40] for given in ids if _uuid(given) not in found]
    if unknown:
        raise FieldError(f"There is no {word} {', '.join(unknown[:5])}: use ids from their list.")
    return list(found.values())


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _some(allowed: Sequence[str], *, least: int) -> Any:
    def read_some(value: Any) -> list[str]:
        good = isinstance(value, list) and len(value) >= least and all(item in allowed for item in value)
        if not good:
            raise FieldError(f"Use a list of {', '.join(allowed)}.")
        return sorted(set(value), key=list(allowed).index)

    return read_some


READERS = {
    "name": name_of("rule"),
    "monitors": _monitors,
    "tags": read_tags,
    "groups": _groups,
    "channels": _channels,
    "policy": _policy,
    "on": _some(Event.values, least=1),
    "severities": _some(Severity.values, least=0),
    "delay_seconds": length(0, DAY_S),
    "repeat_seconds": optional(length(60, DAY_S)),
    "cooldown_seconds": optional(length(60, 7 * DAY_S)),
    "digest_seconds": length(0, 3600),
    "hours": hours.read,
    "enabled": boolean,
}
