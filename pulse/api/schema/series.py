"""What machines push, and the series and pings that are read back, as the document shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import (
    extend_schema_field,
    inline_serializer,
)
from rest_framework import serializers as s

from pulse.api.schema.describing import FieldError

SERIES_KINDS = ["gauge", "counter"]
# Made by a call: as a class, its `create` would hide the serializer's own.
PingdomAccount = inline_serializer(
    "PingdomAccount",
    {
        "token": s.CharField(
            max_length=200, help_text="With read access; used for this request and not kept."
        ),
        "ids": s.ListField(
            child=s.IntegerField(),
            required=False,
            help_text="Of the checks to make monitors of; all that can be.",
        ),
        "create": s.BooleanField(
            required=False, help_text="Make the monitors; otherwise only show what would be made."
        ),
    },
)


class HostNames(s.Serializer[Any]):
    id = s.CharField(required=False, max_length=200, help_text="What it reports as; else its name counts.")
    name = s.CharField(required=False, max_length=200)


@extend_schema_field(
    {"type": ["string", "number"], "description": "RFC 3339 with zone, or seconds since 1970."}
)
class Moment(s.JSONField):
    """A moment as a script has it."""


class Sample(s.Serializer[Any]):
    name = s.CharField(max_length=120)
    value = s.FloatField()
    at = Moment(
        required=False, help_text="Now when it is left out. RFC 3339 with zone, or seconds since 1970."
    )
    labels = s.DictField(child=s.CharField(max_length=200), required=False)
    unit = s.CharField(max_length=16, required=False, allow_blank=True)
    kind = s.ChoiceField(SERIES_KINDS, required=False)


class MetricsBatch(s.Serializer[Any]):
    """One batch, or a list of them."""

    host = HostNames()
    samples = Sample(many=True)
    batch = s.UUIDField(required=False, help_text="The same when it is sent again: it is stored once.")


class ReceivedHost(s.Serializer[Any]):
    id = s.UUIDField(help_text="Of its monitor.")
    name = s.CharField()
    created = s.BooleanField()
    url = s.URLField()


# Made by calls: the names are OTLP's own.
OtlpRequest = inline_serializer(
    "OtlpRequest",
    {"resourceMetrics": s.ListField(child=s.JSONField(), help_text="As OTLP's JSON encoding has them.")},
)
OtlpPartial = inline_serializer(
    "OtlpPartial", {"rejectedDataPoints": s.CharField(), "errorMessage": s.CharField()}, required=False
)
OtlpAnswer = inline_serializer("OtlpAnswer", {"partialSuccess": OtlpPartial})


class SeriesPoint(s.Serializer[Any]):
    at = s.DateTimeField()
    value = s.FloatField()


class Series(s.Serializer[Any]):
    no = s.IntegerField()
    name = s.CharField()
    labels = s.DictField(child=s.CharField())
    unit = s.CharField()
    kind = s.ChoiceField(SERIES_KINDS)
    created_at = s.DateTimeField()
    newest = SeriesPoint(allow_null=True, help_text="Of the last two days; null in answers with points.")


class SeriesList(s.Serializer[Any]):
    results = Series(many=True)
    next = s.URLField(allow_null=True)


class SeriesBucket(s.Serializer[Any]):
    at = s.DateTimeField(help_text="When the bucket begins.")
    value = s.FloatField(required=False, help_text="Of a raw point; the others are of buckets.")
    samples = s.IntegerField(required=False)
    mean = s.FloatField(required=False)
    least = s.FloatField(required=False)
    most = s.FloatField(required=False)
    last = s.FloatField(required=False)


@extend_schema_field({"type": ["integer", "string"], "description": "Seconds of a bucket, or raw."})
class Resolution(s.JSONField):
    """Seconds of a bucket, or raw."""


class SeriesPoints(Series):
    resolution = Resolution()
    points = SeriesBucket(many=True)


# Made by a call, as the next one.
Received = inline_serializer(
    "Received",
    {
        "accepted": s.IntegerField(),
        "duplicates": s.IntegerField(help_text="Samples that were there already; the first value stands."),
        "refused": s.IntegerField(),
        "errors": FieldError(many=True, help_text="The first 100 of what was refused, and why."),
        "hosts": ReceivedHost(many=True),
    },
)
