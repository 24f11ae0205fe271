"""`/v1/ingest/…`: hosts push numbers here, in one of three formats, with a key of the scope `ingest`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from monitors.hosts import json_format, otlp, remote_write
from monitors.hosts.model import Received, Report
from monitors.hosts.receiving import receive
from pulse.api import schema
from pulse.api.base import View
from pulse.api.ingest_parsers import MetricsParser, RemoteWriteParser
from pulse.api.problems import MEANING, problem
from pulse.links import absolute

CREATE = OpenApiParameter(
    "create", enum=["1"], description="Add a host monitor for a host that none reports as yet."
)
HOST = OpenApiParameter("host", description="All of it is of this host; else labels say, host or instance.")


class Ingest(View):
    """Subclasses read their format; what was answered with 200 is in the database."""

    scope = "ingest"

    def received(self, request: Request, reports: Sequence[Report]) -> Received | HttpResponse:
        """What became of it; a problem when none of the hosts is known."""
        may_create = request.query_params.get("create") == "1"
        received = receive(self.organisation, reports, self.actor, may_create=may_create)
        if received.is_nothing and received.unknown == len(reports):
            return problem(404, MEANING[404], received.errors)
        return received


class Metrics(Ingest):
    parser_classes = [MetricsParser]

    @schema.describe_ingest("Send metrics", schema.MetricsBatch, schema.Received, CREATE)
    def post(self, request: Request) -> Any:
        received = self.received(request, json_format.read(request.data, timezone.now()))
        if isinstance(received, HttpResponse):
            return received
        if received.is_nothing:
            return problem(422, "None of the samples can be accepted.", received.errors)
        return Response(answer(received))


class Otlp(Ingest):
    """OTLP/HTTP in JSON: what is refused is a partial success there, and nothing to send again."""

    parser_classes = [MetricsParser]

    @schema.describe_ingest("Send OpenTelemetry metrics", schema.OtlpRequest, schema.OtlpAnswer, CREATE)
    def post(self, request: Request) -> Any:
        received = self.received(request, otlp.read(request.data))
        if isinstance(received, HttpResponse):
            return received
        if not received.refused:
            return Response({})
        words = "; ".join(f"{pointer}: {detail}" for pointer, detail in received.errors[:10])
        return Response(
            {"partialSuccess": {"rejectedDataPoints": str(received.refused), "errorMessage": words}}
        )


class Prometheus(Ingest):
    """Remote write: after a 400 Prometheus drops a batch and logs the sentence; its good samples are stored."""

    parser_classes = [RemoteWriteParser]

    @schema.describe_ingest("Write from Prometheus", {"application/x-protobuf": bytes}, None, CREATE, HOST)
    def post(self, request: Request) -> Any:
        try:
            reports = remote_write.read(cast(bytes, request.data), request.query_params.get("host", ""))
        except remote_write.Malformed as error:
            raise ParseError(f"Send a WriteRequest of remote write 1.0: {error}.") from None
        received = self.received(request, reports)
        if isinstance(received, HttpResponse):
            return received
        if received.refused:
            pointer, words = received.errors[0]
            return problem(
                400, f"{received.refused} samples were refused, like {pointer}: {words}", received.errors
            )
        return HttpResponse(status=204)


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
