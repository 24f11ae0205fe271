"""`/v1/organisation`: what the key's organisation is, and for how long it keeps raw results."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from incidents.saying import rfc3339
from pulse.api import schema
from pulse.api.base import View
from pulse.api.problems import InvalidFields
from pulse.fields import FieldError
from tenants import retention
from tenants.bounds import RESULTS_USUAL_DAYS
from tenants.models import Organisation


class OwnOrganisation(View):
    resource = "organisation"

    @schema.describe("Read the organisation", schema.Organisation)
    def get(self, request: Request) -> Response:
        return Response(shape(self.organisation))

    @schema.describe("Change the organisation", schema.Organisation, body=schema.Organisation)
    def patch(self, request: Request) -> Response:
        retention.keep_results(self.organisation, _days(request.data, self.organisation), self.actor)
        return Response(shape(self.organisation))


def shape(organisation: Organisation) -> dict[str, Any]:
    return {
        "id": str(organisation.id),
        "slug": organisation.slug,
        "name": organisation.name,
        "results_kept_days": organisation.results_kept_days,
        "results_kept_days_usual": RESULTS_USUAL_DAYS,
        "created_at": rfc3339(organisation.created_at),
    }


def _days(data: Any, organisation: Organisation) -> int | None:
    if not isinstance(data, dict):
        raise InvalidFields([("", "Send an object.")])
    unknown = set(data) - {"results_kept_days"}
    if unknown:
        raise InvalidFields(
            [(f"/{name}", "Only results_kept_days can be changed.") for name in sorted(unknown)]
        )
    if "results_kept_days" not in data:
        return organisation.results_kept_days
    try:
        return retention.read_days(data["results_kept_days"])
    except FieldError as error:
        raise InvalidFields([("/results_kept_days", str(error))]) from None
