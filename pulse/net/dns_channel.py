"""c-ares on an asyncio loop: one channel, its sockets and its clock."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pycares

# The first wait for one server; c-ares adapts it to the usual speed of the server.
QUERY_TIMEOUT_S = 1.5
TRIES = 3
TICK_S = 0.1

Callback = Callable[[Any, int | None], None]


class DnsChannel:
    """Asks name servers, on the loop's thread. `retire` lets it finish what it was asked, then closes it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, nameservers: Sequence[str] | None) -> None:
        self._loop = loop
        self._pending = 0
        self._retired = False
        self._closed = False
        self._ticking = False
        self._watched: dict[int, tuple[bool, bool]] = {}
        self._channel = pycares.Channel(
            # No search domains: they would turn a dead name into a stranger's. One socket for all queries.
            flags=pycares.ARES_FLAG_NOSEARCH | pycares.ARES_FLAG_STAYOPEN,
            timeout=QUERY_TIMEOUT_S,
            tries=TRIES,
            sock_state_cb=self._watch,
            servers=list(nameservers) if nameservers else None,
            lookups="b",
        )

    def query(self, name: str, kind: int, callback: Callback) -> None:
        self._pending += 1

        def finished(result: Any, code: int | None) -> None:
            if self._closed:
                return  # abandoned: this is the thread that destroys channels
            self._pending -= 1
            callback(result, code)
            if self._retired and not self._pending:
                # c-ares is still on the stack here
                self._loop.call_soon(self._close)

        try:
            self._channel.query(name, kind, callback=finished)
        except pycares.AresError as error:
            self._pending -= 1
            callback(None, int(error.args[0]))
            return
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(TICK_S, self._tick)

    def retire(self) -> None:
        self._retired = True
        if not self._pending:
            self._close()

    def abandon(self) -> None:
        """Forgets what was asked: no callback comes any more."""
        self._retired = True
        self._close()

    def _tick(self) -> None:
        if self._closed:
            return
        # c-ares has no timer of its own: retries and timeouts happen when it is given the floor.
        self._channel.process_fd(pycares.ARES_SOCKET_BAD, pycares.ARES_SOCKET_BAD)
        self._ticking = self._pending > 0
        if self._ticking:
            self._loop.call_later(TICK_S, self._tick)

    def _watch(self, fd: int, readable: bool, writable: bool) -> None:
        if self._closed:
            return  # called from the thread that destroys channels
        was_readable, was_writable = self._watched.pop(fd, (False, False))
        if readable or writable:
            self._watched[fd] = (readable, writable)
        if readable and not was_readable:
            self._loop.add_reader(fd, self._channel.process_fd, fd, pycares.ARES_SOCKET_BAD)
        elif was_readable and not readable:
            self._loop.remove_reader(fd)
        if writable and not was_writable:
            self._loop.add_writer(fd, self._channel.process_fd, pycares.ARES_SOCKET_BAD, fd)
        elif was_writable and not writable:
            self._loop.remove_writer(fd)

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for fd, (readable, writable) in self._watched.items():
            if readable:
                self._loop.remove_reader(fd)
            if writable:
                self._loop.remove_writer(fd)
        self._watched.clear()
        self._channel.close()
