"""`/v1/rules`: which outages are told to which channels."""

from __future__ import annotations

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import rules
from notifications.models import Rule
from pulse.api import paging, schema, shapes
from pulse.api.base import View, find, lock


class Rules(View):
    resource = "rules"

    @schema.describe_list("List rules", schema.Rule)
    def get(self, request: Request) -> Response:
        rows = Rule.objects.prefetch_related("monitors", "channels", "groups")
        return paging.page(request, rows, shapes.rule)

    @schema.describe("Create a rule", schema.Rule, body=schema.Rule, status=201)
    def post(self, request: Request) -> Response:
        shown = shapes.rule(rules.create(self.organisation, rules.read(request.data), self.actor))
        return Response(shown, status=201, headers={"Location": shown["url"]})


class OneRule(View):
    resource = "rules"

    @schema.describe("Read a rule", schema.Rule, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        return Response(shapes.rule(find(Rule.objects.all(), pk)))

    @schema.describe("Change a rule", schema.Rule, body=schema.Rule, errors=(404,))
    @transaction.atomic
    def patch(self, request: Request, pk: str) -> Response:
        rule = lock(Rule.objects.all(), pk)
        values = rules.read(request.data, rule)
        return Response(shapes.rule(rules.update(self.organisation, rule, values, self.actor)))

    @schema.describe("Delete a rule", status=204, errors=(404,))
    @transaction.atomic
    def delete(self, request: Request, pk: str) -> Response:
        rules.delete(self.organisation, lock(Rule.objects.all(), pk), self.actor)
        return Response(status=204)
