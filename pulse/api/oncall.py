"""`/v1/schedules` and `/v1/on-call`: who has the pager, overrides, and what is to come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.saying import rfc3339
from notifications.models import Override, Schedule
from notifications.oncall import calendar, definition, describing, planning, reading, rota
from notifications.oncall.planning import NewOverride
from notifications.oncall.reading import Known, Standing
from pulse.api import paging, schema
from pulse.api.base import View, find, lock
from pulse.api.moments import read_moment
from pulse.api.problems import InvalidFields
from pulse.api.schema import oncall as shapes
from pulse.fields import ConfigError, FieldError, read_fields
from pulse.links import absolute

SHIFTS = timedelta(days=30)
MISSING = {
    "person": "Say who takes over, by their id.",
    "starts_at": "Say from when, like 2027-03-01T12:00:00Z.",
    "ends_at": "Say until when, like 2027-03-01T20:00:00Z.",
}


def shown(schedules: Sequence[Schedule]) -> list[dict[str, Any]]:
    """In the order given, with a fixed number of queries."""
    now = timezone.now()
    known = reading.know(schedules, now, now + rota.LONGEST)
    return [_shape(known[schedule.pk], now) for schedule in schedules]


def _shape(known: Known, now: datetime) -> dict[str, Any]:
    schedule = known.schedule
    return {
        "id": str(schedule.pk),
        **definition.as_json(schedule),
        "warnings": known.warnings,
        "clock_notes": describing.clock_notes(known.rota.layers, schedule.zone, now),
        "created_at": rfc3339(schedule.created_at),
        "url": absolute(f"/v1/schedules/{schedule.pk}"),
    }


def _standing(standing: Standing, at: datetime) -> dict[str, Any]:
    schedule = standing.known.schedule
    return {
        "schedule": {"id": str(schedule.pk), "name": schedule.name},
        "at": rfc3339(at),
        "person": _person(standing.known, standing.person),
        "until": rfc3339(standing.until),
        "next": _person(standing.known, standing.next),
    }


def _person(known: Known, person: UUID | None) -> dict[str, str] | None:
    return {"id": str(person), "name": known.name(person)} if person else None


class ScheduleView(View):
    resource = "oncall"

    def schedule(self, pk: str) -> Schedule:
        found: Schedule = find(Schedule.objects.all(), pk)
        return found

    def answer(self, schedule: Schedule, status: int = 200) -> Response:
        body = shown([schedule])[0]
        return Response(body, status=status, headers={"Location": body["url"]} if status == 201 else None)


class Schedules(ScheduleView):
    @schema.describe_list("List schedules", shapes.Schedule)
    def get(self, request: Request) -> Response:
        response = paging.page(request, Schedule.objects.all(), lambda row: {"row": row})
        response.data["results"] = shown([item["row"] for item in response.data["results"]])
        return response

    @schema.describe("Make a schedule", shapes.Schedule, body=shapes.Schedule, status=201)
    def post(self, request: Request) -> Response:
        values = definition.read(request.data, timezone.now(), reading.members())
        return self.answer(planning.create(self.organisation, values, self.actor), 201)


class OneSchedule(ScheduleView):
    @schema.describe("Read a schedule", shapes.Schedule, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        return self.answer(self.schedule(pk))

    @schema.describe("Change a schedule", shapes.Schedule, body=shapes.Schedule, errors=(404,))
    @transaction.atomic
    def patch(self, request: Request, pk: str) -> Response:
        schedule = lock(Schedule.objects.all(), pk)
        values = definition.read(request.data, timezone.now(), reading.members(), schedule)
        return self.answer(planning.update(self.organisation, schedule, values, self.actor))

    @schema.describe("Delete a schedule", status=204, errors=(404,))
    @transaction.atomic
    def delete(self, request: Request, pk: str) -> Response:
        planning.delete(self.organisation, lock(Schedule.objects.all(), pk), self.actor)
        return Response(status=204)


class Overrides(ScheduleView):
    @schema.describe_list("List overrides of a schedule", shapes.Override, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        return paging.page(request, Override.objects.filter(schedule=self.schedule(pk)), _override)

    @schema.describe("Add an override", shapes.Override, body=shapes.NewOverride, status=201, errors=(404,))
    def post(self, request: Request, pk: str) -> Response:
        schedule, now, members = self.schedule(pk), timezone.now(), reading.members()
        wanted = _wanted(request.data)
        planning.check_override(wanted, now, members)
        name = members[wanted.person]
        made = planning.add_override(self.organisation, schedule, wanted, name, now, self.actor)
        return Response(_override(made), status=201)


class OneOverride(ScheduleView):
    @schema.describe("Remove an override", status=204, errors=(404,))
    def delete(self, request: Request, pk: str, override: str) -> Response:
        found = find(Override.objects.filter(schedule=self.schedule(pk)), override)
        planning.remove_override(self.organisation, found, timezone.now(), self.actor)
        return Response(status=204)


class OnCall(ScheduleView):
    @schema.describe_ranged(
        "Say who is on call", shapes.OnCall, OpenApiParameter("at", description="Now without it.")
    )
    def get(self, request: Request, pk: str) -> Response:
        at = read_moment(request, "at", timezone.now())
        (standing,) = reading.standings([self.schedule(pk)], at)
        return Response(_standing(standing, at))


class Shifts(ScheduleView):
    @schema.describe_ranged(
        "List the shifts of a schedule", shapes.Shifts, OpenApiParameter("from"), OpenApiParameter("to")
    )
    def get(self, request: Request, pk: str) -> Response:
        schedule, now = self.schedule(pk), timezone.now()
        start = read_moment(request, "from", now)
        end = read_moment(request, "to", start + SHIFTS)
        if not timedelta() < end - start <= rota.LONGEST:
            raise InvalidFields(
                [("/to", f"Use an end after the start, within {rota.LONGEST.days} days of it.")]
            )
        known = reading.know([schedule], start, end)[schedule.pk]
        lines = calendar.lines(known, rota.shifts(known.rota, start, end), now)
        return Response(
            {
                "results": [
                    {
                        "start": rfc3339(line.shift.start),
                        "end": rfc3339(line.shift.end),
                        "person": _person(known, line.shift.person),
                        "by": line.why,
                    }
                    for line in lines
                ]
            }
        )


class OnCallNow(View):
    resource = "oncall"

    @schema.describe("Say who is on call now", shapes.OnCallNow)
    def get(self, request: Request) -> Response:
        now = timezone.now()
        found = reading.standings(list(Schedule.objects.order_by("name")), now)
        return Response({"results": [_standing(standing, now) for standing in found]})


class People(View):
    resource = "oncall"

    @schema.describe("List the people who can be on call", shapes.People)
    def get(self, request: Request) -> Response:
        return Response(
            {"results": [{"id": str(pk), "name": name} for pk, name in reading.members().items()]}
        )


def _override(row: Override) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "person": {"id": str(row.user_id), "name": row.user_name},
        "starts_at": rfc3339(row.starts_at),
        "ends_at": rfc3339(row.ends_at),
        "by": row.by_name,
    }


def _wanted(data: object) -> NewOverride:
    values = read_fields(data, {"person": _id, "starts_at": _moment, "ends_at": _moment})
    if missing := [(f"/{name}", words) for name, words in MISSING.items() if name not in values]:
        raise ConfigError(missing)
    return NewOverride(values["person"], values["starts_at"], values["ends_at"])


def _id(value: Any) -> UUID:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise FieldError(MISSING["person"]) from None


def _moment(value: Any) -> datetime:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or timezone.is_naive(moment) or not 1970 <= moment.year <= 9000:
        raise FieldError("Use a moment with its zone, like 2027-03-01T12:00:00Z.")
    return moment
