"""`/v1/monitors`: list, create, read, change, delete, check now, results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from monitors import accepting, bulk, definition, editing, evidence, searching
from monitors.heartbeats.reading import late_numbers
from monitors.kinds import REPORTING
from monitors.models import Monitor
from monitors.reading import result_id, slot_of
from monitors.results.listing import END_OF_TIME, Cursor, Result, newest, within
from monitors.suppression.reading import covering
from monitors.telemetry.models import REPORTED, LiveState, Status
from pulse.api import paging, schema, shapes
from pulse.api.base import View, find, lock
from pulse.api.parsers import ManyJSONParser
from pulse.api.problems import Conflict, InvalidFields
from pulse.links import absolute


class MonitorView(View):
    resource = "monitors"

    def shown(self, rows: Iterable[Monitor]) -> list[dict[str, Any]]:
        return shapes.monitors(rows, self.organisation, self.key.scopes)


PAUSED = "The monitor is paused: set enabled to true first."
NOTHING_TO_CHECK = {
    Monitor.GROUP: "A group probes nothing itself: check its members.",
    **dict.fromkeys(REPORTING, "It reports in by itself: nobody can check it."),
}


class Monitors(MonitorView):
    @schema.describe_list(
        "List monitors",
        schema.Monitor,
        OpenApiParameter("status", enum=list(schema.STATUSES)),
        OpenApiParameter("tag", description="Only those that carry it."),
        OpenApiParameter("kind", enum=[*schema.MONITOR_KINDS, Monitor.GROUP]),
        OpenApiParameter("owner", description="Only those of a member; a part of the address is enough."),
        OpenApiParameter(
            "q",
            description="As the search of the page: words of name and target, tag:shop kind:dns owner:ada.",
        ),
    )
    def get(self, request: Request) -> Response:
        rows = Monitor.objects.all()
        errors: list[tuple[str, str]] = []
        for name, narrowed in self._filters().items():
            if value := _plain(request.query_params.get(name, "")):
                try:
                    rows = narrowed(rows, value)
                except InvalidFields as refusal:
                    errors += refusal.errors
        if errors:
            raise InvalidFields(errors)
        response = paging.page(request, rows, lambda row: {"row": row})
        response.data["results"] = self.shown(item["row"] for item in response.data["results"])
        return response

    @schema.describe("Create a monitor", schema.Monitor, body=schema.Monitor, status=201)
    def post(self, request: Request) -> Response:
        monitor = editing.create(self.organisation, definition.read(request.data), self.actor)
        shown = self.shown([monitor])[0]
        return Response(shown, status=201, headers={"Location": shown["url"]})

    def _filters(self) -> dict[str, Callable[[Any, str], Any]]:
        return {
            "q": self._searched,
            "status": lambda rows, value: with_status(rows, value, self.organisation.no),
            "owner": lambda rows, value: rows.filter(owner_name__icontains=value),
            "tag": lambda rows, value: rows.filter(tags__contains=[value.lower()]),
            "kind": of_kind,
        }

    def _searched(self, rows: Any, typed: str) -> Any:
        if len(typed) > searching.LONGEST_SEARCH:
            raise InvalidFields([("/q", f"Search for at most {searching.LONGEST_SEARCH} characters.")])
        text, status = searching.split(typed)
        rows = searching.searched(rows, text)
        return with_status(rows, status, self.organisation.no, "/q") if status else rows


class ManyMonitors(MonitorView):
    parser_classes = [ManyJSONParser]

    @schema.describe("Create many monitors", schema.Monitors, body=schema.Monitors, status=201)
    def post(self, request: Request) -> Response:
        monitors = editing.create_many(self.organisation, bulk.read_new(request.data), self.actor)
        return Response({"monitors": self.shown(monitors)}, status=201)

    @schema.describe("Change many monitors", schema.Monitors, body=schema.ManyChanges)
    @transaction.atomic
    def patch(self, request: Request) -> Response:
        edits = bulk.read_edits(request.data)
        monitors = [editing.update(self.organisation, row, values, self.actor) for row, values in edits]
        return Response({"monitors": self.shown(monitors)})


class ManyDeletions(MonitorView):
    parser_classes = [ManyJSONParser]

    @schema.describe("Delete many monitors", schema.ManyDeleted, body=schema.ManyIds)
    @transaction.atomic
    def post(self, request: Request) -> Response:
        monitors = bulk.read_ids(request.data)
        for monitor in monitors:
            editing.delete(self.organisation, monitor, self.actor)
        return Response({"deleted": len(monitors)})


class OneMonitor(MonitorView):
    @schema.describe("Read a monitor", schema.Monitor, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        return Response(self.shown([find(Monitor.objects.all(), pk)])[0])

    @schema.describe("Change a monitor", schema.Monitor, body=schema.Monitor, errors=(404,))
    @transaction.atomic
    def patch(self, request: Request, pk: str) -> Response:
        monitor = lock(Monitor.objects.all(), pk)
        values = definition.read(request.data, monitor)
        monitor = editing.update(self.organisation, monitor, values, self.actor)
        return Response(self.shown([monitor])[0])

    @schema.describe("Delete a monitor", status=204, errors=(404,))
    @transaction.atomic
    def delete(self, request: Request, pk: str) -> Response:
        editing.delete(self.organisation, lock(Monitor.objects.all(), pk), self.actor)
        return Response(status=204)


class CheckNow(View):
    resource = "monitors"

    @schema.describe("Check a monitor", schema.CheckAccepted, status=202, errors=(404, 409))
    def post(self, request: Request, pk: str) -> Response:
        monitor = find(Monitor.objects.all(), pk)
        awaited = editing.check_now(self.organisation, monitor, self.actor)
        if awaited is None:
            raise Conflict(NOTHING_TO_CHECK.get(monitor.kind, PAUSED))
        slot, location = awaited
        identity = result_id(slot, monitor.pk, location)
        url = absolute(f"/v1/monitors/{monitor.pk}/results/{identity}")
        return Response({"id": str(identity), "url": url}, status=202, headers={"Location": url})


class AcceptIssuer(MonitorView):
    @schema.describe("Accept a monitor's issuer", schema.Monitor, errors=(404, 409))
    @transaction.atomic
    def post(self, request: Request, pk: str) -> Response:
        monitor = lock(Monitor.objects.all(), pk)
        if not accepting.is_watched(monitor.config):
            raise Conflict("Nobody looks at its issuer: set issuer_change in config first.")
        editing.accept_issuer(self.organisation, monitor, self.actor)
        monitor.refresh_from_db()
        return Response(self.shown([monitor])[0])


class Results(View):
    resource = "monitors"

    @schema.describe_list("List a monitor's results", schema.Result, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        monitor, limit = find(Monitor.objects.all(), pk), paging.read_limit(request)
        after = request.query_params.get("after")
        found = newest(monitor.no, limit + 1, _cursor(monitor, after) if after else None)
        shown = [shapes.result(row, monitor.pk) for row in found[:limit]]
        following = paging.next_url(request, shown[-1]["id"]) if len(found) > limit else None
        return Response({"results": shown, "next": following})


class OneResult(View):
    resource = "monitors"

    @schema.describe("Read one result", schema.ResultDetail, errors=(404,))
    def get(self, request: Request, pk: str, result: str) -> Response:
        monitor = find(Monitor.objects.all(), pk)
        try:
            row = _result(monitor, UUID(result))
        except (ValueError, OverflowError):
            raise Http404 from None
        if row is None:
            raise Http404
        return Response({**shapes.result(row, monitor.pk), "evidence": evidence.document(row)})


def _result(monitor: Monitor, wanted: UUID) -> Result | None:
    """The result of this id, packed or fresh; None where there is none, or no more."""
    slot = slot_of(wanted)
    if slot > END_OF_TIME:
        return None
    found = within(monitor.no, slot, slot + timedelta(milliseconds=1))
    return next((row for row in found if result_id(row.slot, monitor.pk, row.location) == wanted), None)


def _cursor(monitor: Monitor, after: str) -> Cursor:
    """Behind this result; behind all of its millisecond's where it is gone."""
    identity = _identity(after)
    row = _result(monitor, identity)
    return (row.slot, row.location) if row else (min(slot_of(identity), END_OF_TIME), REPORTED)


def of_kind(rows: Any, kind: str) -> Any:
    known = (*schema.MONITOR_KINDS, Monitor.GROUP)
    if kind not in known:
        raise InvalidFields([("/kind", f"Use one of {', '.join(known)}.")])
    return rows.filter(kind=kind)


def with_status(rows: Any, status: str, tenant_no: int, pointer: str = "/status") -> Any:
    """Only those that stand so now; `pointer` is where it was asked."""
    if status == "paused":
        return rows.filter(enabled=False)
    covered = list(covering(None, timezone.now()))
    if status == "maintenance":
        return rows.filter(enabled=True, no__in=covered)
    rows = rows.exclude(no__in=covered)
    if status == "late":
        return rows.filter(enabled=True, no__in=late_numbers())
    try:
        wanted = Status[status.upper()]
    except KeyError:
        raise InvalidFields([(pointer, f"Use one of {', '.join(schema.STATUSES)}.")]) from None
    states = LiveState.objects.filter(tenant_no=tenant_no, status=wanted, is_head=True).values("monitor_no")
    return rows.filter(enabled=True, no__in=states)


def _plain(text: str) -> str:
    """A query parameter without what no text column can hold: it matches nothing then."""
    return text.replace("\0", "\ufffd")


def _identity(text: str) -> UUID:
    try:
        identity = UUID(text)
        slot_of(identity)
    except (ValueError, OverflowError):
        raise InvalidFields([("/after", "Use the address in `next` as it is.")]) from None
    return identity
