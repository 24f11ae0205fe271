"""`/v1/deliveries`: every message to every receiver, with its tries; dead letters are sent again here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.saying import rfc3339
from notifications import listing, resending
from notifications.ledger.models import Delivery
from pulse.api import paging, schema
from pulse.api.base import View
from pulse.api.problems import Conflict, InvalidFields
from pulse.api.schema import deliveries as shapes
from pulse.links import absolute

FILTERS = (
    OpenApiParameter("state", enum=list(listing.STATES)),
    OpenApiParameter("channel", OpenApiTypes.UUID, description="To this channel."),
    OpenApiParameter("incident", OpenApiTypes.UUID, description="About this incident."),
)


def shape(row: Delivery) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "event": row.event,
        "state": row.state,
        "purpose": row.purpose,
        "reason": row.reason,
        "incident": str(row.incident_id) if row.incident_id else None,
        "channel": str(row.channel_id) if row.person_id is None else None,
        "person": str(row.person_id) if row.person_id else None,
        "name": row.channel_name,
        "transport": row.transport,
        "recipient": row.shown_recipient,
        "attempts": row.attempts,
        "repeats": row.repeats,
        "last_answer": row.last_answer or None,
        "receipt": row.receipt or None,
        "happened_at": rfc3339(row.fact_at),
        "created_at": rfc3339(row.created_at),
        "next_at": rfc3339(row.retry_at) if row.state in listing.WAITING else None,
        "finished_at": rfc3339(row.finished_at),
        "receipt_at": rfc3339(row.receipt_at),
        "acknowledged_at": rfc3339(row.acknowledged_at),
        "url": absolute(f"/v1/deliveries/{row.id}"),
    }


class Deliveries(View):
    resource = "deliveries"

    @schema.describe_list("List deliveries", shapes.Delivery, *FILTERS)
    def get(self, request: Request) -> Response:
        limit = paging.read_limit(request)
        rows = listing.matching(_query(request))
        if after := request.query_params.get("after"):
            last = listing.matching(listing.Query()).filter(id=_uuid(after, "/after")).first()
            rows = rows.filter(no__lt=last.no if last else 0)
        found = list(rows.order_by("-no").defer("payload")[: limit + 1])
        following = paging.next_url(request, str(found[limit - 1].id)) if len(found) > limit else None
        return Response({"results": [shape(row) for row in found[:limit]], "next": following})


class OneDelivery(View):
    resource = "deliveries"

    @schema.describe("Read a delivery with its tries", shapes.DeliveryDetail, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        delivery = _find(pk)
        (row,) = listing.rows([delivery])
        tries = [
            {
                "number": one.attempt.number,
                "started_at": rfc3339(one.attempt.started_at),
                "finished_at": rfc3339(one.attempt.finished_at),
                "outcome": one.attempt.outcome,
                "status_code": one.attempt.status_code,
                "answer": one.words,
                "request": one.attempt.request or None,
            }
            for one in row.tries
        ]
        return Response({**shape(delivery), "tries": tries, "payload": delivery.payload.get("data", {})})


class Resending(View):
    resource = "deliveries"

    @schema.describe("Send a dead letter again", shapes.Delivery, status=202, errors=(404, 409))
    def post(self, request: Request, pk: str) -> Response:
        delivery = _find(pk)
        try:
            resending.resend(self.organisation, delivery, self.actor)
        except resending.NotResendable as refusal:
            raise Conflict(str(refusal)) from None
        return Response(shape(listing.find(delivery.id)), status=202)


def _find(pk: str) -> Delivery:
    """Unknown, foreign and malformed are the same 404."""
    try:
        return listing.find(UUID(pk))
    except ValueError:
        raise Http404 from None


def _query(request: Request) -> listing.Query:
    values = request.query_params
    state = values.get("state", "")
    if state and state not in listing.STATES:
        raise InvalidFields([("/state", f"Use one of {', '.join(listing.STATES)}.")])
    wanted = {name: _uuid(text, f"/{name}") for name in ("channel", "incident") if (text := values.get(name))}
    return listing.Query(state, wanted.get("channel"), wanted.get("incident"))


def _uuid(text: str, pointer: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidFields([(pointer, "Use an id as the API gives it.")]) from None
