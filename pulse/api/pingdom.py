"""`/v1/monitors/pingdom`: what the checks of a Pingdom account would be, and monitors made of them."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from monitors import editing
from monitors.models import Monitor
from monitors.pingdom.fetching import read_ids, read_token
from monitors.pingdom.previewing import chosen, preview
from monitors.pingdom.translating import Translated
from monitors.probes.sources.shape import SourceError
from pulse.api import schema
from pulse.api.base import View
from pulse.fields import ConfigError, boolean, read_fields
from pulse.links import absolute

READERS = {"token": read_token, "ids": read_ids, "create": boolean}


class Import(View):
    resource = "monitors"

    @schema.describe("Import checks from Pingdom", schema.PingdomImport, body=schema.PingdomAccount)
    def post(self, request: Request) -> Response:
        wanted: dict[str, Any] = {"ids": None, "create": False, **read_fields(request.data, READERS)}
        if "token" not in wanted:
            raise ConfigError([("/token", "Send an API token of Pingdom with read access.")])
        try:
            found = preview(self.organisation, wanted["token"])
        except SourceError as error:
            raise ConfigError([("/token", str(error))]) from None
        ids = wanted["ids"] if wanted["ids"] is not None else [check.id for check in found.possible]
        made: list[Monitor] = []
        if wanted["create"]:
            made = editing.create_many(self.organisation, chosen(found.checks, ids), self.actor)
        shown = [_shown(check) for check in found.checks]
        return Response({"checks": shown, "monitors": [_made(row) for row in made]})


def _shown(check: Translated) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": check.name,
        "definition": check.definition,
        "left_out": list(check.notes),
        "problem": check.problem or None,
    }


def _made(row: Monitor) -> dict[str, Any]:
    return {"id": str(row.pk), "name": row.name, "url": absolute(f"/v1/monitors/{row.pk}")}
