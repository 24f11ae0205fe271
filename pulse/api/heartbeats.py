"""`/v1/monitors/<id>/pings`: what a heartbeat reported, what that brought along, and a new address for it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.saying import rfc3339
from monitors.heartbeats import keeping, reading
from monitors.heartbeats.advancing import Kind
from monitors.models import Monitor
from pulse.api import paging, schema
from pulse.api.base import View, find
from pulse.api.problems import Conflict, InvalidFields
from pulse.links import absolute


class Ping(s.Serializer[Any]):
    n = s.IntegerField(help_text="Counts up for each heartbeat.")
    at = s.DateTimeField()
    kind = s.ChoiceField([kind.name.lower() for kind in Kind])
    note = s.CharField(help_text="Why it counts as that, where its address says otherwise.", allow_null=True)
    exit_status = s.IntegerField(allow_null=True)
    rid = s.UUIDField(allow_null=True, help_text="The run that it names.")
    duration_ms = s.FloatField(allow_null=True, help_text="Since the start of its run.")
    expected_at = s.DateTimeField(allow_null=True, help_text="When it was expected.")
    method = s.CharField()
    agent = s.CharField(allow_null=True)
    address = s.IPAddressField(allow_null=True)
    body_size = s.IntegerField(help_text="Of what was sent; at most 100,000 bytes are kept.")
    body_url = s.URLField(allow_null=True)


class NewAddress(s.Serializer[Any]):
    ping_url = s.URLField()


class Pings(View):
    resource = "monitors"

    @schema.describe_list("List a heartbeat's pings", Ping, errors=(404,), after=OpenApiTypes.INT64)
    def get(self, request: Request, pk: str) -> Response:
        monitor, limit = find(Monitor.objects.all(), pk), paging.read_limit(request)
        before = _before(request.query_params.get("after"))
        found = reading.recent(monitor.no, limit + 1, before)
        following = paging.next_url(request, str(found[limit - 1].n)) if len(found) > limit else None
        return Response({"results": [shape(ping, monitor) for ping in found[:limit]], "next": following})


class OnePing(View):
    resource = "monitors"

    @schema.describe("Read a ping", Ping, errors=(404,))
    def get(self, request: Request, pk: str, number: str) -> Response:
        monitor = find(Monitor.objects.all(), pk)
        ping = reading.one(monitor.no, _number(number))
        if ping is None:
            raise Http404
        return Response(shape(ping, monitor))


class PingBody(View):
    resource = "monitors"

    @schema.describe_file("Read the body of a ping")
    def get(self, request: Request, pk: str, number: str) -> HttpResponse:
        found = reading.body(find(Monitor.objects.all(), pk).no, _number(number))
        if found is None or not found[0]:
            raise Http404
        return HttpResponse(found[0], content_type="application/octet-stream")


class Rotation(View):
    resource = "monitors"

    @schema.describe("Give a heartbeat a new address", NewAddress, errors=(404, 409))
    def post(self, request: Request, pk: str) -> Response:
        monitor = find(Monitor.objects.all(), pk)
        if monitor.kind != "heartbeat":
            raise Conflict("Only heartbeats have an address.")
        token = keeping.rotate(self.organisation, monitor, self.actor)
        return Response({"ping_url": keeping.ping_url(token)})


def shape(ping: reading.Ping, monitor: Monitor) -> dict[str, Any]:
    url = absolute(f"/v1/monitors/{monitor.pk}/pings/{ping.n}/body")
    return {
        "n": ping.n,
        "at": rfc3339(ping.at),
        "kind": ping.word,
        "note": ping.note or None,
        "exit_status": ping.exit_status,
        "rid": str(ping.rid) if ping.rid else None,
        "duration_ms": None if ping.duration is None else round(ping.duration.total_seconds() * 1000, 3),
        "expected_at": rfc3339(ping.expected_at),
        "method": ping.method,
        "agent": ping.agent or None,
        "address": ping.address,
        "body_size": ping.body_size,
        "body_url": url if ping.body_size else None,
    }


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    return int(text)


def _before(text: str | None) -> int:
    if text is None:
        return reading.BEYOND
    try:
        return _number(text)
    except Http404:
        raise InvalidFields([("/after", "Use the address in `next` as it is.")]) from None
