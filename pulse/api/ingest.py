"""`/v1/ingest/metrics`: hosts push numbers here, with a key of the scope `ingest`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from monitors.hosts import json_format
from monitors.hosts.model import Received, Report
from monitors.hosts.receiving import receive
from pulse.api import schema
from pulse.api.base import View
from pulse.api.ingest_parsers import MetricsParser
from pulse.api.problems import MEANING, problem
from pulse.links import absolute

CREATE = OpenApiParameter(
    "create", enum=["1"], description="Add a host monitor for a host that none reports as yet."
)


class Ingest(View):
    """Subclasses read their format; what was answered with 200 is in the database."""

    scope = "ingest"

    def take(self, request: Request, reports: Sequence[Report]) -> Any:
        may_create = request.query_params.get("create") == "1"
        received = receive(self.organisation, reports, self.actor, may_create=may_create)
        if received.is_nothing and received.unknown == len(reports):
            return problem(404, MEANING[404], received.errors)
        if received.is_nothing:
            return problem(422, "None of the samples can be accepted.", received.errors)
        return Response(answer(received))


class Metrics(Ingest):
    parser_classes = [MetricsParser]

    @schema.describe_ingest("Send metrics", schema.MetricsBatch, schema.Received, CREATE)
    def post(self, request: Request) -> Any:
        return self.take(request, json_format.read(request.data, timezone.now()))


def answer(received: Received) -> dict[str, Any]:
    return {
        "accepted": received.accepted,
        "duplicates": received.duplicates,
        "refused": received.refused,
        "errors": [{"pointer": pointer, "detail": words} for pointer, words in received.errors],
        "hosts": [
            {"id": str(pk), "name": name, "created": created, "url": absolute(f"/v1/monitors/{pk}")}
            for pk, name, created in received.hosts
        ],
    }
