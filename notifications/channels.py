"""What people do to channels: save, rotate, test, delete. Secrets are sealed and shown once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from notifications import sealing
from notifications.channel_reading import SIGNING, as_json, place, read, stored
from notifications.ledger import queue
from notifications.models import NotificationChannel
from notifications.transports import TRANSPORTS, webhook
from pulse import bells, live
from pulse.ids import uuid7
from pulse.outbox.appending import NewFact, append
from tenants.actors import PULSE, Actor
from tenants.audit import record
from tenants.models import Organisation

__all__ = [
    "as_json", "create", "delete", "end_rotation", "is_rotating", "open_config", "read", "rotate",
    "secret_of", "switch_off", "test", "update",
]  # fmt: skip
# What an edit may change; the kind stays.
EDITABLE = ("name", "config", "fallback", "fallback_seconds", "hourly_limit")


def create(organisation: Organisation, values: dict[str, Any], by: Actor) -> tuple[NotificationChannel, str]:
    """Return the channel and its signing secret, which is shown this once ('' for kinds without one)."""
    channel = NotificationChannel(id=uuid7(), kind=values["kind"])
    secret = webhook.new_secret() if TRANSPORTS[channel.kind].signs else ""
    with transaction.atomic():
        _put(channel, values)
        _seal(organisation, channel, values["secrets"] | ({SIGNING: secret} if secret else {}))
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
        before, hidden = as_json(channel), stored(organisation, channel).hidden
        signing = {SIGNING: hidden[SIGNING]} if SIGNING in hidden else {}
        _put(channel, values)
        changed = [name for name in EDITABLE if before[name] != as_json(channel)[name]]
        if values["secrets"] | signing != hidden:
            changed.append("secrets")
            _seal(organisation, channel, values["secrets"] | signing)
        if channel.disabled_at:
            changed.append("disabled")
        if not changed:
            return channel
        channel.disabled_at, channel.disabled_reason = None, ""
        channel.save()
        record(organisation, by, "changed", "channel", channel.pk, channel.name, {"fields": changed})
        live.publish(organisation.id, ["channels"])
    return channel


def rotate(organisation: Organisation, channel: NotificationChannel, by: Actor) -> str:
    """A new signing secret, shown this once. The one before signs too, until the rotation ends or another begins."""
    with transaction.atomic():
        channel = NotificationChannel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        hidden = stored(organisation, channel).hidden
        secret = webhook.new_secret()
        _seal(organisation, channel, hidden | {SIGNING: f"{secret} {hidden[SIGNING].partition(' ')[0]}"})
        channel.save(update_fields=["sealed_secret"])
        record(organisation, by, "began to rotate the secret of", "channel", channel.pk, channel.name)
        live.publish(organisation.id, ["channels"])
    return secret


def end_rotation(organisation: Organisation, channel: NotificationChannel, by: Actor) -> None:
    """Only the newest secret signs from now on; does nothing where it does already."""
    with transaction.atomic():
        channel = NotificationChannel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        hidden = stored(organisation, channel).hidden
        newest, _, older = hidden.get(SIGNING, "").partition(" ")
        if not older:
            return
        _seal(organisation, channel, hidden | {SIGNING: newest})
        channel.save(update_fields=["sealed_secret"])
        record(organisation, by, "ended the rotation of", "channel", channel.pk, channel.name)
        live.publish(organisation.id, ["channels"])


def delete(organisation: Organisation, channel: NotificationChannel, by: Actor) -> int:
    """Delete it and cancel what waits for it, visibly; returns how many deliveries that were."""
    with transaction.atomic():
        # Its row before its messages: whoever sends a dead letter again takes them in that order too.
        NotificationChannel.objects.select_for_update().filter(pk=channel.pk).first()
        cancelled = len(queue.cancel_channel(organisation.no, channel.pk, f"{by.name} deleted the channel"))
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


def switch_off(organisation: Organisation, channel_id: UUID, why: str) -> list[int]:
    """The receiver wants no more: cancel what waits, and say so where people look. Returns what waited."""
    channel = NotificationChannel.objects.select_for_update().filter(pk=channel_id, disabled_at=None).first()
    if channel is None:
        return []
    channel.disabled_at, channel.disabled_reason = timezone.now(), why[:255]
    channel.save(update_fields=["disabled_at", "disabled_reason"])
    waited = queue.cancel_channel(organisation.no, channel_id, f"the channel was switched off: {why}")
    record(organisation, PULSE, "switched off", "channel", channel.pk, channel.name, {"why": why})
    live.publish(organisation.id, ["channels"])
    return waited


def open_config(organisation: Organisation, channel: NotificationChannel) -> Any:
    """The typed settings that its transport sends with. Raises SealError, and ConfigError where they no longer fit."""
    found = stored(organisation, channel)
    transport = TRANSPORTS[channel.kind]
    config = sealing.load(transport, found)
    return replace(config, signing=tuple(found.hidden[SIGNING].split())) if transport.signs else config


def secret_of(organisation: Organisation, channel: NotificationChannel) -> str:
    """The newest signing secret; '' for kinds without one."""
    return stored(organisation, channel).hidden.get(SIGNING, "").partition(" ")[0]


def is_rotating(organisation: Organisation, channel: NotificationChannel) -> bool:
    return " " in stored(organisation, channel).hidden.get(SIGNING, "")


def _put(channel: NotificationChannel, values: dict[str, Any]) -> None:
    channel.name, channel.config = values["name"], values["config"]
    channel.fallback_id = UUID(values["fallback"]) if values.get("fallback") else None
    channel.fallback_seconds = values.get("fallback_seconds", channel.fallback_seconds)
    channel.hourly_limit = values.get("hourly_limit")


def _seal(organisation: Organisation, channel: NotificationChannel, hidden: dict[str, str]) -> None:
    channel.sealed_secret = sealing.sealed(hidden, place(organisation, channel))
