"""Channels, as the document shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from notifications.transports import TRANSPORTS

CHANNEL_KINDS = list(TRANSPORTS)


@extend_schema_field(
    {"anyOf": [{**transport.settings.schema(), "title": kind} for kind, transport in TRANSPORTS.items()]}
)
class ChannelConfig(s.JSONField):
    """The settings of its kind; those that are secret read as a mask, which sent back keeps them."""


class Channel(s.Serializer[Any]):
    id = s.UUIDField(read_only=True)
    name = s.CharField(max_length=120)
    kind = s.ChoiceField(CHANNEL_KINDS)
    config = ChannelConfig()
    fallback = s.UUIDField(
        required=False, allow_null=True, help_text="The channel told instead when this one does not deliver."
    )
    fallback_seconds = s.IntegerField(
        required=False, min_value=30, max_value=86_400, help_text="How long a receipt is waited for."
    )
    hourly_limit = s.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=10_000, help_text="What is above waits."
    )
    disabled_at = s.DateTimeField(read_only=True, allow_null=True)
    disabled_reason = s.CharField(read_only=True, allow_null=True)
    created_at = s.DateTimeField(read_only=True)
    url = s.URLField(read_only=True)


class CreatedChannel(Channel):
    secret = s.CharField(required=False, help_text="Of a webhook, in this answer only.")
