"""A small HTTP/2 server over TLS for tests: answers 200 to everything, or misbehaves as told."""

import socket
import ssl
import threading
from contextlib import suppress
from typing import Self

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from h2.exceptions import ProtocolError


class Http2Server:
    """On 127.0.0.1, ALPN h2 only. `manner`: "" answers, "reset" the stream, "goaway", "settings" without end.

    `requests` are the headers of each that came.
    """

    def __init__(self, context: ssl.SSLContext, manner: str = "") -> None:
        context.set_alpn_protocols(["h2"])
        self._context = context
        self._manner = manner
        self.requests: list[dict[str, str]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def at(self, path: str) -> str:
        return f"https://{self.place}{path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with (
            suppress(OSError, ProtocolError),
            self._context.wrap_socket(connection, server_side=True) as stream,
        ):
            session = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
            session.initiate_connection()
            stream.sendall(session.data_to_send())
            while data := stream.recv(65536):
                for event in session.receive_data(data):
                    if isinstance(event, RequestReceived):
                        self.requests.append({str(name): str(value) for name, value in event.headers})
                        self._answer(session, event.stream_id)
                stream.sendall(session.data_to_send())
                while self._manner == "settings":
                    stream.sendall(b"\0\0\0\4\0\0\0\0\0" * 1000)

    def _answer(self, session: H2Connection, stream_id: int) -> None:
        if self._manner == "reset":
            session.reset_stream(stream_id, 2)
        elif self._manner == "goaway":
            session.close_connection(1)
        elif not self._manner:
            session.send_headers(stream_id, [(":status", "200"), ("x-proto", "two")])
            session.send_data(stream_id, b"ok", end_stream=True)
