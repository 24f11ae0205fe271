"""Channels and rules, as the document shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import (
    extend_schema_field,
)
from rest_framework import serializers as s

from notifications.models import Event
from notifications.transports import TRANSPORTS

CHANNEL_KINDS = list(TRANSPORTS)


class ChannelConfig(s.Serializer[Any]):
    url = s.URLField(required=False, help_text="Of a webhook.")
    to = s.EmailField(required=False, help_text="Of an e-mail channel.")


class Channel(s.Serializer[Any]):
    id = s.UUIDField(read_only=True)
    name = s.CharField(max_length=120)
    kind = s.ChoiceField(CHANNEL_KINDS)
    config = ChannelConfig()
    disabled_at = s.DateTimeField(read_only=True, allow_null=True)
    disabled_reason = s.CharField(read_only=True, allow_null=True)
    created_at = s.DateTimeField(read_only=True)
    url = s.URLField(read_only=True)


class CreatedChannel(Channel):
    secret = s.CharField(required=False, help_text="Of a webhook, in this answer only.")


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "const": "all"},
            {"type": "array", "items": {"type": "string", "format": "uuid"}, "minItems": 1},
        ]
    }
)
class MonitorsOfRule(s.JSONField):
    """`"all"` or a list of ids."""


class Rule(s.Serializer[Any]):
    id = s.UUIDField(read_only=True)
    name = s.CharField(max_length=120)
    monitors = MonitorsOfRule(required=False, help_text='"all", or a list of monitors\' ids.')
    channels = s.ListField(child=s.UUIDField(), allow_empty=False)
    on = s.ListField(child=s.ChoiceField(Event.values), required=False)
    enabled = s.BooleanField(required=False)
    created_at = s.DateTimeField(read_only=True)
    url = s.URLField(read_only=True)
