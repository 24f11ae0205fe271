"""Read a monitor as people and scripts describe it; form and API share every rule and every word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.conf import settings

from monitors import contradicting, details, fitting, secrets
from monitors.kinds import KINDS, REPORTING
from monitors.models import Monitor
from monitors.policy import POLICY_FIELDS, POLICY_READERS, Policy
from monitors.probes import PROBES
from monitors.suppression import depending
from pulse.fields import ConfigError, FieldError, boolean, integer, optional, read_fields
from pulse.net.addresses import Policy as AddressPolicy
from pulse.net.addresses import parse_networks
from pulse.net.urls import Named, refused_literal

DEFAULTS: dict[str, Any] = {
    "kind": "http",
    "target": "",
    "config": {},
    "interval_seconds": 60,
    "timeout_seconds": 10,
    "retry_seconds": None,
    "policy": asdict(Policy()),
    "upside_down": False,
    "locations": [],
    "quorum": 1,
    "depends_on": [],
    "tags": [],
    "owner": None,
    "notes": "",
    "runbook_url": "",
    "enabled": True,
}
# What an answer holds and a script may send back unchanged, without effect.
READ_ONLY = (
    "id", "status", "last_checked_at", "created_at", "updated_at", "url", "snoozed_until", "places", "ping_url",
    "expected_at", "due_at", "expires_at",
    "state", "maintenance", "held_back",
)  # fmt: skip


def read(data: object, monitor: Monitor | None = None) -> dict[str, Any]:
    """The complete definition in `data` over `monitor` (when it is edited) or the defaults.

    Secrets in `config` come back in the clear, those that are kept too; of an edit that leaves kind, target and config
    alone it comes back as it is saved, masks included. Raises ConfigError with every complaint at once; pointers are
    JSON pointers into `data`.
    """
    known = as_json(monitor) if monitor else {}
    fields = dict(data) if isinstance(data, dict) else data
    base = {**defaults(fields.get("kind") if isinstance(fields, dict) else None), **known}
    if isinstance(fields, dict):
        for name in READ_ONLY:
            fields.pop(name, None)
    errors: list[tuple[str, str]] = []
    try:
        values = read_fields(fields, READERS)
    except ConfigError as error:
        values, errors = error.values, list(error.errors)
    merged = {**base, **values}
    if isinstance(fields, dict):
        errors += _missing(merged, errors)
        errors += _read_target(merged, fields, errors) + fitting.of_no_use(merged, fields, base)
        errors += _read_config(merged, monitor, fields, errors)
        errors += _read_policy(fields, base, merged)
    if not errors:
        errors += contradicting.complaints(merged, fields, base, monitor)
    if errors:
        raise ConfigError(errors)
    return merged


def defaults(kind: object) -> dict[str, Any]:
    """What a new monitor of this kind begins with."""
    reporting = REPORTING.get(kind) if isinstance(kind, str) else None
    return {**DEFAULTS, "policy": {**DEFAULTS["policy"], **(reporting.policy if reporting else {})}}


def as_json(monitor: Monitor) -> dict[str, Any]:
    """The definition of a saved monitor, as `read` takes it; what is secret is masked."""
    return {
        "name": monitor.name,
        "kind": monitor.kind,
        "target": monitor.target,
        "config": monitor.config,
        "interval_seconds": monitor.interval_seconds,
        "timeout_seconds": monitor.timeout_seconds,
        "retry_seconds": monitor.retry_seconds,
        "policy": {name: getattr(monitor, name) for name in POLICY_FIELDS},
        "upside_down": monitor.upside_down,
        "locations": list(monitor.locations),
        "quorum": monitor.quorum,
        "depends_on": depending.of(monitor),
        "tags": list(monitor.tags),
        "owner": monitor.owner_name or None,
        "notes": monitor.notes,
        "runbook_url": monitor.runbook_url,
        "enabled": monitor.enabled,
    }


def target_policy() -> AddressPolicy:
    return AddressPolicy(parse_networks(settings.PULSE_ALLOW_PRIVATE_TARGETS))


def _kind(value: Any) -> str:
    if not isinstance(value, str) or value not in (*KINDS, Monitor.GROUP):
        raise FieldError(f"Use one of the kinds {', '.join((*KINDS, Monitor.GROUP))}.")
    return value


def _target(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError("Write what to watch as text.")
    return value.strip()


def _object(value: Any) -> Any:
    return value


READERS = {
    "name": details.name,
    "kind": _kind,
    "target": _target,
    "config": _object,
    "interval_seconds": integer(5, 86_400, "seconds"),
    "timeout_seconds": integer(1, 120, "seconds"),
    "retry_seconds": optional(integer(5, 86_400, "seconds")),
    "policy": _object,
    "upside_down": boolean,
    "locations": details.locations,
    "quorum": integer(1, 20, "locations"),
    "depends_on": depending.read,
    "tags": details.tags,
    "owner": details.owner,
    "notes": details.notes,
    "runbook_url": details.runbook_url,
    "enabled": boolean,
}


def _missing(merged: dict[str, Any], errors: list[tuple[str, str]]) -> list[tuple[str, str]]:
    complained = {pointer for pointer, _ in errors}
    found = []
    if "name" not in merged and "/name" not in complained:
        found.append(("/name", "Give the monitor a name."))
    if not merged["target"] and merged["kind"] in PROBES and not complained & {"/target", "/kind"}:
        found.append(("/target", f"Say what to watch, like {PROBES[merged['kind']].placeholder}."))
    return found


def _read_target(
    merged: dict[str, Any], fields: dict[str, Any], errors: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Read by its kind, and again when the kind changes."""
    if merged["kind"] not in PROBES:
        merged["target"] = ""
        return []
    told = {pointer for pointer, _ in errors}
    if not fields.keys() & {"target", "kind"} or told & {"/target", "/kind"} or not merged["target"]:
        return []
    try:
        target = PROBES[merged["kind"]].check_target(merged["target"])
    except ValueError as error:
        return [("/target", str(error))]
    if refusal := refused_literal(target, target_policy(), "PULSE_ALLOW_PRIVATE_TARGETS"):
        return [("/target", refusal)]
    merged["target"] = str(target)
    return []


def _read_config(
    merged: dict[str, Any], monitor: Monitor | None, fields: dict[str, Any], errors: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The settings of the kind: each as it was read, with the secrets that are kept in their place."""
    if any(pointer == "/kind" for pointer, _ in errors):
        return []
    if monitor and not fields.keys() & {"config", "kind", "target"}:
        return []  # whatever became of it since it was saved: nothing of that is in the way of a pause
    try:
        if merged["kind"] == Monitor.GROUP:
            merged["config"] = details.group(merged["config"], monitor)
        else:
            config = _with_secrets(merged, monitor)
            kind = KINDS[merged["kind"]].settings
            loaded = kind.load(config)
            kind.accept(loaded)
            if fields.keys() & {"config", "kind"}:
                _refuse_private(kind.places(loaded))
            if words := _misfit(merged, loaded):
                return [("/target", words)]
            read = kind.as_json(loaded)
            merged["config"] = {name: config[name] if name in kind.secrets else read[name] for name in config}
    except ConfigError as error:
        return [(f"/config{pointer}", detail) for pointer, detail in error.errors]
    return []


def _misfit(merged: dict[str, Any], loaded: Any) -> str:
    """Of a target that was read: one that could not be has its complaint already."""
    kind = merged["kind"]
    try:
        return PROBES[kind].misfit(merged["target"], loaded) if kind in PROBES and merged["target"] else ""
    except ValueError:
        return ""


def _refuse_private(places: Iterator[tuple[str, Named]]) -> None:
    """Raises ConfigError for settings that lead to a literal address where no target may be either."""
    policy, variable = target_policy(), "PULSE_ALLOW_PRIVATE_TARGETS"
    found = [(name, refused_literal(place, policy, variable)) for name, place in places]
    if refused := [(f"/{name}", words) for name, words in found if words]:
        raise ConfigError(refused)


def _with_secrets(merged: dict[str, Any], monitor: Monitor | None) -> Any:
    config = merged["config"]
    if not isinstance(config, dict):
        return config
    known = details.secrets_of(monitor) if monitor else {}
    moved = monitor is not None and details.moves_secrets(as_json(monitor), merged)
    return secrets.unmasked(config, known, moved=moved)


def _read_policy(
    fields: dict[str, Any], base: dict[str, Any], merged: dict[str, Any]
) -> list[tuple[str, str]]:
    if "policy" not in fields:
        return []
    try:
        merged["policy"] = {**base["policy"], **read_fields(fields["policy"], POLICY_READERS)}
    except ConfigError as error:
        return [(f"/policy{pointer}", detail) for pointer, detail in error.errors]
    return fitting.of_no_use_to_groups(merged, base)
