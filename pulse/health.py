"""Say whether this process lives, whether it can serve, and what it has counted."""

from __future__ import annotations

from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from pulse.gauges import Gauges
from pulse.metrics import counted
from tenants import preparation

OK, DEGRADED, FAILING = "ok", "degraded", "failing"


async def health(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """200 while the process lives: no database, no thread, so it answers however busy those are."""
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"status": "ok"}'})


def ready(request: HttpRequest) -> HttpResponse:
    """503 only when the database or its migrations are missing; without Redis or workers, degraded."""
    parts = {"database": database()}
    if parts["database"] == OK:
        parts |= {
            "migrations": migrations(),
            "redis": broker(),
            "checks": workers(),
            "notifications": telling(),
        }
    failing = parts["database"] != OK or parts.get("migrations") != OK
    status = FAILING if failing else OK if set(parts.values()) == {OK} else DEGRADED
    response = JsonResponse({"status": status, "parts": parts}, status=503 if failing else 200)
    response["Cache-Control"] = "no-store"
    return response


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return FAILING
    return OK


def migrations() -> str:
    try:
        return OK if preparation.is_current() else FAILING
    except DatabaseError:
        return FAILING


def broker() -> str:
    client = redis.Redis.from_url(settings.REDIS.redis, socket_timeout=1, socket_connect_timeout=1)
    try:
        return OK if client.ping() else DEGRADED
    except (redis.RedisError, OSError):
        return DEGRADED
    finally:
        client.close()


def workers() -> str:
    return OK if preparation.connected("pulse checks") else DEGRADED


def telling() -> str:
    return OK if preparation.connected("pulse work") else DEGRADED


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text: counters of every process on this machine, and gauges read from the database.

    For whoever asks on Pulse's own port. Through a proxy, so from outside, there is nothing here.
    """
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        raise Http404
    gauges = CollectorRegistry()
    gauges.register(Gauges())
    try:
        now = generate_latest(gauges)
    except (DatabaseError, InterfaceError):
        now = b""  # the counters matter most when the database is away
    return HttpResponse(generate_latest(counted()) + now, content_type=CONTENT_TYPE_LATEST)
