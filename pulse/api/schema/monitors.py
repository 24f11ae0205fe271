"""Monitors and their results, as `/v1/openapi.json` shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import (
    extend_schema_field,
)
from rest_framework import serializers as s

from monitors.kinds import KINDS

MONITOR_KINDS = list(KINDS)
STATUSES = ("pending", "up", "late", "degraded", "down", "flapping", "unknown", "maintenance", "paused")

STATES = ("pending", "up", "degraded", "down", "flapping", "unknown")


class Policy(s.Serializer[Any]):
    down_after = s.IntegerField(min_value=1, max_value=20, required=False)
    up_after = s.IntegerField(min_value=1, max_value=20, required=False)
    degraded_after = s.IntegerField(min_value=1, max_value=20, required=False)
    window = s.IntegerField(
        min_value=0, max_value=30, required=False, help_text="0: in a row. Else of the last 2 to 30 results."
    )
    ratio = s.FloatField(min_value=0.01, max_value=1, required=False, help_text="Share of the window.")
    quiet_seconds = s.IntegerField(min_value=0, max_value=86_400, required=False)
    degraded_up_after = s.IntegerField(min_value=1, max_value=20, required=False, allow_null=True)
    slow_ms = s.IntegerField(min_value=1, max_value=120_000, required=False, allow_null=True)
    flapping_above = s.FloatField(min_value=0, max_value=1, required=False, help_text="0: never.")
    flapping_below = s.FloatField(min_value=0, max_value=1, required=False)


GROUP_CONFIG = {
    "type": "object",
    "title": "group",
    "additionalProperties": False,
    "required": ["members"],
    "properties": {
        "members": {"type": "array", "items": {"type": "string", "format": "uuid"}, "minItems": 1},
        "rule": {"type": "string", "enum": ["all", "any", "at_least"], "default": "all"},
        "needed": {"type": "integer", "minimum": 1, "description": "Of the rule at_least.", "default": 1},
    },
}


@extend_schema_field(
    {
        "anyOf": [
            *({**kind.settings.schema(), "title": name} for name, kind in KINDS.items()),
            GROUP_CONFIG,
        ]
    }
)
class Config(s.JSONField):
    """The settings of the kind; what is secret reads as ******** and sent back so is kept."""


class Place(s.Serializer[Any]):
    location = s.CharField()
    status = s.ChoiceField(STATUSES)
    since = s.DateTimeField()
    detail = s.CharField(allow_null=True)


class Covering(s.Serializer[Any]):
    id = s.UUIDField(help_text="Of the maintenance window.")
    name = s.CharField()
    until = s.DateTimeField()


class HeldBack(s.Serializer[Any]):
    began = s.DateTimeField()
    reason = s.ChoiceField(["maintenance", "parent"])
    by = s.CharField(help_text="The name of the window, or of the parent that is down.")
    by_id = s.UUIDField()
    until = s.DateTimeField(
        allow_null=True, help_text="When it is looked at again for good, where that is known."
    )


class Monitor(s.Serializer[Any]):
    id = s.UUIDField(read_only=True)
    name = s.CharField(max_length=120)
    kind = s.ChoiceField([*MONITOR_KINDS, "group"], required=False)
    target = s.CharField(
        max_length=2048,
        required=False,
        help_text="What is probed needs one; groups and what reports in have none.",
    )
    config = Config(required=False, help_text=Config.__doc__)
    interval_seconds = s.IntegerField(min_value=5, max_value=86_400, required=False)
    timeout_seconds = s.IntegerField(min_value=1, max_value=120, required=False)
    retry_seconds = s.IntegerField(
        min_value=5, max_value=86_400, required=False, allow_null=True,
        help_text="Look again so soon while a change is not confirmed; null: at the next interval.",
    )  # fmt: skip
    policy = Policy(required=False)
    upside_down = s.BooleanField(required=False, help_text="It is good when the check fails.")
    locations = s.ListField(
        child=s.CharField(), required=False, help_text="Codes; empty: the installation's own."
    )
    quorum = s.IntegerField(min_value=1, max_value=20, required=False, help_text="Locations that must agree.")
    depends_on = s.ListField(
        child=s.UUIDField(),
        required=False,
        max_length=20,
        help_text="While one of these is down, its own outages are held back.",
    )
    tags = s.ListField(child=s.CharField(max_length=40), required=False, max_length=20)
    owner = s.EmailField(required=False, allow_null=True, help_text="Of a member.")
    notes = s.CharField(max_length=10_000, required=False, allow_blank=True)
    runbook_url = s.URLField(required=False, allow_blank=True)
    enabled = s.BooleanField(required=False)
    status = s.ChoiceField(STATUSES, read_only=True)
    state = s.ChoiceField(
        STATES, read_only=True, help_text="What its checks say, below maintenance, lateness and pause."
    )
    maintenance = Covering(
        read_only=True,
        allow_null=True,
        help_text="The window that covers it now; the one that lasts longest.",
    )
    held_back = HeldBack(
        read_only=True, allow_null=True, help_text="The outage that nobody is told of for now, and why."
    )
    places = Place(many=True, read_only=True, help_text="How it stands at each of several locations.")
    last_checked_at = s.DateTimeField(read_only=True, allow_null=True)
    ping_url = s.URLField(
        read_only=True,
        allow_null=True,
        help_text="Where a heartbeat reports; for keys that may change monitors.",
    )
    expected_at = s.DateTimeField(
        read_only=True, allow_null=True, help_text="When a heartbeat's next success is expected."
    )
    due_at = s.DateTimeField(
        read_only=True, allow_null=True, help_text="When it is down unless it reports before."
    )
    expires_at = s.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="When its certificate ends, or the domain; null unless its last check was good and saw one.",
    )
    snoozed_until = s.DateTimeField(read_only=True, allow_null=True)
    created_at = s.DateTimeField(read_only=True)
    updated_at = s.DateTimeField(read_only=True)
    url = s.URLField(read_only=True)


class Phases(s.Serializer[Any]):
    dns = s.FloatField(allow_null=True)
    connect = s.FloatField(allow_null=True)
    tls = s.FloatField(allow_null=True)
    wait = s.FloatField(allow_null=True)
    transfer = s.FloatField(allow_null=True)


class Result(s.Serializer[Any]):
    id = s.UUIDField()
    at = s.DateTimeField(help_text="The slot: when the check was due.")
    location = s.CharField()
    ok = s.BooleanField()
    soft = s.BooleanField(help_text="It works, but a soft assertion failed.")
    unknown = s.BooleanField(
        help_text="It says nothing of the monitor: whoever would know how it stands did not tell. Then ok is false."
    )
    error = s.CharField(allow_null=True)
    detail = s.CharField(allow_null=True)
    status_code = s.IntegerField(allow_null=True)
    address = s.IPAddressField(allow_null=True)
    lateness_ms = s.FloatField(help_text="How long after its slot the check started.")
    total_ms = s.FloatField(allow_null=True)
    phases_ms = Phases()
    url = s.URLField()


class ResultDetail(Result):
    evidence = s.JSONField(
        allow_null=True, help_text="What it was judged by; kept of failures and of changes, without secrets."
    )


class Monitors(s.Serializer[Any]):
    monitors = Monitor(many=True)


class ManyIds(s.Serializer[Any]):
    ids = s.ListField(child=s.UUIDField(), allow_empty=False, max_length=1000)


class ManyDeleted(s.Serializer[Any]):
    deleted = s.IntegerField()


class ManyChanges(ManyIds):
    changes = s.JSONField(required=False, help_text="As for one monitor; the same for all of them.")
    add_tags = s.ListField(
        child=s.CharField(max_length=40), required=False, max_length=20, help_text="Beside those of each."
    )
    remove_tags = s.ListField(child=s.CharField(max_length=40), required=False, max_length=20)


class CheckAccepted(s.Serializer[Any]):
    id = s.UUIDField(help_text="Of the result to come.")
    url = s.URLField(help_text="404 until the result is there.")
