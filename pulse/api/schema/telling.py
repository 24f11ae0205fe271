"""Rules, as the document shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from notifications.models import Event


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
