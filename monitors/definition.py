"""Read a monitor as people and scripts describe it; form and API share every rule and every word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from monitors.probes import PROBES
from pulse.fields import ConfigError, FieldError, boolean, integer, read_fields
from pulse.net.addresses import Policy, parse_networks
from pulse.net.urls import UrlError, parse_url, refused_literal

DEFAULTS: dict[str, Any] = {
    "kind": "http",
    "config": {},
    "interval_seconds": 60,
    "timeout_seconds": 10,
    "policy": {"down_after": 3, "up_after": 2},
    "enabled": True,
}
POLICY = {"down_after": integer(1, 20, "results"), "up_after": integer(1, 20, "results")}
# What an answer holds and a script may send back unchanged, without effect.
READ_ONLY = ("id", "status", "last_checked_at", "created_at", "updated_at", "url", "snoozed_until")


def read(data: object, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The complete definition in `data` over `known` (a monitor being edited) or the defaults.

    Raises ConfigError with every complaint at once; pointers are JSON pointers into `data`.
    """
    base = {**DEFAULTS, **(known or {})}
    fields = dict(data) if isinstance(data, dict) else data
    if isinstance(fields, dict):
        for name in READ_ONLY:
            fields.pop(name, None)
    errors: list[tuple[str, str]] = []
    try:
        values = read_fields(fields, READERS)
    except ConfigError as error:
        values, errors = error.values, list(error.errors)
    merged = {**base, **values}
    errors += _missing(merged, errors)
    if isinstance(fields, dict):
        errors += _read_config(fields, merged, errors)
        errors += _read_policy(fields, base, merged)
    if not errors:
        errors += _contradictions(merged, fields)
    if errors:
        raise ConfigError(errors)
    return merged


def as_json(monitor: Any) -> dict[str, Any]:
    """The definition of a saved monitor, as `read` takes it."""
    return {
        "name": monitor.name,
        "kind": monitor.kind,
        "target": monitor.target,
        "config": monitor.config,
        "interval_seconds": monitor.interval_seconds,
        "timeout_seconds": monitor.timeout_seconds,
        "policy": {"down_after": monitor.down_after, "up_after": monitor.up_after},
        "enabled": monitor.enabled,
    }


def target_policy() -> Policy:
    return Policy(parse_networks(settings.PULSE_ALLOW_PRIVATE_TARGETS))


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise FieldError("Give the monitor a name.")
    if len(value.strip()) > 120:
        raise FieldError(f"Shorten the name to at most 120 characters; it has {len(value.strip())}.")
    if not value.isprintable():
        raise FieldError("Remove the control characters from the name.")
    return value.strip()


def _kind(value: Any) -> str:
    if not isinstance(value, str) or value not in PROBES:
        raise FieldError(f"Use one of the kinds {', '.join(PROBES)}.")
    return value


def _target(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError("Write the URL as text, like https://example.com/.")
    try:
        url = parse_url(value.strip())
    except UrlError as error:
        raise FieldError(str(error)) from None
    if refusal := refused_literal(url, target_policy(), "PULSE_ALLOW_PRIVATE_TARGETS"):
        raise FieldError(refusal)
    return str(url)


def _object(value: Any) -> Any:
    return value


READERS = {
    "name": _name,
    "kind": _kind,
    "target": _target,
    "config": _object,
    "interval_seconds": integer(5, 86_400, "seconds"),
    "timeout_seconds": integer(1, 120, "seconds"),
    "policy": _object,
    "enabled": boolean,
}


def _missing(merged: dict[str, Any], errors: list[tuple[str, str]]) -> list[tuple[str, str]]:
    complained = {pointer for pointer, _ in errors}
    words = {"name": "Give the monitor a name.", "target": "Say what to watch, like https://example.com/."}
    return [
        (f"/{name}", word)
        for name, word in words.items()
        if name not in merged and f"/{name}" not in complained and "" not in complained
    ]


def _read_config(
    fields: dict[str, Any], merged: dict[str, Any], errors: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    if "config" not in fields or any(pointer == "/kind" for pointer, _ in errors):
        return []
    try:
        PROBES[merged["kind"]].load(fields["config"])
    except ConfigError as error:
        return [(f"/config{pointer}", detail) for pointer, detail in error.errors]
    return []


def _read_policy(
    fields: dict[str, Any], base: dict[str, Any], merged: dict[str, Any]
) -> list[tuple[str, str]]:
    if "policy" not in fields:
        return []
    try:
        merged["policy"] = {**base["policy"], **read_fields(fields["policy"], POLICY)}
    except ConfigError as error:
        return [(f"/policy{pointer}", detail) for pointer, detail in error.errors]
    return []


def _contradictions(merged: dict[str, Any], fields: Any) -> list[tuple[str, str]]:
    interval, timeout = merged["interval_seconds"], merged["timeout_seconds"]
    if timeout < interval:
        return []
    if "timeout_seconds" not in fields and "interval_seconds" in fields:
        hint = f"Use more than the timeout of {timeout} s, or shorten the timeout_seconds too."
        return [("/interval_seconds", hint)]
    return [("/timeout_seconds", f"Use fewer seconds than the interval of {interval} s.")]
