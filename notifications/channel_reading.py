"""Read a channel as people and scripts describe it; form and API share every rule and every word."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from notifications import sealing
from notifications.models import NotificationChannel
from notifications.transports import TRANSPORTS
from pulse import scoping
from pulse.crypto import Place
from pulse.fields import ConfigError, FieldError, Reader, integer, optional, read_fields
from tenants.models import Organisation

READ_ONLY = ("id", "secret", "rotating", "created_at", "disabled_at", "disabled_reason", "url")
SIGNING = (
    "signing"  # beside the secret settings: one signing secret, or two with a space between, the newest first
)
MISSING = {
    "name": "Give the channel a name.",
    "kind": f"Use one of the kinds {', '.join(TRANSPORTS)}.",
    "config": "Say where messages go.",
}


def read(data: object, known: NotificationChannel | None = None) -> dict[str, Any]:
    """The complete definition in `data` over `known`, or ConfigError with every complaint at once.

    `config` comes back as it is stored, and `secrets` beside it in the clear, those that are kept too.
    """
    fields = (
        {key: value for key, value in data.items() if key not in READ_ONLY}
        if isinstance(data, dict)
        else data
    )
    errors: list[tuple[str, str]] = []
    try:
        values = read_fields(fields, _readers(known))
    except ConfigError as error:
        values, errors = error.values, list(error.errors)
    merged = {**(as_json(known) if known else {}), **values}
    if isinstance(fields, dict):
        errors += _missing(merged, errors) + _changed_kind(merged, known) + _read_config(merged, known)
    if errors:
        raise ConfigError(errors)
    return merged


def as_json(channel: NotificationChannel) -> dict[str, Any]:
    """The definition of a saved channel, as `read` takes it; what is secret is masked."""
    return {
        "name": channel.name,
        "kind": channel.kind,
        "config": sealing.as_read(channel.config),
        "fallback": str(channel.fallback_id) if channel.fallback_id else None,
        "fallback_seconds": channel.fallback_seconds,
        "hourly_limit": channel.hourly_limit,
    }


def stored(organisation: Organisation, channel: NotificationChannel) -> sealing.Stored:
    """Raises SealError where its secrets do not open."""
    return sealing.Stored(channel.config, sealing.opened(channel.sealed_secret, place(organisation, channel)))


def place(organisation: Organisation, channel: NotificationChannel) -> Place:
    return Place(str(organisation.id), "notification_channel", "secret", str(channel.pk))


def _readers(known: NotificationChannel | None) -> dict[str, Reader]:
    return {
        "name": _name,
        "kind": _kind,
        "config": lambda value: value,
        "fallback": optional(lambda value: _fallback(value, known)),
        "fallback_seconds": integer(30, 86_400, "seconds"),
        "hourly_limit": optional(integer(1, 10_000, "messages")),
    }


def _missing(merged: dict[str, Any], errors: list[tuple[str, str]]) -> list[tuple[str, str]]:
    complained = {pointer for pointer, _ in errors}
    return [
        (f"/{name}", words)
        for name, words in MISSING.items()
        if name not in merged and f"/{name}" not in complained
    ]


def _changed_kind(merged: dict[str, Any], known: NotificationChannel | None) -> list[tuple[str, str]]:
    if known is None or merged["kind"] == known.kind:
        return []
    return [("/kind", "Keep the kind, or make a new channel: its secret and its deliveries belong to it.")]


def _read_config(merged: dict[str, Any], known: NotificationChannel | None) -> list[tuple[str, str]]:
    if "config" not in merged or merged.get("kind") not in TRANSPORTS:
        return []
    if known and merged["kind"] != known.kind:
        return []  # that is the complaint
    before = stored(scoping.current(), known) if known else None
    try:
        found = sealing.read(TRANSPORTS[merged["kind"]], merged["config"], before)
    except ConfigError as error:
        return [(f"/config{pointer}", detail) for pointer, detail in error.errors]
    merged["config"], merged["secrets"] = found.shown, found.hidden
    return []


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise FieldError("Give the channel a name.")
    if len(value.strip()) > 120 or not value.isprintable():
        raise FieldError("Use at most 120 printable characters.")
    return value.strip()


def _kind(value: Any) -> str:
    if not isinstance(value, str) or value not in TRANSPORTS:
        raise FieldError(f"Use one of the kinds {', '.join(TRANSPORTS)}.")
    return value


def _fallback(value: Any, known: NotificationChannel | None) -> str:
    """The id of another channel from which no way leads back here.

    Two edits at one moment could still close a circle; whoever walks the chain ends where it would go round.
    """
    try:
        pk = UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise FieldError("Use the id of a channel, or null.") from None
    ways = dict(NotificationChannel.objects.values_list("pk", "fallback_id"))
    if pk not in ways:
        raise FieldError("There is no such channel.")
    seen: set[UUID] = set()
    at: UUID | None = pk
    while at and at not in seen:
        if known and at == known.pk:
            raise FieldError("Choose another channel: this one leads back here, so nobody would be told.")
        seen.add(at)
        at = ways.get(at)
    return str(pk)
