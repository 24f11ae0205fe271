"""`/v1/monitors/<id>/decisions` and `/backtest`: why it stands as it does, and as another policy would see it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.saying import rfc3339
from monitors.backtest.running import SPAN, as_json, read_draft, refuse, run
from monitors.models import Monitor
from monitors.telemetry.models import Decision
from monitors.telemetry.scheduling import location_code
from monitors.why import wording
from monitors.why.reading import decisions_of
from pulse.api import paging, schema
from pulse.api.base import View, find
from pulse.api.problems import InvalidFields
from pulse.fields import ConfigError

RESULTS_REACH_BACK = timedelta(days=400)
KNOWN = ("policy", "quorum", "from", "to")


class Decisions(View):
    resource = "monitors"

    @schema.describe_list(
        "List a monitor's decisions",
        schema.Decision,
        OpenApiParameter("from", OpenApiTypes.DATETIME, description="Those at or after this moment."),
        OpenApiParameter("to", OpenApiTypes.DATETIME, description="Those before this moment."),
        errors=(404,),
        after=OpenApiTypes.STR,
    )
    def get(self, request: Request, pk: str) -> Response:
        monitor, limit = find(Monitor.objects.all(), pk), paging.read_limit(request)
        rows = decisions_of(monitor)
        for name, lookup in (("from", "at__gte"), ("to", "at__lt")):
            if text := request.query_params.get(name):
                rows = rows.filter(**{lookup: _moment(text, f"/{name}")})
        if after := request.query_params.get("after"):
            at, number = _cursor(after)
            rows = rows.filter(at__lte=at).exclude(at=at, no__gte=number)
        found = list(rows[: limit + 1])
        last = found[limit - 1] if len(found) > limit else None
        following = paging.next_url(request, f"{rfc3339_exact(last.at)}_{last.no}") if last else None
        return Response({"results": [shape(row) for row in found[:limit]], "next": following})


class Backtests(View):
    resource = "monitors"

    @schema.describe("Replay a policy", schema.Backtest, body=schema.BacktestDraft, errors=(404,))
    def post(self, request: Request, pk: str) -> Response:
        monitor = find(Monitor.objects.all(), pk)
        refuse(monitor)
        fields = _fields(request.data)
        end = _read(fields, "to", timezone.now())
        start = _read(fields, "from", end - SPAN)
        if start >= end:
            raise InvalidFields([("/from", "Use a moment before `to`.")])
        if end - start > RESULTS_REACH_BACK:
            raise InvalidFields([("/from", "Use a moment at most 400 days before `to`.")])
        return Response(as_json(run(monitor, *read_draft(fields, monitor), start, end), end))


def shape(row: Decision) -> dict[str, Any]:
    return {
        "at": rfc3339(row.at),
        "decided_at": rfc3339(row.decided_at),
        "kind": wording.title(row),
        "sentence": wording.sentence(row),
        "seen": wording.seen(row),
        "status": wording.status(row) or None,
        "location": location_code(row.location) or None if row.location is not None else None,
        "counted": row.counted,
        "needed": row.needed,
        "total_ms": None if row.total_us is None else row.total_us / 1000,
        "incident": str(row.incident_id) if row.incident_id else None,
    }


def rfc3339_exact(moment: datetime) -> str:
    """With microseconds: two decisions may be closer than a millisecond."""
    return moment.isoformat().replace("+00:00", "Z")


def _fields(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ConfigError([("", 'Send a JSON object, like {"policy": {"down_after": 2}}.')])
    unknown = [name for name in data if name not in KNOWN]
    if unknown:
        words = f"Remove this unknown field; known are {', '.join(KNOWN)}."
        raise ConfigError(
            (f"/{str(name)[:40].replace('~', '~0').replace('/', '~1')}", words) for name in unknown
        )
    return data


def _read(fields: dict[str, Any], name: str, default: datetime) -> datetime:
    value = fields.get(name)
    return default if value is None else _moment(value, f"/{name}")


def _moment(value: Any, pointer: str) -> datetime:
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or timezone.is_naive(found) or not 1970 < found.year < 9999:
        raise InvalidFields([(pointer, "Use a time with its zone, like 2026-03-01T03:12:00Z (RFC 3339).")])
    return found


def _cursor(text: str) -> tuple[datetime, int]:
    moment, _, number = text.rpartition("_")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise InvalidFields([("/after", "Use the address in `next` as it is.")])
    return _moment(moment, "/after"), int(number)
