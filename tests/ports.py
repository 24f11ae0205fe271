"""Port numbers for servers that must be told theirs, and for places where nobody listens."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_LOWEST, _FEWEST = 10_000, 5_000


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that nobody has, and that the kernel gives to nobody.

    One from the range for outgoing connections could be taken by any of them before its server begins to listen.
    """
    first, _ = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    usual = first - _LOWEST >= _FEWEST
    while True:
        with socket.socket(socket.AF_INET, kind) as sock:
            try:
                sock.bind(("127.0.0.1", random.randrange(_LOWEST, first) if usual else 0))
            except OSError:
                continue
            return int(sock.getsockname()[1])
