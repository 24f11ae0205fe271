"""One libcurl easy handle, set up so that it can do nothing but one request to one vetted address."""

import os
from _socket import socket as bare_socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import certifi
import pycurl

from pulse.net.bodies import UNCOUNTED, Counted
from pulse.net.failures import Failure
from pulse.net.handle_options import fixed_options, special_options
from pulse.net.request import PLAIN, Wire
from pulse.net.urls import Url

MAX_HEADERS = 64 << 10
MAX_HEADER_LINES = 1000
USER_AGENT = "Pulse (uptime monitor)"
_SYSTEM_CA = Path("/etc/ssl/certs/ca-certificates.crt")

_ENCODINGS = frozenset({b"content-encoding", b"transfer-encoding"})

Finished = Callable[["Handle", int], None]


def default_ca_file() -> str:
    """The machine's own certificate store, which its owner can add to; else the one of certifi."""
    return str(_SYSTEM_CA) if _SYSTEM_CA.exists() else certifi.where()


@dataclass(slots=True)
class Hop:
    """One request to one server. `own_origin`: it is the one that the credentials are meant for."""

    url: Url
    address: str
    method: str
    timeout_ms: int
    connect_timeout_ms: int
    lines: list[str]
    wire: Wire = PLAIN
    agent: str = ""
    body: bytes | None = None
    own_origin: bool = True
    share: Any = None
    on_answering: Callable[["Handle"], None] | None = None

    @property
    def plain(self) -> bool:
        return self.wire is PLAIN or (self.body is None and self.share is None and self.wire.plain)


class _Descriptor:
    """A socket for pycurl, which duplicates it; without the warning of a socket object (20 µs)."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def __del__(self) -> None:
        os.close(self._fd)


class Handle:
    """Reused from check to check, since making one costs more than a check; only options survive in it.

    `curl` is the easy handle; after a transfer `status`, `location`, `lines`, `body_cut`, … tell what happened.
    Options that only some checks have are wiped by `cleanse`, so that nobody else's request carries them.
    """

    def __init__(self, ca_file: str) -> None:
        self.curl: Any = pycurl.Curl()
        self.curl.handle = self
        self.on_finished: Finished | None = None
        self._fixed: tuple[tuple[int, Any], ...] = (
            *fixed_options(ca_file),
            (pycurl.OPENSOCKETFUNCTION, self._open_socket),
            (pycurl.HEADERFUNCTION, self._on_header),
            (pycurl.WRITEFUNCTION, self._on_body),
        )
        self._shared = False
        self._renew()

    def close(self) -> None:
        """Gives libcurl's part back at once: it holds this, and only Python's collector would free the two."""
        self._fixed = ()
        self.curl.handle = None
        self.curl.close()

    def cleanse(self) -> None:
        """Makes a handle that was used with special options like a new one."""
        if self.special:
            self._renew()

    def _renew(self) -> None:
        if self._shared:
            self.curl.unsetopt(pycurl.SHARE)  # which a reset leaves as it is
            self._shared = False
        self.curl.reset()
        for option, value in self._fixed:
            self.curl.setopt(option, value)
        self.special = False
        self._fresh = True
        self._address = ""
        self._method = "GET"
        self._agent = USER_AGENT
        self._lines: list[str] = []
        self._timeouts = (0, 0)
        self.proxy_port = 0
        self._on_answering: Callable[[Handle], None] | None = None
        self._begin(PLAIN)

    def prepare(self, hop: Hop) -> None:
        """Aims at `hop.address`, already vetted; the name stays in SNI, Host and the certificate check."""
        plain = hop.method in ("GET", "HEAD") and hop.plain
        if not plain and not self._fresh:
            # What plain checks leave in a handle suits plain checks: a CONNECT_TO would lead a proxy to their server.
            self._renew()
        self._fresh = False
        self._begin(hop.wire)
        self._on_answering = hop.on_answering
        setopt = self.curl.setopt
        url, address = hop.url, hop.address
        self._address = address
        setopt(pycurl.URL, url.text)
        if hop.timeout_ms != self._timeouts[0] or hop.connect_timeout_ms != self._timeouts[1]:
            setopt(pycurl.TIMEOUT_MS, hop.timeout_ms)
            setopt(pycurl.CONNECTTIMEOUT_MS, hop.connect_timeout_ms)
            self._timeouts = (hop.timeout_ms, hop.connect_timeout_ms)
        if hop.lines:
            # As UTF-8, like every other client does; pycurl itself takes ASCII only.
            setopt(pycurl.HTTPHEADER, [line.encode() for line in hop.lines])
        elif self._lines:
            self.curl.unsetopt(pycurl.HTTPHEADER)  # pycurl takes an empty list for no change
        self._lines = hop.lines
        agent = hop.wire.user_agent or hop.agent or USER_AGENT
        if agent != self._agent:
            setopt(pycurl.USERAGENT, agent.encode())
            self._agent = agent
        bracketed = f"[{address}]" if ":" in address else address
        if hop.wire.proxy is None:
            # Per handle, unlike CURLOPT_RESOLVE, whose entries stay in a cache that all checks share.
            setopt(pycurl.CONNECT_TO, [f"::{bracketed}:{url.port}"])
        if not plain:
            self._prepare_special(hop, bracketed)
        elif hop.method != self._method:
            setopt(pycurl.NOBODY if hop.method == "HEAD" else pycurl.HTTPGET, 1)
            self._method = hop.method

    def _prepare_special(self, hop: Hop, address: str) -> None:
        self.special = True
        self.proxy_port = hop.wire.proxy.port or 0 if hop.wire.proxy else 0
        for option, value in special_options(
            hop.method,
            hop.body,
            hop.wire,
            own_origin=hop.own_origin,
            address=address,
            https=hop.url.scheme == "https",
        ):
            self.curl.setopt(option, value)
        if hop.share is not None:
            self.curl.setopt(pycurl.SHARE, hop.share)
            self._shared = True

    @property
    def answered(self) -> bool:
        """Whether any line of an answer came; libcurl also marks a first byte for some failures."""
        return self._header_size > 0

    def marks_us(self) -> tuple[int, int, int, int]:
        """Microseconds from the start to: connected, TLS done (0 without), first byte, end."""
        info = self.curl.getinfo
        return (
            info(pycurl.CONNECT_TIME_T),
            info(pycurl.APPCONNECT_TIME_T),
            info(pycurl.STARTTRANSFER_TIME_T),
            info(pycurl.TOTAL_TIME_T),
        )

    def _begin(self, wire: Wire) -> None:
        self.location: str | None = None
        self.status = 0
        self.http_version = ""
        self.lines: list[bytes] = []
        self.pieces: list[bytes] = []
        self.body_size = 0
        self.body_cut = False
        self.refused: tuple[Failure, str] | None = None
        self.address_refused = False
        self._header_size = 0
        self._header_count = 0
        self._encodings = 0
        self._max_body = wire.max_body
        self._keep_body = wire.keep_body

    def _open_socket(self, _purpose: int, target: Any) -> Any:
        """The second check: whatever libcurl came to believe, only the pinned address gets a socket."""
        host = target.addr[0]
        if host != self._address and ip_address(host) != ip_address(self._address):
            self.address_refused = True
            return pycurl.SOCKET_BAD
        return _Descriptor(bare_socket(target.family, target.socktype, target.protocol).detach())

    def _on_header(self, line: bytes) -> int | None:
        size = self._header_size = self._header_size + len(line)
        count = self._header_count = self._header_count + 1
        if size > MAX_HEADERS:
            return self._refuse(f"the headers of the answer exceed {MAX_HEADERS >> 10} KiB")
        if count > MAX_HEADER_LINES:
            return self._refuse(f"the answer has more than {MAX_HEADER_LINES:,} header lines")
        if line.startswith(b"HTTP/"):
            return self._on_status(line)
        self.lines.append(line)
        if line[:1] in b"lLcCtT":
            start = line[:18].lower()
            if start.startswith(b"location:"):
                self.location = line[9:].strip().decode("utf-8", "replace")
            elif start.partition(b":")[0] in _ENCODINGS:
                return self._on_encoding(line)
        return None

    def _on_status(self, line: bytes) -> int | None:
        version, _, rest = line[5:].partition(b" ")
        self.http_version = version.decode("ascii", "replace")
        code = rest[:4].strip()
        if len(code) != 3 or not code.isdigit():
            return self._refuse("the answer has no status code of three digits", Failure.BAD_RESPONSE)
        self.status = int(code)
        if self._on_answering is not None:
            self._on_answering(self)
        self.location = None  # an interim answer (1xx) came before
        self.lines = []
        self._encodings = 0
        return None

    def _on_encoding(self, line: bytes) -> int | None:
        """One layer of compression at most: in layers, some bytes cost minutes and come to nothing."""
        named = line.partition(b":")[2].lower().split(b",")
        self._encodings += sum(one.strip() not in (b"", b"chunked", b"identity") for one in named)
        if self._encodings > 1:
            return self._refuse("the answer is compressed more than once", Failure.BAD_RESPONSE)
        return None

    def _refuse(self, words: str, failure: Failure = Failure.RESPONSE_TOO_LARGE) -> int:
        self.refused = failure, words
        return -1

    def _on_body(self, piece: bytes) -> int | None:
        kept = self._keep_body - self.body_size
        if kept > 0:
            if self.body_size >= UNCOUNTED and not self._has_room(min(kept, len(piece))):
                words = "too many large bodies of other checks were being read"
                return self._refuse(words, Failure.NO_ROOM)
            self.pieces.append(piece[:kept])
        self.body_size += len(piece)
        if self.body_size > self._max_body:
            self.body_size = self._max_body
            self.body_cut = True
            return -1
        return None

    def _has_room(self, size: int) -> bool:
        if not isinstance(self.pieces, Counted):
            self.pieces = Counted(self.pieces)
        return self.pieces.take(size)
