"""UDP to one vetted address: connected, so only its answers come in, and a closed port says so."""

from __future__ import annotations

import socket
from time import monotonic_ns
from typing import TYPE_CHECKING

from pulse.net.errors import NotConnected
from pulse.net.streams import Phases, not_connected, other_family, resolve

if TYPE_CHECKING:
    from pulse.net.fetch import Outbound

# What one datagram can hold at most.
LARGEST = 65_535


class Datagrams:
    """A connected UDP socket on a loop; closed by the caller."""

    def __init__(self, out: Outbound, sock: socket.socket, address: str, port: int) -> None:
        self._out = out
        self._sock = sock
        self._address = address
        self._port = port

    async def send(self, data: bytes) -> None:
        """Raises NotConnected, also for the refusal of an earlier datagram."""
        try:
            await self._out.loop.sock_sendall(self._sock, data)
        except OSError as error:
            raise not_connected(error, self._address, self._port) from None

    async def receive(self) -> bytes:
        """The next datagram from the peer; raises NotConnected when its port is closed."""
        try:
            return await self._out.loop.sock_recv(self._sock, LARGEST)
        except OSError as error:
            raise not_connected(error, self._address, self._port) from None

    def close(self) -> None:
        self._sock.close()


async def open_datagrams(out: Outbound, host: str, port: int, tenant: int, phases: Phases) -> Datagrams:
    """To the first vetted address of `host`; raises NotResolved, AddressRefused or NotConnected."""
    addresses = await resolve(out, host, tenant, phases)
    try:
        return connect_datagrams(out, addresses[0], port, phases)
    except NotConnected as failed:
        others = await other_family(out, host, tenant, addresses, phases, failed)
        if not others:
            raise
    return connect_datagrams(out, others[0], port, phases)


def connect_datagrams(out: Outbound, address: str, port: int, phases: Phases) -> Datagrams:
    """To an address that was vetted, or that the operator chose; raises NotConnected."""
    phases.address = address
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    began = monotonic_ns()
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        sock.connect((address, port))  # no packet: it only chooses a route and a source port by chance
    except OSError as error:
        sock.close()
        raise not_connected(error, address, port) from None
    phases.connect_us = (monotonic_ns() - began) // 1000
    return Datagrams(out, sock, address, port)
