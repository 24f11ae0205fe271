"""Give each request an id, one log line, and its place in the request metrics."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from pulse import logs
from pulse.ids import uuid7
from pulse.metrics import HTTP_DURATION, HTTP_REQUESTS

log = structlog.get_logger("pulse.request")
# Asked every few seconds, by probes: in the metrics, not in the log.
ASKED_BY_MACHINES = ("/health", "/metrics", "/demo/")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SAFE_ID = re.compile(r"^[A-Za-z0-9_-]{8,64}\Z")


class RequestLogMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if SAFE_ID.match(given) else str(uuid7())
        logs.clear()
        logs.bind(request_id=request_id)
        started = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        method, route = _method(request), _route(request)
        HTTP_REQUESTS.labels(method, route, str(response.status_code)).inc()
        HTTP_DURATION.labels(method, route).observe(seconds)
        log.log(
            logging.DEBUG if request.path.startswith(ASKED_BY_MACHINES) else logging.INFO,
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
        )
        response["X-Request-Id"] = request_id
        return response


def _method(request: HttpRequest) -> str:
    """Anybody may invent methods; each would be a series for good."""
    return request.method if request.method in METHODS else "other"


def _route(request: HttpRequest) -> str:
    """The pattern, never the path: ids in labels would make endless series."""
    match = request.resolver_match
    return match.route if match else "unmatched"
