"""What a trial of a monitor found, and what an import made of a list, as the document shows it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from pulse.api.schema.monitors import STATUSES


class TriedPoint(s.Serializer[Any]):
    at = s.DateTimeField()
    value = s.FloatField()


class TriedThreshold(s.Serializer[Any]):
    assertion = s.CharField(help_text="The threshold as it is written.")
    series = s.CharField()
    level = s.ChoiceField(["good", "unknown", "warning", "critical"])
    value = s.FloatField(allow_null=True)
    problem = s.CharField(allow_blank=True)


class TriedSeries(s.Serializer[Any]):
    name = s.CharField()
    labels = s.DictField(child=s.CharField())
    unit = s.CharField()
    points = TriedPoint(many=True)


class Trial(s.Serializer[Any]):
    status = s.ChoiceField(STATUSES)
    detail = s.CharField(help_text="Why, in words; of a source that did not tell, what it said.")
    took_ms = s.IntegerField()
    series = TriedSeries(many=True)
    thresholds = TriedThreshold(many=True)


class PingdomCheck(s.Serializer[Any]):
    id = s.IntegerField()
    name = s.CharField()
    definition = s.JSONField(allow_null=True, help_text="The monitor that it would be.")
    left_out = s.ListField(child=s.CharField(), help_text="What cannot be carried over.")
    problem = s.CharField(allow_null=True, help_text="Why it cannot be a monitor.")


class MadeMonitor(s.Serializer[Any]):
    id = s.UUIDField()
    name = s.CharField()
    url = s.URLField()


class PingdomImport(s.Serializer[Any]):
    checks = PingdomCheck(many=True)
    monitors = MadeMonitor(many=True)
