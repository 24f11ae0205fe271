"""`/v1/drills` and who would be told of a monitor: the path of an outage, tried before there is one."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import drilling
from incidents.models import Incident
from incidents.saying import rfc3339
from monitors.models import Monitor
from notifications import drill_forms
from notifications.previewing import preview
from notifications.reporting import report
from pulse.api import paging, schema
from pulse.api.base import View, find
from pulse.api.problems import InvalidFields
from pulse.api.schema import deliveries as shapes
from pulse.links import absolute

DRILLS = Incident.objects.filter(kind=Incident.Kind.DRILL)


def summary(incident: Incident) -> dict[str, Any]:
    return {
        "id": str(incident.pk),
        "name": incident.name,
        "started_at": rfc3339(incident.started_at),
        "ended_at": rfc3339(incident.resolved_at),
        "acknowledged_by": incident.acknowledged_by or None,
        "acknowledged_at": rfc3339(incident.acknowledged_at),
        "url": absolute(f"/v1/drills/{incident.pk}"),
    }


def shape(incident: Incident) -> dict[str, Any]:
    receivers = [
        {
            "name": one.name,
            "kind": "person" if one.is_person else "channel",
            "reached_after_seconds": round(one.first.total_seconds(), 3) if one.first is not None else None,
            "acknowledged_at": rfc3339(one.acknowledged_at),
            "deliveries": [str(cell.delivery.id) for cell in one.cells],
        }
        for one in report(incident).receivers
    ]
    return {**summary(incident), "receivers": receivers}


class Drills(View):
    resource = "rules"

    @schema.describe_list("List fire drills", shapes.DrillSummary)
    def get(self, request: Request) -> Response:
        return paging.page(request, DRILLS.all(), summary)

    @schema.describe("Start a fire drill", shapes.Drill, body=shapes.DrillRequest, status=201)
    def post(self, request: Request) -> Response:
        monitor, severity = drill_forms.read(request.data)
        shown = shape(drilling.start(self.organisation, monitor, severity, self.actor))
        return Response(shown, status=201, headers={"Location": shown["url"]})


class OneDrill(View):
    resource = "rules"

    @schema.describe("Read who was reached by a fire drill", shapes.Drill, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        return Response(shape(find(DRILLS.all(), pk)))


class ToldOf(View):
    resource = "rules"

    @schema.describe_ranged(
        "Say who would be told if a monitor failed now",
        shapes.Told,
        OpenApiParameter("severity", enum=Incident.Severity.values),
    )
    def get(self, request: Request, pk: str) -> Response:
        severity = request.query_params.get("severity", Incident.Severity.MAJOR)
        if severity not in Incident.Severity.values:
            raise InvalidFields([("/severity", f"Use one of {', '.join(Incident.Severity.values)}.")])
        found = preview(self.organisation, find(Monitor.objects.all(), pk), severity, timezone.now())
        lines = [
            {
                "after_seconds": line.after.total_seconds(),
                "who": line.whom,
                "how": line.how,
                "why": line.why,
                "nobody": line.is_gap,
            }
            for line in found.lines
        ]
        until = rfc3339(found.waits_until)
        return Response({"lines": lines, "because": found.because or None, "waits_until": until})
