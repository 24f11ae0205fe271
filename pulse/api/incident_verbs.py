"""What is done to an incident, each a resource below it: PUT or POST makes it so, DELETE takes it back.

Done again it answers the same. What contradicts how the incident stands is a 409 that says why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec
from uuid import UUID

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import assigning, declaring, handling, learning, merging, resolving
from incidents.handling import Contradiction
from incidents.models import Incident
from pulse.api import incident_shapes, schema
from pulse.api.base import View, find
from pulse.api.problems import Conflict
from pulse.fields import ConfigError, FieldError, read_fields

P = ParamSpec("P")


class Verb(View):
    resource = "incidents"

    def incident(self, pk: str) -> Incident:
        found: Incident = find(Incident.objects.all(), pk)
        return found


class Acknowledgement(Verb):
    @schema.describe("Acknowledge an incident", schema.Incident, errors=(404,))
    def post(self, request: Request, pk: str) -> Response:
        return _shown(handling.acknowledge, self.organisation, self.incident(pk), self.actor)

    @schema.describe("Take back an acknowledgement", schema.Incident, errors=(404, 409))
    def delete(self, request: Request, pk: str) -> Response:
        return _shown(handling.release, self.organisation, self.incident(pk), self.actor)


class ResolutionOf(Verb):
    @schema.describe("Resolve an incident", schema.Incident, errors=(404,))
    def post(self, request: Request, pk: str) -> Response:
        return _shown(resolving.resolve, self.organisation, self.incident(pk), self.actor)

    @schema.describe("Open an incident again", schema.Incident, errors=(404, 409))
    def delete(self, request: Request, pk: str) -> Response:
        return _shown(resolving.reopen, self.organisation, self.incident(pk), self.actor)


class AssigneeOf(Verb):
    @schema.describe("Assign an incident", schema.Incident, body=schema.Assignee, errors=(404, 409))
    def put(self, request: Request, pk: str) -> Response:
        incident = self.incident(pk)
        to = read_fields(request.data, {"member": assigning.find}).get("member")
        to = to or _required("/member", "Name a member of this organisation.")
        return _shown(handling.assign, self.organisation, incident, to, self.actor)

    @schema.describe("Unassign an incident", schema.Incident, errors=(404, 409))
    def delete(self, request: Request, pk: str) -> Response:
        return _shown(handling.assign, self.organisation, self.incident(pk), None, self.actor)


class Notes(Verb):
    @schema.describe(
        "Note something on an incident", schema.TimelineEntry, body=schema.Note, status=201, errors=(404,)
    )
    def post(self, request: Request, pk: str) -> Response:
        incident = self.incident(pk)
        entry = handling.note(self.organisation, incident, declaring.read_note(request.data), self.actor)
        return Response(incident_shapes.entry(entry), status=201)


class Members(Verb):
    @schema.describe("Merge incidents", schema.Incident, body=schema.Merge, errors=(404, 409))
    def post(self, request: Request, pk: str) -> Response:
        """The answer is what stands for all of them, which may be a new incident."""
        incident = self.incident(pk)
        others = read_fields(request.data, {"incidents": _incidents}).get("incidents")
        others = others or _required("/incidents", "Name the incidents to merge into this one.")
        return _shown(merging.merge, self.organisation, incident, others, self.actor)


class OneMember(Verb):
    @schema.describe("Split an incident off", schema.Incident, errors=(404, 409))
    def delete(self, request: Request, pk: str, member: str) -> Response:
        return _shown(merging.split, self.organisation, self.incident(pk), self.incident(member), self.actor)


class PostmortemOf(Verb):
    @schema.describe("Read a postmortem", schema.Postmortem, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        incident = self.incident(pk)
        return Response(incident_shapes.postmortem(incident, learning.stored_of(incident)))

    @schema.describe("Write a postmortem", schema.Postmortem, body=schema.Postmortem, errors=(404, 409))
    def put(self, request: Request, pk: str) -> Response:
        incident = self.incident(pk)
        text, version = learning.read(request.data)
        try:
            stored = learning.save(self.organisation, incident, text, version, self.actor)
        except learning.Overtaken as refusal:
            raise Conflict(str(refusal)) from None
        return Response(incident_shapes.postmortem(incident, stored))


def _shown(verb: Callable[P, Incident], *args: P.args, **kwargs: P.kwargs) -> Response:
    """The incident as it is after the verb; what contradicts how it stands is a conflict."""
    try:
        return Response(incident_shapes.incident(verb(*args, **kwargs)))
    except Contradiction as refusal:
        raise Conflict(str(refusal)) from None
    except Incident.DoesNotExist:
        raise Http404 from None


def _incidents(value: Any) -> list[Incident]:
    if not isinstance(value, list) or not 0 < len(value) <= merging.MERGED_AT_MOST:
        raise FieldError(f"Send a list of 1 to {merging.MERGED_AT_MOST} incidents' ids.")
    known = Incident.objects.in_bulk([uuid for uuid in map(_uuid, value) if uuid])
    unknown = [str(given)[:40] for given in value if _uuid(given) not in known]
    if unknown:
        raise FieldError(
            f"There is no incident {', '.join(unknown[:5])}: use ids from the list of incidents."
        )
    return list(known.values())


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _required(pointer: str, words: str) -> Any:
    raise ConfigError([(pointer, words)])
