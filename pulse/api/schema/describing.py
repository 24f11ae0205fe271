"""Describe one operation: its parameters, its answer, and every problem that it may end in."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers as s

from pulse.api.paging import DEFAULT_LIMIT, LARGEST_LIMIT


class FieldError(s.Serializer[Any]):
    pointer = s.CharField(help_text="JSON pointer into the body (RFC 6901).")
    detail = s.CharField()


# Made by a call: as a class, its `errors` would hide the serializer's own.
Problem = inline_serializer(
    "Problem",
    {
        "type": s.CharField(),
        "title": s.CharField(),
        "status": s.IntegerField(),
        "detail": s.CharField(),
        "errors": FieldError(many=True, required=False),
    },
)


def describe(
    summary: str,
    answer: Any = None,
    *,
    body: Any = None,
    status: int = 200,
    errors: tuple[int, ...] = (),
    again: int | None = None,
) -> Any:
    """One operation: its answer and every problem it may end in. `again` is the status where it was so already."""
    reading = (400, 413, 415, 422) if body else ()
    return extend_schema(
        operation_id=_name_of(summary),
        summary=summary,
        request=body,
        responses=dict.fromkeys(filter(None, (status, again)), answer)
        | _problems(401, 403, 411, *reading, *errors),
    )


def describe_ranged(summary: str, answer: Any, *parameters: OpenApiParameter) -> Any:
    """One operation that reads a stretch of time."""
    return extend_schema(
        operation_id=_name_of(summary),
        summary=summary,
        parameters=list(parameters),
        responses={200: answer} | _problems(401, 403, 404, 411, 422),
    )


def describe_ingest(summary: str, body: Any, answer: Any, *parameters: OpenApiParameter) -> Any:
    """One operation that takes what machines push."""
    return extend_schema(
        operation_id=_name_of(summary),
        summary=summary,
        parameters=list(parameters),
        request=body,
        responses={200: answer} | _problems(400, 401, 403, 404, 411, 413, 415, 422),
    )


def describe_file(summary: str) -> Any:
    """One operation that answers with bytes as they came."""
    return extend_schema(
        operation_id=_name_of(summary),
        summary=summary,
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY} | _problems(401, 403, 404, 411),
    )


def describe_list(
    summary: str,
    item: Any,
    *parameters: OpenApiParameter,
    errors: tuple[int, ...] = (),
    after: Any = OpenApiTypes.UUID,
) -> Any:
    """A list by cursor, newest first."""
    answer = inline_serializer(
        f"{item.__name__}List",
        {
            "results": item(many=True),
            "next": s.URLField(allow_null=True, help_text="The page of older ones."),
        },
    )
    size = {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}
    paging = [
        OpenApiParameter("limit", size, description="How many at most."),
        OpenApiParameter("after", after, description="As found in `next`."),
    ]
    return extend_schema(
        operation_id=_name_of(summary),
        summary=summary,
        parameters=[*paging, *parameters],
        responses={200: answer} | _problems(401, 403, 411, 422, *errors),
    )


def _name_of(summary: str) -> str:
    """`List a monitor's results` is `list_monitors_results`."""
    words = summary.lower().replace("'", "").split()
    return "_".join(word for word in words if word not in {"a", "an"})


def _problems(*codes: int) -> dict[Any, Any]:
    return {(code, "application/problem+json"): OpenApiResponse(Problem) for code in sorted(set(codes))}
