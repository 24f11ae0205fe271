"""UDP sockets to one name server, replaced often, so that nobody can guess from which port the next query comes."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from struct import Struct
from time import monotonic

from pulse.net.dns_wire import query_of
from pulse.net.nameservers import Place

# RFC 5452: who wants to answer in the name server's place has to guess the port besides the number of a query.
QUERIES_PER_SOCKET = 64
SOCKET_LASTS_S = 10.0
# More than a query says that there is room for.
LARGEST = 4096
_NUMBERS = Struct("!256H")

Received = Callable[["Socket", bytes], None]
Unreachable = Callable[["Socket"], None]


class Sockets:
    """The source ports in use. `received` is told of datagrams, `unreachable` of a name server that is not there."""

    def __init__(self, loop: asyncio.AbstractEventLoop, received: Received, unreachable: Unreachable) -> None:
        self._loop = loop
        self.received = received
        self.unreachable = unreachable
        self._current: dict[Place, Socket] = {}
        self._open: set[Socket] = set()
        self._numbers: Iterator[int] = iter(())

    def send(self, place: Place, asked: object, question: bytes, *, edns: bool) -> tuple[Socket, int]:
        """Where the answer will come and its number; raises OSError when the query cannot even leave."""
        sock = self._current.get(place)
        if sock is None or sock.is_used_up:
            if sock is not None:
                sock.retire()
            sock = self._current[place] = Socket(self._loop, place, self)
            self._open.add(sock)
        number = self._number(sock)
        sock.send(number, query_of(number, question, edns=edns), asked)
        return sock, number

    def retire(self) -> None:
        """Nothing is sent from these ports any more."""
        current, self._current = self._current, {}
        for sock in current.values():
            sock.retire()

    def close(self) -> None:
        for sock in [*self._open]:
            sock.close()

    def closed(self, sock: Socket) -> None:
        self._open.discard(sock)
        if self._current.get(sock.place) is sock:
            del self._current[sock.place]

    def _number(self, sock: Socket) -> int:
        while True:
            number = next(self._numbers, None)
            if number is None:
                self._numbers = iter(_NUMBERS.unpack(os.urandom(_NUMBERS.size)))
            elif number not in sock.pending:
                return number


class Socket:
    """One source port. It is connected: the kernel passes on only what the name server itself sent.

    `pending` has what was asked from it, by the number of the query.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, place: Place, owner: Sockets) -> None:
        """Raises OSError where there is no way to the name server."""
        self.place = place
        self.pending: dict[int, object] = {}
        self._loop = loop
        self._owner = owner
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
            self._owner.closed(self)

    def _on_readable(self) -> None:
        """Reads until nothing is waited for: most datagrams come alone, and to look for another costs a call."""
        while self._sock.fileno() >= 0:
            try:
                data = self._sock.recv(LARGEST)
            except BlockingIOError:
                return
            except OSError:  # an answer to an earlier datagram, as that the port is closed
                self._owner.unreachable(self)
                return
            self._owner.received(self, data)
            if not self.pending:
                return
