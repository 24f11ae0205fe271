"""UDP sockets to one name server, replaced often, so that nobody can guess from which port the next query comes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from pulse.net.nameservers import Place

# RFC 5452: who wants to answer in the name server's place has to guess the port besides the number of a query.
QUERIES_PER_SOCKET = 64
SOCKET_LASTS_S = 10.0
# More than a query says that there is room for.
LARGEST = 4096


@dataclass(frozen=True, slots=True)
class Listener:
    """What a socket reports: a datagram, that the network knows the name server not to be there, its own end."""

    received: Callable[[Socket, bytes], None]
    unreachable: Callable[[Socket], None]
    closed: Callable[[Socket], None]


class Socket:
    """One source port. It is connected: the kernel passes on only what the name server itself sent.

    `pending` has what was asked from it, by the number of the query.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, place: Place, listener: Listener) -> None:
        """Raises OSError where there is no way to the name server."""
        self.place = place
        self.pending: dict[int, object] = {}
        self._loop = loop
        self._listener = listener
        self._left = QUERIES_PER_SOCKET
        self._until = monotonic() + SOCKET_LASTS_S
        self._retired = False
        self._sock = socket.socket(place.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._sock.connect(place.address)
        except OSError:
            self._sock.close()
            raise
        loop.add_reader(self._sock.fileno(), self._on_readable)

    @property
    def is_used_up(self) -> bool:
        return self._left <= 0 or monotonic() >= self._until

    def send(self, number: int, query: bytes, asked: object) -> None:
        """Raises OSError when the datagram cannot even leave."""
        self._left -= 1
        with suppress(BlockingIOError):  # lost, like others on their way
            self._sock.send(query)
        self.pending[number] = asked

    def forget(self, number: int) -> None:
        self.pending.pop(number, None)
        if self._retired and not self.pending:
            self.close()

    def retire(self) -> None:
        """Closes it as soon as nothing is waited for."""
        self._retired = True
        if not self.pending:
            self.close()

    def close(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()
            self._listener.closed(self)

    def _on_readable(self) -> None:
        """Reads until nothing is waited for: most datagrams come alone, and to look for another costs a call."""
        while self._sock.fileno() >= 0:
            try:
                data = self._sock.recv(LARGEST)
            except BlockingIOError:
                return
            except OSError:  # an answer to an earlier datagram, as that the port is closed
                self._listener.unreachable(self)
                return
            self._listener.received(self, data)
            if not self.pending:
                return
