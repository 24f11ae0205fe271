"""Which name servers to ask: the operator's, or those that the machine's resolv.conf lists now."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from pulse.net.endpoints import parse_endpoint

RESOLV_CONF = Path("/etc/resolv.conf")
PORT = 53
LOOK_AGAIN_S = 5.0
MOST = 3  # as every resolver does; each takes its time when none of them answers


class Place(NamedTuple):
    """A name server as the kernel wants it; of IPv6 with flow and zone."""

    family: int
    address: tuple[str, int] | tuple[str, int, int, int]


class NameServers:
    """The places to ask, in order; resolv.conf is read again at most every 5 s and only when it changed."""

    def __init__(self, configured: Sequence[str] | None = None, path: Path = RESOLV_CONF) -> None:
        self._fixed = [*map(_configured, configured)] if configured else None
        self._path = path
        self._places: list[Place] = []
        self._stamp: tuple[int, int, int] | None = None
        self._look_again_at = 0.0

    def places(self) -> list[Place]:
        """Never empty; the same list for as long as nothing changed."""
        if self._fixed is not None:
            return self._fixed
        now = monotonic()
        if now >= self._look_again_at:
            self._look_again_at = now + LOOK_AGAIN_S
            self._reload()
        return self._places

    def _reload(self) -> None:
        try:
            status = os.stat(self._path)
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
        except OSError:
            stamp = None
        if self._places and stamp == self._stamp:
            return
        self._stamp = stamp
        found = [place for text in listed(self._path) if (place := _place(text, PORT))]
        # Without any the server on this machine is meant (resolv.conf(5)).
        self._places = found[:MOST] or [Place(socket.AF_INET, ("127.0.0.1", PORT))]


def listed(path: Path = RESOLV_CONF) -> list[str]:
    """The addresses in resolv.conf, those of IPv6 with their zone if they have one."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines]
    named = [found[1] for found in words if len(found) > 1 and found[0] == "nameserver"]
    return [text for text in named if _place(text, PORT)]


def _configured(text: str) -> Place:
    """Raises ValueError for what is no "address" or "address:port"."""
    endpoint = parse_endpoint(text, PORT)
    place = _place(endpoint.host, endpoint.port or PORT)
    if place is None:
        raise ValueError(f"{text!r} is no address of a name server")
    return place


def _place(address: str, port: int) -> Place | None:
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):  # a name, or the zone of an interface that is gone
        return None
    family, _, _, _, place = found[0]
    return Place(int(family), place)  # type: ignore[arg-type]
