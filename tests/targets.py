"""An HTTP server for tests with all manners, good and bad: the answer is set on it or asked for by path."""

import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class HttpTarget:
    """Answers `status`, `headers` and `body` after `delay` seconds. Use as a context manager.

    Each connection is closed after one answer, unless `keep_alive`.

    By path: /status/<code>, /redirect?to=<url>, /redirects/<n> (n hops, then 200), /loop, /hang (no answer),
    /drip (a byte of body each 50 ms, for ever), /drip-headers, /endless-headers, /endless-body, /close (no
    byte of an answer), /half (less than promised), /garbage (not HTTP), /raw (`raw` and nothing else), /reset (some
    body, then RST), /endless-trailers, /endless-interim (103 after 103), /cookie?to=<path> (sets one, redirects).
    A redirect's status is 302 or that in ?status=.
    """

    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    status: int = 200
    delay: float = 0.0
    body: bytes = b"ok"
    raw: bytes = b""
    keep_alive: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    _listener: socket.socket | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        assert self._listener is not None
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return self.at("/")

    def at(self, path: str, host: str | None = None) -> str:
        """The URL of `path` here, under another host name if one is given."""
        name = host or (f"[{self.host}]" if ":" in self.host else self.host)
        return f"{'https' if self.tls else 'http'}://{name}:{self.port}{path}"

    def start(self) -> Self:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listener = socket.create_server((self.host, 0), family=family, backlog=1024)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return self

    def stop(self) -> None:
        assert self._listener is not None
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._listener.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with self.tls.wrap_socket(connection, server_side=True) if self.tls else connection as stream:
                while (request := _read_request(stream)) is not None:
                    self.requests.append(request)
                    self._answer(stream, request)
                    if not self.keep_alive:
                        break
        except OSError:
            pass  # the client had enough

    def _answer(  # noqa: C901, PLR0912  # one case per manner
        self, stream: socket.socket, request: Received
    ) -> None:
        parts = urlsplit(request.path)
        step, _, rest = parts.path.strip("/").partition("/")
        if self._stopped.wait(self.delay):
            return
        match step:
            case "status":
                stream.sendall(_head(int(rest), {"Content-Length": "0"}))
            case "redirect":
                asked = parse_qs(parts.query)
                status = int(asked.get("status", ["302"])[0])
                stream.sendall(_head(status, {"Location": asked["to"][0], "Content-Length": "0"}))
            case "cookie":
                to = parse_qs(parts.query)["to"][0]
                cookie = {"Set-Cookie": "session=s3cr3t; Path=/", "Location": to, "Content-Length": "0"}
                stream.sendall(_head(302, cookie))
            case "raw":
                stream.sendall(self.raw)
            case "reset":
                stream.sendall(_head(200, {"Content-Length": "1000"}) + b"some")
                self._stopped.wait(0.05)  # so that the client has read it before the reset
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case "endless-trailers":
                head = _head(200, {"Transfer-Encoding": "chunked"}) + b"2\r\nok\r\n0\r\n"
                self._repeat(stream, head, b"X-Trailer: " + b"t" * 1000 + b"\r\n", 0)
            case "endless-interim":
                self._repeat(stream, b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100, 0)
            case "redirects" if rest != "0":
                stream.sendall(_head(301, {"Location": f"/redirects/{int(rest) - 1}", "Content-Length": "0"}))
            case "loop":
                stream.sendall(_head(307, {"Location": "/loop", "Content-Length": "0"}))
            case "hang":
                self._stopped.wait(60)
            case "drip":
                self._repeat(stream, _head(200, {"Content-Length": "1000000"}), b"x", 0.05)
            case "drip-headers":
                self._repeat(stream, b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 0.05)
            case "endless-headers":
                self._repeat(stream, b"HTTP/1.1 200 OK\r\n", b"X-Endless: " + b"h" * 1000 + b"\r\n", 0)
            case "endless-body":
                self._repeat(stream, _head(200, {}), b"b" * 65536, 0)
            case "close":
                pass
            case "half":
                stream.sendall(_head(200, {"Content-Length": "1000"}) + b"half")
            case "garbage":
                stream.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            case _:
                length = {"Content-Length": str(len(self.body))}
                body = b"" if request.method == "HEAD" else self.body
                stream.sendall(_head(self.status, length | self.headers) + body)

    def _repeat(self, stream: socket.socket, first: bytes, piece: bytes, pause: float) -> None:
        stream.sendall(first)
        while not self._stopped.wait(pause) if pause else not self._stopped.is_set():
            stream.sendall(piece)


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Test", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


def _read_request(stream: socket.socket) -> Received | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = stream.recv(65536)
        if not piece:
            return None
        data += piece
        if data.startswith(b"\x16"):  # a TLS client at a server without TLS
            stream.sendall(_head(400, {}))
            return None
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += stream.recv(65536)
    method, path, _ = first.split(" ", 2)
    return Received(method, path, headers, body)
