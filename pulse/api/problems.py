"""Every error as `application/problem+json` (RFC 9457), with the field at fault and what to change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    NotAuthenticated,
    NotFound,
    UnsupportedMediaType,
)
from rest_framework.exceptions import PermissionDenied as ApiPermissionDenied

from pulse.api.authentication import CHALLENGE, REFUSED
from pulse.fields import ConfigError

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
MEANING = {
    404: "There is nothing here that this key may see.",
    405: "This address does not take that method.",
    500: "Pulse failed at this request. The request id is in the X-Request-Id header and in the log.",
}


class InvalidFields(APIException):
    """422, with one entry for each field at fault."""

    status_code = 422

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__("Some fields cannot be accepted.")
        self.errors = errors


class Conflict(APIException):
    status_code = 409


def problem(
    status: int, detail: str, errors: Sequence[tuple[str, str]] = (), headers: dict[str, str] | None = None
) -> HttpResponse:
    """`errors` are (JSON pointer into the body, sentence) pairs."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        content["errors"] = [{"pointer": pointer, "detail": words} for pointer, words in errors]
    return HttpResponse(json.dumps(content), status=status, content_type=CONTENT_TYPE, headers=headers)


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's exception handler."""
    if isinstance(error, ConfigError):
        error = InvalidFields(error.errors)
    if isinstance(error, Http404 | NotFound):
        return problem(404, MEANING[404])
    if isinstance(error, RequestDataTooBig):
        return problem(413, "Send a smaller body.")
    if isinstance(error, PermissionDenied):
        error = ApiPermissionDenied(str(error))
    if isinstance(error, AuthenticationFailed | NotAuthenticated):
        return problem(401, REFUSED, headers={"WWW-Authenticate": CHALLENGE})
    if isinstance(error, UnsupportedMediaType):
        return problem(415, f"Send the body as {_taken(context)}.")
    if isinstance(error, APIException):
        detail = MEANING.get(error.status_code, str(error.detail))
        return problem(error.status_code, detail, getattr(error, "errors", ()))
    return _fault(error, context)


def _taken(context: dict[str, Any]) -> str:
    """The media types that the view reads: `application/json`."""
    parsers = getattr(context.get("view"), "parser_classes", ())
    return " or ".join(dict.fromkeys(parser.media_type for parser in parsers)) or "application/json"


def not_found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """For paths below /v1 that lead nowhere: the same words as for an unknown id."""
    return problem(404, MEANING[404])


def _fault(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """Ours, not the script's: tell the log everything and the script nothing."""
    log.error("api_fault", exc_info=error)
    got_request_exception.send(sender=None, request=context["request"])
    return problem(500, MEANING[500])
