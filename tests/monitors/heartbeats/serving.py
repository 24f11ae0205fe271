"""The ASGI application on a port of this process, and heartbeats with their addresses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import requests
import uvicorn
from django.db import connection

from monitors.heartbeats import keeping
from monitors.models import Monitor
from pulse.scoping import as_pipeline, in_tenant
from tests.monitors.making import make
from tests.ports import free_port


@contextmanager
def served(*, lifespan: Literal["on", "off"] = "off") -> Iterator[str]:
    """Its address, without a slash at the end. Mail is taken by SMTP with `lifespan` only."""
    from pulse.asgi import application

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(application, port=port, log_level="warning", lifespan=lifespan))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def ask(url: str, method: str = "GET", body: bytes | None = None, **more: Any) -> requests.Response:
    return requests.request(method, url, data=body, timeout=10, **more)


def heartbeat(
    organisation: Any, name: str = "backup", config: dict[str, Any] | None = None, **more: Any
) -> Monitor:
    return make(organisation, name, kind="heartbeat", target="", config=config or {}, **more)


def token_of(organisation: Any, monitor: Monitor) -> str:
    with in_tenant(organisation):
        return keeping.token_of(monitor, organisation)


def rows_of(monitor: Monitor, columns: str = "kind") -> list[Any]:
    """Its pings, the oldest first; one column alone is not in a tuple."""
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM telemetry_ping WHERE monitor_no = %s ORDER BY n", [monitor.no])
        found = cursor.fetchall()
    return [row[0] if len(row) == 1 else row for row in found]
