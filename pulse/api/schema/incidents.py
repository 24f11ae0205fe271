"""Incidents, as the document shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s


class IncidentMonitor(s.Serializer[Any]):
    id = s.UUIDField()
    name = s.CharField()
    kind = s.CharField()
    target = s.CharField()


class Incident(s.Serializer[Any]):
    id = s.UUIDField()
    state = s.ChoiceField(["open", "acknowledged", "resolved"])
    monitor = IncidentMonitor()
    cause = s.CharField()
    started_at = s.DateTimeField(help_text="The first failing slot.")
    opened_at = s.DateTimeField()
    acknowledged_at = s.DateTimeField(allow_null=True)
    acknowledged_by = s.CharField(allow_null=True)
    resolved_at = s.DateTimeField(allow_null=True)
    resolution = s.ChoiceField(["recovered", "paused", "deleted"], allow_null=True)
    url = s.URLField()


class TimelineEntry(s.Serializer[Any]):
    at = s.DateTimeField()
    kind = s.CharField()
    by = s.CharField(allow_null=True)
    text = s.CharField()


class IncidentDetail(Incident):
    timeline = TimelineEntry(many=True)
