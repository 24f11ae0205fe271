"""An HTTP proxy for tests: tunnels, forwards, asks for a password if told to, remembers what it was asked."""

import socket
import threading
from base64 import b64encode
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit


class HttpProxy:
    """On 127.0.0.1; every name leads to 127.0.0.1, since only the proxy resolves. A context manager."""

    def __init__(self, credentials: str = "") -> None:
        self.heads: list[str] = []
        self._expected = f"Basic {b64encode(credentials.encode()).decode()}" if credentials else ""
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

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

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            text = head.decode("latin-1")
            self.heads.append(text)
            if self._expected and f"Proxy-Authorization: {self._expected}" not in text:
                client.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
                return
            method, target, _ = text.split(" ", 2)
            place = urlsplit(f"//{target}" if method == "CONNECT" else target)
            with socket.create_connection(("127.0.0.1", place.port or 80)) as server:
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connected\r\nX-From-Proxy: yes\r\n\r\n")
                else:
                    server.sendall(head.replace(target.encode(), (place.path or "/").encode(), 1))
                back = threading.Thread(target=_copy, args=(server, client), daemon=True)
                back.start()
                _copy(client, server)
                back.join(5)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
