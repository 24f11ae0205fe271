"""A WebSocket server: /echo repeats, /feed talks by itself, /private wants a header, /big sends too much."""

from __future__ import annotations

import ssl
import threading
from http import HTTPStatus
from typing import Self

from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol


class WebSocketPeer:
    """Use as a context manager."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._scheme = "wss" if tls else "ws"
        self._server: Server = serve(
            self._talk, "127.0.0.1", 0, ssl=tls, process_request=self._admit, compression=None,
            select_subprotocol=lambda _, offered: Subprotocol("chat") if "chat" in offered else None,
        )  # fmt: skip
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def at(self, path: str) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.socket.getsockname()[1]}{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._thread.join(5)

    @staticmethod
    def _admit(connection: ServerConnection, request: Request) -> Response | None:
        if request.path == "/private" and request.headers.get("X-Key") != "sesame":
            return connection.respond(HTTPStatus.FORBIDDEN, "no\n")
        return None

    @staticmethod
    def _talk(connection: ServerConnection) -> None:
        path = connection.request.path if connection.request else ""
        if path == "/feed":
            for number in range(5):
                connection.send(f"tick {number}")
            connection.ping()
            connection.send(["status: ", "all ", "good"])
        elif path == "/big":
            connection.send("x" * 100_000)
        elif path == "/leave":
            return
        for message in connection:
            connection.send(message)
