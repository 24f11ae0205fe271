"""Rules, as the document shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from notifications.models import Event, Severity


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "const": "all"},
            {"type": "array", "items": {"type": "string", "format": "uuid"}},
        ]
    }
)
class MonitorsOfRule(s.JSONField):
    """`"all"` or a list of ids."""


class Hours(s.Serializer[Any]):
    zone = s.CharField(max_length=64, help_text="Of the IANA list, like Europe/Berlin.")
    days = s.ListField(child=s.IntegerField(min_value=0, max_value=6), min_length=1, help_text="0 is Monday.")
    starts = s.RegexField(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", help_text="Like 09:00.")
    ends = s.RegexField(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", help_text="Not after the start: on the next day.")


class Rule(s.Serializer[Any]):
    id = s.UUIDField(read_only=True)
    name = s.CharField(max_length=120)
    monitors = MonitorsOfRule(required=False, help_text='"all", or a list of monitors\' ids.')
    tags = s.ListField(
        child=s.CharField(max_length=40), required=False, help_text="Monitors with any of these."
    )
    groups = s.ListField(child=s.UUIDField(), required=False, help_text="Members of these group monitors.")
    channels = s.ListField(child=s.UUIDField(), required=False, help_text="Needed where there is no policy.")
    policy = s.UUIDField(required=False, allow_null=True, help_text="Whom to call, one after the other.")
    on = s.ListField(child=s.ChoiceField(Event.values), required=False)
    severities = s.ListField(
        child=s.ChoiceField(Severity.values), required=False, help_text="Of incidents; empty: of all."
    )
    delay_seconds = s.IntegerField(
        min_value=0, max_value=86_400, required=False, help_text="Only outages that last so long are told."
    )
    repeat_seconds = s.IntegerField(
        min_value=60,
        max_value=86_400,
        required=False,
        allow_null=True,
        help_text="Told again while it lasts.",
    )
    cooldown_seconds = s.IntegerField(
        min_value=60, max_value=604_800, required=False, allow_null=True,
        help_text="Of one monitor no more than one outage in this time.",
    )  # fmt: skip
    digest_seconds = s.IntegerField(
        min_value=0,
        max_value=3600,
        required=False,
        help_text="What comes within this time goes out as one message.",
    )
    hours = Hours(required=False, allow_null=True)
    enabled = s.BooleanField(required=False)
    created_at = s.DateTimeField(read_only=True)
    url = s.URLField(read_only=True)


class EscalationTarget(s.Serializer[Any]):
    kind = s.ChoiceField(["person", "schedule", "channel"])
    id = s.UUIDField()


class EscalationStep(s.Serializer[Any]):
    targets = EscalationTarget(many=True)
    wait_seconds = s.IntegerField(
        min_value=10, max_value=86_400, required=False, help_text="For somebody to act, before the next step."
    )
    round_robin = s.BooleanField(required=False, help_text="One of the targets, in turn from run to run.")


class EscalationPolicy(s.Serializer[Any]):
    id = s.UUIDField(read_only=True)
    name = s.CharField(max_length=120)
    steps = EscalationStep(many=True)
    repeat = s.IntegerField(min_value=0, max_value=9, required=False, help_text="Rounds after the first.")
    created_at = s.DateTimeField(read_only=True)
    url = s.URLField(read_only=True)
