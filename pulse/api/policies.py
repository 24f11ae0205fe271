"""`/v1/policies`: who is called next when nobody acts."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.saying import rfc3339
from notifications import policies
from notifications.models import EscalationPolicy
from pulse.api import paging, schema
from pulse.api.base import View, find, lock
from pulse.links import absolute


def shape(row: EscalationPolicy) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        **policies.as_json(row),
        "created_at": rfc3339(row.created_at),
        "url": absolute(f"/v1/policies/{row.pk}"),
    }


class Policies(View):
    resource = "rules"

    @schema.describe_list("List escalation policies", schema.EscalationPolicy)
    def get(self, request: Request) -> Response:
        return paging.page(request, EscalationPolicy.objects.all(), shape)

    @schema.describe(
        "Create an escalation policy", schema.EscalationPolicy, body=schema.EscalationPolicy, status=201
    )
    def post(self, request: Request) -> Response:
        shown = shape(policies.create(self.organisation, policies.read(request.data), self.actor))
        return Response(shown, status=201, headers={"Location": shown["url"]})


class OnePolicy(View):
    resource = "rules"

    @schema.describe("Read an escalation policy", schema.EscalationPolicy, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        return Response(shape(find(EscalationPolicy.objects.all(), pk)))

    @schema.describe(
        "Change an escalation policy", schema.EscalationPolicy, body=schema.EscalationPolicy, errors=(404,)
    )
    @transaction.atomic
    def patch(self, request: Request, pk: str) -> Response:
        policy = lock(EscalationPolicy.objects.all(), pk)
        values = policies.read(request.data, policy)
        return Response(shape(policies.update(self.organisation, policy, values, self.actor)))

    @schema.describe("Delete an escalation policy", status=204, errors=(404,))
    @transaction.atomic
    def delete(self, request: Request, pk: str) -> Response:
        policies.delete(self.organisation, lock(EscalationPolicy.objects.all(), pk), self.actor)
        return Response(status=204)
