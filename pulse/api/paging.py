"""Lists, newest first, by cursor: a page is found by the last id of the one before, however long the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from pulse.api.problems import InvalidFields
from pulse.links import absolute

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 500


def page(request: Request, rows: QuerySet[Any], show: Callable[[Any], dict[str, Any]]) -> Response:
    """`{"results": [...], "next": url or null}` of rows whose UUIDv7 is their primary key."""
    limit = read_limit(request)
    if after := request.query_params.get("after"):
        try:
            rows = rows.filter(pk__lt=UUID(after))
        except ValueError:
            raise InvalidFields([("/after", "Use the address in `next` as it is.")]) from None
    found = list(rows.order_by("-pk")[: limit + 1])
    following = next_url(request, str(found[limit - 1].pk)) if len(found) > limit else None
    return Response({"results": [show(row) for row in found[:limit]], "next": following})


def read_limit(request: Request) -> int:
    value = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (value.isascii() and value.isdigit() and len(value) <= 6 and 1 <= int(value) <= LARGEST_LIMIT):
        raise InvalidFields([("/limit", f"Use a whole number from 1 to {LARGEST_LIMIT}.")])
    return int(value)


def next_url(request: Request, after: str) -> str:
    query = {key: value for key, value in request.query_params.items() if key != "after"}
    return absolute(f"{request.path}?{urlencode(query | {'after': after})}")
