"""Uptime, days, latency and the organisation, as the document shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from tenants.bounds import RESULTS_LEAST_DAYS, RESULTS_MOST_DAYS


class Organisation(s.Serializer[Any]):
    id = s.UUIDField(read_only=True)
    slug = s.CharField(read_only=True)
    name = s.CharField(read_only=True)
    results_kept_days = s.IntegerField(
        allow_null=True,
        required=False,
        min_value=RESULTS_LEAST_DAYS,
        max_value=RESULTS_MOST_DAYS,
        help_text="How long raw results are kept; null for as long as is usual here.",
    )
    results_kept_days_usual = s.IntegerField(read_only=True)
    created_at = s.DateTimeField(read_only=True)


class Uptime(s.Serializer[Any]):
    """Up, down, unknown and excluded add up to the whole time; degraded is part of up."""

    up_seconds = s.FloatField()
    degraded_seconds = s.FloatField()
    down_seconds = s.FloatField()
    unknown_seconds = s.FloatField(help_text="Nobody measured.")
    excluded_seconds = s.FloatField(help_text="Planned maintenance that was left out.")
    uptime = s.FloatField(allow_null=True, help_text="Up as a share of 1 of what was measured.")
    coverage = s.FloatField(help_text="What was measured as a share of 1.")
    error = s.FloatField(
        help_text="How far uptime may be off, by what lies between two checks; a share of 1."
    )


class UptimeOfMonitor(Uptime):
    start = s.DateTimeField()
    end = s.DateTimeField()


class UptimeDay(Uptime):
    day = s.DateField(help_text="From midnight to midnight UTC; today ends now.")


class UptimeDays(s.Serializer[Any]):
    zone = s.CharField(help_text="Where days begin: UTC.")
    days = UptimeDay(many=True)


class LatencyFigures(s.Serializer[Any]):
    ok = s.IntegerField()
    soft = s.IntegerField(help_text="It worked, but a soft assertion failed.")
    failed = s.IntegerField()
    unknown = s.IntegerField()
    mean_ms = s.FloatField(allow_null=True)
    p50_ms = s.FloatField(allow_null=True, help_text="Within 1 %, as the other percentiles.")
    p95_ms = s.FloatField(allow_null=True)
    p99_ms = s.FloatField(allow_null=True)


class LatencyPart(LatencyFigures):
    start = s.DateTimeField()
    end = s.DateTimeField()
    location = s.CharField(allow_null=True, help_text="Null for all together.")


class Latency(LatencyFigures):
    start = s.DateTimeField()
    end = s.DateTimeField()
    resolution = s.IntegerField(help_text="Seconds of a part.")
    parts = LatencyPart(many=True)
