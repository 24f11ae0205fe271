"""Deliveries, drills and who would be told, as the document shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from incidents.models import Incident
from notifications.events import WORDS
from notifications.ledger.models import DeliveryState

STATES = DeliveryState.values


class Delivery(s.Serializer[Any]):
    id = s.UUIDField()
    event = s.ChoiceField(list(WORDS))
    state = s.ChoiceField(STATES)
    purpose = s.CharField(help_text="rule, policy, reminder, fallback, digest, test or notice.")
    reason = s.CharField(help_text="Why this receiver, in words.")
    incident = s.UUIDField(allow_null=True)
    channel = s.UUIDField(allow_null=True)
    person = s.UUIDField(allow_null=True)
    name = s.CharField()
    transport = s.CharField()
    recipient = s.CharField()
    attempts = s.IntegerField()
    repeats = s.IntegerField(help_text="Attempts made after an unknown outcome, with the same id.")
    last_answer = s.CharField(allow_null=True)
    receipt = s.ChoiceField(["delivered", "read", "failed"], allow_null=True)
    happened_at = s.DateTimeField()
    created_at = s.DateTimeField()
    next_at = s.DateTimeField(allow_null=True, help_text="When it goes out, or is tried again.")
    finished_at = s.DateTimeField(allow_null=True)
    receipt_at = s.DateTimeField(allow_null=True)
    acknowledged_at = s.DateTimeField(allow_null=True, help_text="When its own link was used.")
    url = s.URLField()


class Try(s.Serializer[Any]):
    number = s.IntegerField()
    started_at = s.DateTimeField()
    finished_at = s.DateTimeField(allow_null=True)
    outcome = s.CharField()
    status_code = s.IntegerField(allow_null=True)
    answer = s.CharField()
    request = s.CharField(allow_null=True, help_text="What was asked of whom, without secrets.")


class DeliveryDetail(Delivery):
    tries = Try(many=True)
    payload = s.JSONField(help_text="What the message says, as webhooks get it.")


class DrillRequest(s.Serializer[Any]):
    monitor = s.UUIDField()
    severity = s.ChoiceField(Incident.Severity.values, required=False)


class Receiver(s.Serializer[Any]):
    name = s.CharField()
    kind = s.ChoiceField(["person", "channel"])
    reached_after_seconds = s.FloatField(allow_null=True)
    acknowledged_at = s.DateTimeField(allow_null=True)
    deliveries = s.ListField(child=s.UUIDField())


class DrillSummary(s.Serializer[Any]):
    id = s.UUIDField()
    name = s.CharField()
    started_at = s.DateTimeField()
    ended_at = s.DateTimeField(allow_null=True)
    acknowledged_by = s.CharField(allow_null=True)
    acknowledged_at = s.DateTimeField(allow_null=True)
    url = s.URLField()


class Drill(DrillSummary):
    receivers = Receiver(many=True)


class ToldLine(s.Serializer[Any]):
    after_seconds = s.FloatField()
    who = s.CharField()
    how = s.CharField()
    why = s.CharField()
    nobody = s.BooleanField(help_text="A step that would reach nobody.")


class Told(s.Serializer[Any]):
    lines = ToldLine(many=True)
    because = s.CharField(allow_null=True)
    waits_until = s.DateTimeField(allow_null=True)
