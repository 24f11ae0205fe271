"""`/v1/maintenance`: windows, what they come to, and what can be done to the one that is under way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.saying import rfc3339
from monitors.maintenance import comparing, definition, editing, showing
from monitors.maintenance.describing import note
from monitors.maintenance.model import MaintenanceWindow
from pulse.api import paging, schema
from pulse.api.base import View, find, lock
from pulse.api.problems import Conflict, InvalidFields
from pulse.api.schema import maintenance as shapes
from pulse.fields import ConfigError, integer, read_fields
from pulse.links import absolute

STATES = {"running": "maintenance", "planned": "pending", "paused": "paused", "over": "unknown"}
NAMES = {status: name for name, status in STATES.items()}
MINUTES = {"minutes": integer(1, definition.LONGEST_MINUTES, "minutes")}


def shown(windows: Sequence[MaintenanceWindow]) -> list[dict[str, Any]]:
    """In the order given, with a fixed number of queries for all that differs from moment to moment."""
    rows = {row.window.pk: row for row in showing.rows(windows, timezone.now())}
    return [_shape(window, rows[window.pk]) for window in windows]


def _shape(window: MaintenanceWindow, row: showing.Row) -> dict[str, Any]:
    coming = row.next
    return {
        "id": str(window.pk),
        **definition.as_json(window),
        "state": NAMES[row.status],
        "running_until": rfc3339(row.running_until),
        "next": {"start": rfc3339(coming.start), "end": rfc3339(coming.end)} if coming else None,
        "created_at": rfc3339(window.created_at),
        "updated_at": rfc3339(window.updated_at),
        "url": absolute(f"/v1/maintenance/{window.pk}"),
    }


class WindowView(View):
    resource = "maintenance"

    def window(self, pk: str) -> MaintenanceWindow:
        found: MaintenanceWindow = find(_all(), pk)
        return found

    def answer(self, window: MaintenanceWindow, status: int = 200) -> Response:
        body = shown([self.window(str(window.pk))])[0]
        headers = {"Location": body["url"]} if status == 201 else None
        return Response(body, status=status, headers=headers)


class Windows(WindowView):
    @schema.describe_list(
        "List maintenance windows", shapes.MaintenanceWindow, OpenApiParameter("state", enum=list(STATES))
    )
    def get(self, request: Request) -> Response:
        rows = _all()
        if state := request.query_params.get("state"):
            if state not in STATES:
                raise InvalidFields([("/state", f"Use one of {', '.join(STATES)}.")])
            wanted = [
                row.window.pk
                for row in showing.rows(list(rows), timezone.now())
                if row.status == STATES[state]
            ]
            rows = rows.filter(pk__in=wanted)
        response = paging.page(request, rows, lambda row: {"row": row})
        response.data["results"] = shown([item["row"] for item in response.data["results"]])
        return response

    @schema.describe(
        "Plan a maintenance window", shapes.MaintenanceWindow, body=shapes.MaintenanceWindow, status=201
    )
    def post(self, request: Request) -> Response:
        values = definition.read(request.data, timezone.now())
        return self.answer(editing.create(self.organisation, values, self.actor), 201)


class OneWindow(WindowView):
    @schema.describe("Read a maintenance window", shapes.MaintenanceWindow, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        return self.answer(self.window(pk))

    @schema.describe(
        "Change a maintenance window", shapes.MaintenanceWindow, body=shapes.MaintenanceWindow, errors=(404,)
    )
    @transaction.atomic
    def patch(self, request: Request, pk: str) -> Response:
        window = lock(MaintenanceWindow.objects.all(), pk)
        values = definition.read(request.data, timezone.now(), window)
        return self.answer(editing.update(self.organisation, window, values, self.actor))

    @schema.describe("Delete a maintenance window", status=204, errors=(404,))
    @transaction.atomic
    def delete(self, request: Request, pk: str) -> Response:
        editing.delete(self.organisation, lock(MaintenanceWindow.objects.all(), pk), self.actor)
        return Response(status=204)


class Occurrences(WindowView):
    @schema.describe("List the next occurrences of a maintenance window", shapes.Occurrences, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        window, now = self.window(pk), timezone.now()
        real = showing.real_ends([window], now - timedelta(days=1))
        found = [] if window.paused_at else showing.upcoming(window, now, real)
        compared = comparing.compare(window, now)
        return Response(
            {
                "last_30_days": {
                    "outages": compared.outages,
                    "held_back": compared.held if compared.repeats else None,
                    "told_after": compared.told_after if compared.repeats else None,
                },
                "results": [
                    {
                        "start": rfc3339(one.start),
                        "end": rfc3339(one.end),
                        "local": one.local.isoformat(timespec="seconds"),
                        "left_out": one.start == one.end,
                        "note": note(one, window.zone) or None,
                    }
                    for one in found
                ],
            }
        )


class End(WindowView):
    @schema.describe("End maintenance that is under way", shapes.MaintenanceWindow, errors=(404, 409))
    def post(self, request: Request, pk: str) -> Response:
        window = self.window(pk)
        with _possible():
            editing.end_now(self.organisation, window, self.actor)
        return self.answer(window)


class Extension(WindowView):
    @schema.describe(
        "Extend maintenance that is under way",
        shapes.MaintenanceWindow,
        body=shapes.Extension,
        errors=(404, 409),
    )
    def post(self, request: Request, pk: str) -> Response:
        window = self.window(pk)
        minutes = read_fields(request.data, MINUTES).get("minutes")
        if minutes is None:
            raise ConfigError([("/minutes", "Say by how many minutes to extend it.")])
        with _possible():
            editing.extend(self.organisation, window, timedelta(minutes=minutes), self.actor)
        return self.answer(window)


class Skip(WindowView):
    @schema.describe(
        "Leave out the next occurrence of a maintenance window", shapes.MaintenanceWindow, errors=(404, 409)
    )
    def post(self, request: Request, pk: str) -> Response:
        window = self.window(pk)
        with _possible():
            editing.skip(self.organisation, window, self.actor)
        return self.answer(window)


@contextmanager
def _possible() -> Iterator[None]:
    """What cannot be done to a window as it is becomes a 409."""
    try:
        yield
    except editing.NotPossible as error:
        raise Conflict(str(error)) from None


def _all() -> Any:
    return MaintenanceWindow.objects.prefetch_related("monitors")
