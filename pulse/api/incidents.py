"""`/v1/incidents`: list, open by hand, read, edit, and how long they took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import declaring, handling, measuring
from incidents.filtering import NOBODY, STATES, Filter, matching
from incidents.handling import Contradiction
from incidents.models import Incident
from pulse.api import incident_shapes, paging, schema
from pulse.api.base import View, find
from pulse.api.problems import Conflict, InvalidFields

PERIOD = timedelta(days=30)
FILTERS = (
    OpenApiParameter("severity", enum=Incident.Severity.values),
    OpenApiParameter("monitor", OpenApiTypes.UUID, description="Of this monitor."),
    OpenApiParameter("tag", description="Of monitors with this tag."),
    OpenApiParameter("assignee", description='A person\'s id, or "nobody".'),
    OpenApiParameter("since", OpenApiTypes.DATETIME, description="Began at this time or later."),
    OpenApiParameter("until", OpenApiTypes.DATETIME, description="Began before this time."),
)
WHOLE = OpenApiParameter("whole", enum=["true"], description="Without those that are part of another one.")


class Incidents(View):
    resource = "incidents"

    @schema.describe_list(
        "List incidents", schema.Incident, OpenApiParameter("state", enum=list(STATES)), *FILTERS, WHOLE
    )
    def get(self, request: Request) -> Response:
        return paging.page(request, matching(read_filter(request)), incident_shapes.incident)

    @schema.describe("Open an incident", schema.Incident, body=schema.NewIncident, status=201, again=200)
    def post(self, request: Request) -> Response:
        incident, is_new = declaring.declare(self.organisation, declaring.read(request.data), self.actor)
        shown = incident_shapes.incident(incident)
        return Response(shown, status=201 if is_new else 200, headers={"Location": shown["url"]})


class IncidentFigures(View):
    resource = "incidents"

    @schema.describe_ranged("Measure incidents", schema.IncidentFigures, *FILTERS)
    def get(self, request: Request) -> Response:
        wanted = read_filter(request)
        until = wanted.until or timezone.now()
        since = wanted.since or until - PERIOD
        found = matching(wanted).filter(started_at__gte=since, started_at__lt=until)
        return Response(incident_shapes.figures(measuring.measure(found), since, until))


class OneIncident(View):
    resource = "incidents"

    @schema.describe("Read an incident", schema.IncidentDetail, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        incident = find(Incident.objects.all(), pk)
        return Response(
            {**incident_shapes.incident(incident), "timeline": incident_shapes.timeline(incident)}
        )

    @schema.describe("Change an incident", schema.Incident, body=schema.IncidentEdit, errors=(404, 409))
    def patch(self, request: Request, pk: str) -> Response:
        incident = find(Incident.objects.all(), pk)
        values, version = declaring.read_edit(request.data)
        try:
            incident = handling.edit(self.organisation, incident, values, self.actor, version)
        except Contradiction as refusal:
            raise Conflict(str(refusal)) from None
        return Response(incident_shapes.incident(incident))


def read_filter(request: Request) -> Filter:
    """The filters of a list's address; InvalidFields with every complaint at once."""
    given, errors, values = request.query_params, [], {}
    readers: dict[str, Any] = {
        "state": _one_of(list(STATES)),
        "severity": _one_of(Incident.Severity.values),
        "monitor": _uuid,
        "assignee": _person,
        "since": _moment,
        "until": _moment,
        "whole": lambda value: _one_of(["true"])(value) == "true",
        "tag": _tag,
    }
    for name, read in readers.items():
        if value := given.get(name):
            try:
                values[name] = read(value)
            except ValueError as error:
                errors.append((f"/{name}", str(error)))
    if errors:
        raise InvalidFields(errors)
    return Filter(**values)


def _one_of(allowed: list[str]) -> Any:
    def read(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"Use one of {', '.join(allowed)}.")
        return value

    return read


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise ValueError("Use an id from a list.") from None


def _person(value: str) -> UUID | str:
    try:
        return NOBODY if value == NOBODY else UUID(value)
    except ValueError:
        raise ValueError('Use a person\'s id, or "nobody".') from None


def _moment(value: str) -> datetime:
    try:
        moment = parse_datetime(value)
        if moment is not None and moment.tzinfo is not None and 1970 <= moment.year <= 9000:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("Use a time with its zone, like 2026-03-01T02:11:07Z.")


def _tag(value: str) -> str:
    if len(value) > 40 or not value.isprintable():
        raise ValueError("Use a tag of a monitor.")
    return value
