"""What people do to channels: save, rotate, test, delete. Secrets are sealed and shown once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from notifications.ledger import queue
from notifications.models import NotificationChannel
from notifications.transports import TRANSPORTS, webhook
from pulse import bells, live
from pulse.crypto import Place, seal, unseal
from pulse.fields import ConfigError, FieldError, read_fields
from pulse.ids import uuid7
from pulse.outbox.appending import NewFact, append
from tenants.actors import PULSE, Actor
from tenants.audit import record
from tenants.models import Organisation

READ_ONLY = ("id", "secret", "created_at", "disabled_at", "disabled_reason", "url")


def read(data: object, known: NotificationChannel | None = None) -> dict[str, Any]:
    """The complete definition in `data` over `known`, or ConfigError with every complaint at once."""
    fields = (
        {key: value for key, value in data.items() if key not in READ_ONLY}
        if isinstance(data, dict)
        else data
    )
    base = {"name": known.name, "kind": known.kind, "config": known.config} if known else {}
    errors: list[tuple[str, str]] = []
    try:
        values = read_fields(fields, {"name": _name, "kind": _kind, "config": lambda value: value})
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
        if known and merged.get("kind", known.kind) != known.kind:
            errors.append(
                ("/kind", "Keep the kind, or make a new channel: its secret and its deliveries belong to it.")
            )
        errors += _read_config(merged)
    if errors:
        raise ConfigError(errors)
    return merged


def create(organisation: Organisation, values: dict[str, Any], by: Actor) -> tuple[NotificationChannel, str]:
    """Return the channel and its signing secret, which is shown this once ('' for kinds without one)."""
    channel = NotificationChannel(id=uuid7(), **values)
    secret = webhook.new_secret() if TRANSPORTS[channel.kind].has_secret else ""
    if secret:
        channel.sealed_secret = seal(secret, _place(organisation, channel))
    with transaction.atomic():
        channel.save(force_insert=True)
        record(organisation, by, "created", "channel", channel.pk, channel.name, {"kind": channel.kind})
        live.publish(organisation.id, ["channels"])
    return channel, secret


def update(
    organisation: Organisation, channel: NotificationChannel, values: dict[str, Any], by: Actor
) -> NotificationChannel:
    """Save an edit; a channel that was switched off works again."""
    with transaction.atomic():
        channel = NotificationChannel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        before = {"name": channel.name, "config": channel.config, "disabled": bool(channel.disabled_at)}
        after = {"name": values["name"], "config": values["config"], "disabled": False}
        changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
        if not changes:
            return channel
        channel.name, channel.config = values["name"], values["config"]
        channel.disabled_at, channel.disabled_reason = None, ""
        channel.save()
        record(organisation, by, "changed", "channel", channel.pk, channel.name, {"fields": list(changes)})
        live.publish(organisation.id, ["channels"])
    return channel


def delete(organisation: Organisation, channel: NotificationChannel, by: Actor) -> int:
    """Delete it and cancel what waits for it, visibly; returns how many deliveries that were."""
    with transaction.atomic():
        cancelled = queue.cancel_channel(organisation.no, channel.pk, f"{by.name} deleted the channel")
        record(organisation, by, "deleted", "channel", channel.pk, channel.name, {"cancelled": cancelled})
        channel.delete()
        live.publish(organisation.id, ["channels", "deliveries"])
    return cancelled


def test(organisation: Organisation, channel: NotificationChannel, by: Actor) -> UUID:
    """Send a test through the very path of real messages; returns the fact's subject to look it up by."""
    subject = uuid7()
    data = {
        "organisation": {"slug": organisation.slug, "name": organisation.name},
        "channel": {"id": str(channel.pk), "name": channel.name},
        "requested_by": by.name,
    }
    with transaction.atomic():
        append([NewFact("channel.test", subject, 1, {"channel": str(channel.pk), "data": data})])
        record(organisation, by, "tested", "channel", channel.pk, channel.name)
        transaction.on_commit(lambda: bells.ring("notifications"))
    return subject


def switch_off(organisation: Organisation, channel_id: UUID, why: str) -> None:
    """The receiver wants no more: cancel what waits, and say so where people look."""
    channel = NotificationChannel.objects.select_for_update().filter(pk=channel_id, disabled_at=None).first()
    if channel is None:
        return
    channel.disabled_at, channel.disabled_reason = timezone.now(), why[:255]
    channel.save(update_fields=["disabled_at", "disabled_reason"])
    queue.cancel_channel(organisation.no, channel_id, f"the channel was switched off: {why}")
    record(organisation, PULSE, "switched off", "channel", channel.pk, channel.name, {"why": why})
    live.publish(organisation.id, ["channels"])


def secret_of(organisation: Organisation, channel: NotificationChannel) -> str:
    return unseal(channel.sealed_secret, _place(organisation, channel)) if channel.sealed_secret else ""


def _place(organisation: Organisation, channel: NotificationChannel) -> Place:
    return Place(str(organisation.id), "notification_channel", "secret", str(channel.pk))


MISSING = {
    "name": "Give the channel a name.",
    "kind": f"Use one of the kinds {', '.join(TRANSPORTS)}.",
    "config": "Say where messages go.",
}


def _read_config(merged: dict[str, Any]) -> list[tuple[str, str]]:
    if "config" not in merged or merged.get("kind") not in TRANSPORTS:
        return []
    try:
        merged["config"] = TRANSPORTS[merged["kind"]].load(merged["config"])
    except ConfigError as error:
        return [(f"/config{pointer}", detail) for pointer, detail in error.errors]
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
