"""`/v1/monitors/trial`: ask a source of metrics once with a draft; nothing is saved."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from monitors import definition, trying
from monitors.models import Monitor
from pulse.api import schema
from pulse.api.base import View, find


class Trials(View):
    resource = "monitors"

    @schema.describe("Try a draft of a monitor", schema.Trial, body=schema.Monitor)
    def post(self, request: Request) -> Response:
        values = definition.read(_named(request.data))
        return Response(trying.try_out(self.organisation, values).as_json())


class OneTrial(View):
    resource = "monitors"

    @schema.describe("Try changes of a monitor", schema.Trial, body=schema.Monitor, errors=(404,))
    def post(self, request: Request, pk: str) -> Response:
        monitor = find(Monitor.objects.all(), pk)
        values = definition.read(_with_config(request.data, monitor), monitor)
        return Response(trying.try_out(self.organisation, values).as_json())


def _with_config(data: Any, monitor: Monitor) -> Any:
    """What is not changed is read too: it will be asked with."""
    return {"config": monitor.config, **data} if isinstance(data, dict) else data


def _named(data: Any) -> Any:
    """A draft needs no name yet."""
    return {"name": "draft", **data} if isinstance(data, dict) else data
