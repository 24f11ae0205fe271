"""One libcurl easy handle, set up so that it can do nothing but one GET or HEAD of one vetted address."""

import os
from _socket import socket as bare_socket
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import certifi
import pycurl

from pulse.net.urls import Url

MAX_BODY = 1 << 20
MAX_HEADERS = 64 << 10
USER_AGENT = "Pulse (uptime monitor)"
_SYSTEM_CA = Path("/etc/ssl/certs/ca-certificates.crt")

Finished = Callable[["Handle", int], None]


def default_ca_file() -> str:
    """The machine's own certificate store, which its owner can add to; else the one of certifi."""
    return str(_SYSTEM_CA) if _SYSTEM_CA.exists() else certifi.where()


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

    `curl` is the easy handle; after a transfer `location`, `body_cut`, `headers_cut`, … tell what happened.
    """

    def __init__(self, ca_file: str) -> None:
        self.curl: Any = pycurl.Curl()
        self.curl.handle = self
        self.on_finished: Finished | None = None
        self._address = ""
        self._method = ""
        self._reset()
        for option, value in _fixed_options(ca_file):
            self.curl.setopt(option, value)
        self.curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        self.curl.setopt(pycurl.HEADERFUNCTION, self._on_header)
        self.curl.setopt(pycurl.WRITEFUNCTION, self._on_body)

    def prepare(self, url: Url, address: str, method: str, timeout_ms: int, connect_timeout_ms: int) -> None:
        """Aims at `address`, already vetted; the name stays in SNI, Host and the certificate check."""
        self._reset()
        curl = self.curl
        if method != self._method:
            curl.setopt(pycurl.NOBODY if method == "HEAD" else pycurl.HTTPGET, 1)
            self._method = method
        bracketed = f"[{address}]" if ":" in address else address
        curl.setopt(pycurl.URL, str(url))
        # Per handle, unlike CURLOPT_RESOLVE, whose entries stay in a cache that all checks share.
        curl.setopt(pycurl.CONNECT_TO, [f"::{bracketed}:{url.port}"])
        curl.setopt(pycurl.TIMEOUT_MS, timeout_ms)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, connect_timeout_ms)
        self._address = address

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

    def _reset(self) -> None:
        self.location: str | None = None
        self.body_cut = False
        self.headers_cut = False
        self.address_refused = False
        self._body_size = 0
        self._header_size = 0

    def _open_socket(self, _purpose: int, target: Any) -> Any:
        """The second check: whatever libcurl came to believe, only the pinned address gets a socket."""
        host = target.addr[0]
        if host != self._address and ip_address(host) != ip_address(self._address):
            self.address_refused = True
            return pycurl.SOCKET_BAD
        return _Descriptor(bare_socket(target.family, target.socktype, target.protocol).detach())

    def _on_header(self, line: bytes) -> int | None:
        self._header_size += len(line)
        if self._header_size > MAX_HEADERS:
            self.headers_cut = True
            return -1
        if line[:9].lower() == b"location:":
            self.location = line[9:].strip().decode("utf-8", "replace")
        elif line[:5] == b"HTTP/":
            self.location = None  # an interim answer (1xx) came before
        return None

    def _on_body(self, piece: bytes) -> int | None:
        self._body_size += len(piece)
        if self._body_size > MAX_BODY:
            self.body_cut = True
            return -1
        return None


def _fixed_options(ca_file: str) -> tuple[tuple[int, Any], ...]:
    return (
        (pycurl.NOSIGNAL, 1),
        (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
        (pycurl.FOLLOWLOCATION, 0),
        (pycurl.REDIR_PROTOCOLS, 0),
        (pycurl.PROXY, ""),  # also keeps the environment's proxies out
        (pycurl.NETRC, pycurl.NETRC_IGNORED),
        (pycurl.FRESH_CONNECT, 1),
        (pycurl.FORBID_REUSE, 1),
        (pycurl.DNS_CACHE_TIMEOUT, 0),
        (pycurl.SSL_SESSIONID_CACHE, 0),
        (pycurl.SSL_VERIFYPEER, 1),
        (pycurl.SSL_VERIFYHOST, 2),
        (pycurl.CAINFO, ca_file),
        (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
        (pycurl.USERAGENT, USER_AGENT),
        (pycurl.PATH_AS_IS, 1),
        (pycurl.TCP_NODELAY, 1),
    )
