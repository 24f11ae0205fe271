"""`/v1/incidents`: list, read, acknowledge."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import handling
from incidents.models import Incident
from pulse.api import paging, schema, shapes
from pulse.api.base import View, find
from pulse.api.problems import InvalidFields

STATES: dict[str, dict[str, Any]] = {
    "open": {"resolved_at": None, "acknowledged_at": None},
    "acknowledged": {"resolved_at": None, "acknowledged_at__isnull": False},
    "resolved": {"resolved_at__isnull": False},
}


class Incidents(View):
    resource = "incidents"

    @schema.describe_list("List incidents", schema.Incident, OpenApiParameter("state", enum=list(STATES)))
    def get(self, request: Request) -> Response:
        rows = Incident.objects.all()
        if state := request.query_params.get("state"):
            if state not in STATES:
                raise InvalidFields([("/state", f"Use one of {', '.join(STATES)}.")])
            rows = rows.filter(**STATES[state])
        return paging.page(request, rows, shapes.incident)


class OneIncident(View):
    resource = "incidents"

    @schema.describe("Read an incident", schema.IncidentDetail, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        incident = find(Incident.objects.all(), pk)
        return Response({**shapes.incident(incident), "timeline": shapes.timeline(incident)})


class Acknowledgement(View):
    resource = "incidents"

    @schema.describe("Acknowledge an incident", schema.Incident, errors=(404,))
    def post(self, request: Request, pk: str) -> Response:
        incident = handling.acknowledge(self.organisation, find(Incident.objects.all(), pk), self.actor)
        return Response(shapes.incident(incident))
