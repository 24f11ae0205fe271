"""The shapes of requests and answers, for `/v1/openapi.json`. Reading and its words are in each app's own module."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
    inline_serializer,
)
from rest_framework import serializers as s

from monitors.kinds import KINDS
from notifications.models import Event
from notifications.transports import TRANSPORTS
from pulse.api.paging import DEFAULT_LIMIT, LARGEST_LIMIT

MONITOR_KINDS = list(KINDS)
CHANNEL_KINDS = list(TRANSPORTS)
SERIES_KINDS = ["gauge", "counter"]
STATUSES = ("pending", "up", "late", "degraded", "down", "flapping", "unknown", "paused")


class Policy(s.Serializer[Any]):
    down_after = s.IntegerField(min_value=1, max_value=20, required=False)
    up_after = s.IntegerField(min_value=1, max_value=20, required=False)
    degraded_after = s.IntegerField(min_value=1, max_value=20, required=False)


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
    tags = s.ListField(child=s.CharField(max_length=40), required=False, max_length=20)
    owner = s.EmailField(required=False, allow_null=True, help_text="Of a member.")
    notes = s.CharField(max_length=10_000, required=False, allow_blank=True)
    runbook_url = s.URLField(required=False, allow_blank=True)
    enabled = s.BooleanField(required=False)
    status = s.ChoiceField(STATUSES, read_only=True)
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


class ManyChanges(s.Serializer[Any]):
    ids = s.ListField(child=s.UUIDField(), allow_empty=False, max_length=1000)
    changes = s.JSONField(help_text="As for one monitor; the same for all of them.")


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


class CheckAccepted(s.Serializer[Any]):
    id = s.UUIDField(help_text="Of the result to come.")
    url = s.URLField(help_text="404 until the result is there.")


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


class FieldError(s.Serializer[Any]):
    pointer = s.CharField(help_text="JSON pointer into the body (RFC 6901).")
    detail = s.CharField()


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
# Made by a call: as a class, its `errors` would hide the serializer's own.
Problem = inline_serializer(
    "Problem",
    {
        "type": s.CharField(),
        "title": s.CharField(),
        "status": s.IntegerField(),
        "detail": s.CharField(),
        "errors": FieldError(many=True, required=False),
    },
)


def describe(
    summary: str, answer: Any = None, *, body: Any = None, status: int = 200, errors: tuple[int, ...] = ()
) -> Any:
    """One operation: its answer and every problem it may end in."""
    reading = (400, 413, 415, 422) if body else ()
    return extend_schema(
        operation_id=_name_of(summary),
        summary=summary,
        request=body,
        responses={status: answer} | _problems(401, 403, 411, *reading, *errors),
    )


def describe_ranged(summary: str, answer: Any, *parameters: OpenApiParameter) -> Any:
    """One operation that reads a stretch of time."""
    return extend_schema(
        operation_id=_name_of(summary),
        summary=summary,
        parameters=list(parameters),
        responses={200: answer} | _problems(401, 403, 404, 411, 422),
    )


def describe_ingest(summary: str, body: Any, answer: Any, *parameters: OpenApiParameter) -> Any:
    """One operation that takes what machines push."""
    return extend_schema(
        operation_id=_name_of(summary),
        summary=summary,
        parameters=list(parameters),
        request=body,
        responses={200: answer} | _problems(400, 401, 403, 404, 411, 413, 415, 422),
    )


def describe_file(summary: str) -> Any:
    """One operation that answers with bytes as they came."""
    return extend_schema(
        operation_id=_name_of(summary),
        summary=summary,
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY} | _problems(401, 403, 404, 411),
    )


def describe_list(
    summary: str,
    item: Any,
    *parameters: OpenApiParameter,
    errors: tuple[int, ...] = (),
    after: Any = OpenApiTypes.UUID,
) -> Any:
    """A list by cursor, newest first."""
    answer = inline_serializer(
        f"{item.__name__}List",
        {
            "results": item(many=True),
            "next": s.URLField(allow_null=True, help_text="The page of older ones."),
        },
    )
    size = {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}
    paging = [
        OpenApiParameter("limit", size, description="How many at most."),
        OpenApiParameter("after", after, description="As found in `next`."),
    ]
    return extend_schema(
        operation_id=_name_of(summary),
        summary=summary,
        parameters=[*paging, *parameters],
        responses={200: answer} | _problems(401, 403, 411, 422, *errors),
    )


def _name_of(summary: str) -> str:
    """`List a monitor's results` is `list_monitors_results`."""
    words = summary.lower().replace("'", "").split()
    return "_".join(word for word in words if word not in {"a", "an"})


def _problems(*codes: int) -> dict[Any, Any]:
    return {(code, "application/problem+json"): OpenApiResponse(Problem) for code in sorted(set(codes))}
