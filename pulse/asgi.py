"""One server for sockets, health and pages: each goes to what serves it fastest."""

from __future__ import annotations

import asyncio
import os
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pulse.settings.local")

from django.core.asgi import get_asgi_application

get_asgi_application()  # sets Django up; its own handler is not used

from a2wsgi import WSGIMiddleware  # noqa: E402
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from monitors import attending  # noqa: E402
from monitors.heartbeats import mail_receiving  # noqa: E402
from monitors.heartbeats.receiving import ping  # noqa: E402
from monitors.heartbeats.receiving import stop as stop_pings  # noqa: E402
from pulse.health import health  # noqa: E402
from pulse.sockets import NoSuchSocket  # noqa: E402
from pulse.wsgi import application as pages  # noqa: E402
from tenants.socket import LiveConsumer  # noqa: E402

# Django under ASGI answers a quarter of what its WSGI handler does in the same server. The threads
# live on, and with them their database connections; 8 are enough to keep both cores busy.
PAGE_THREADS = int(os.environ.get("PULSE_PAGE_THREADS", "8"))

http: Any = WSGIMiddleware(cast(Any, pages), workers=PAGE_THREADS)  # its types know no Django
sockets = AllowedHostsOriginValidator(
    AuthMiddlewareStack(
        URLRouter(
            [
                path("o/<slug:slug>/live/", LiveConsumer.as_asgi()),
                re_path(r"", NoSuchSocket.as_asgi()),
            ]
        )
    )
)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await sockets(scope, receive, send)
    elif scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["path"] == "/health":
        await health(scope, receive, send)
    elif scope["path"].startswith("/ping/"):
        await ping(scope, receive, send)
    elif scope["path"].startswith("/ping-email/"):
        await mail_receiving.webhook(scope, receive, send)
    else:
        await http(scope, receive, send)


async def lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            attending.start()
            await mail_receiving.start()
        else:
            attending.stop()
            await mail_receiving.stop()
            await asyncio.to_thread(stop_pings)
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
