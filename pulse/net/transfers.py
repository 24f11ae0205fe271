"""libcurl's multi interface on an asyncio loop: thousands of transfers, no future and no loop handle per check."""

import asyncio
import select
from math import inf
from typing import Any

import pycurl

from pulse.net.handle import Finished, Handle, Hop

KEPT_HANDLES = 4096
# Of these, what nobody has needed for so long is given up, so many in a turn: each takes some 20 µs.
UNNEEDED_AFTER_S = 60.0
GIVEN_UP_AT_ONCE = 50
# Sockets served before the loop gets its turn again.
EVENTS_PER_TURN = 128

_MASKS = {
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}
_CSELECT_IN, _CSELECT_OUT = pycurl.CSELECT_IN, pycurl.CSELECT_OUT
_READABLE = select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR
_WRITABLE = select.EPOLLOUT | select.EPOLLERR


class Transfers:
    """Runs prepared handles; every method is for the loop's own thread.

    The sockets are in an epoll set of our own, and only that is watched by the loop: adding a socket to the
    loop and removing it costs several times as much, and each check does it twice.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, ca_file: str) -> None:
        self._loop = loop
        self._ca_file = ca_file
        self._free: list[Handle] = []
        # The fewest that were free lately: the oldest of them, at the beginning, are the ones that nobody needed.
        self._fewest = 0
        self._unneeded = 0
        self._look_at = 0.0
        self._running: set[Handle] = set()
        self._masks: dict[int, int] = {}
        self._epoll = select.epoll()
        loop.add_reader(self._epoll.fileno(), self._on_ready)
        self._kicked = False
        self._due = inf
        self._timer_at = inf
        self._timer: asyncio.TimerHandle | None = None
        self._multi: Any = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)

    def begin(self, hop: Hop, on_finished: Finished) -> Handle:
        """Starts one request; `on_finished(handle, code)` comes once and may read the handle only then.

        Until then the handle that is returned may be dropped.
        """
        handle = self._free.pop() if self._free else Handle(self._ca_file)
        self._fewest = min(self._fewest, len(self._free))
        handle.prepare(hop)
        handle.on_finished = on_finished
        self._running.add(handle)
        self._multi.add_handle(handle.curl)
        return handle

    def drop(self, handle: Handle) -> None:
        """Ends one that is under way, without its callback; not from inside another's."""
        handle.on_finished = None
        self._finish(handle, pycurl.E_OK)

    def give_up_unneeded(self) -> None:
        """To be called now and then: a busy moment makes 7 KiB for each check at once, which are not kept for good."""
        now = self._loop.time()
        if now >= self._look_at:
            self._unneeded, self._fewest = self._fewest, len(self._free)
            self._look_at = now + UNNEEDED_AFTER_S
        if at_once := min(self._unneeded, GIVEN_UP_AT_ONCE, self._fewest):
            for handle in self._free[:at_once]:
                handle.close()
            del self._free[:at_once]
            self._unneeded -= at_once
            self._fewest -= at_once

    def close(self) -> None:
        """Drops what is running without a callback."""
        for handle in self._running:
            self._multi.remove_handle(handle.curl)
        self._running.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._epoll.fileno())
        self._multi.close()
        self._epoll.close()

    def _watch(self, event: int, fd: int, _multi: Any, _data: Any) -> None:
        mask = _MASKS.get(event, 0)
        before = self._masks.get(fd, 0)
        if mask == before:
            return
        try:
            if not mask:
                del self._masks[fd]
                self._epoll.unregister(fd)
                return
            self._masks[fd] = mask
            if before:
                self._epoll.modify(fd, mask)
            else:
                self._epoll.register(fd, mask)
        except OSError:
            self._watch_anew(fd, mask)

    def _watch_anew(self, fd: int, mask: int) -> None:
        """A descriptor that was closed and opened again unseen is in the set when it should not be, or not in it."""
        if not mask:
            return
        try:
            self._epoll.register(fd, mask)
        except FileExistsError:
            self._epoll.modify(fd, mask)

    def _on_ready(self) -> None:
        act = self._multi.socket_action
        under_way = 0
        for fd, events in self._epoll.poll(0, EVENTS_PER_TURN):
            wanted = _CSELECT_IN if events & _READABLE else 0
            if events & _WRITABLE:
                wanted |= _CSELECT_OUT
            _, under_way = act(fd, wanted)
        if under_way < len(self._running):
            self._collect()

    def _set_timer(self, milliseconds: int) -> None:
        if milliseconds == 0:
            if not self._kicked:
                self._kicked = True
                self._loop.call_soon(self._kick)
            return
        self._due = self._loop.time() + milliseconds / 1000 if milliseconds > 0 else inf
        if self._due < self._timer_at:
            self._arm()

    def _arm(self) -> None:
        """One timer of the loop for all: it is set anew only for an earlier moment, and may find nothing due."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = self._due
        self._timer = self._loop.call_at(self._due, self._on_timer)

    def _on_timer(self) -> None:
        self._timer, self._timer_at = None, inf
        if self._loop.time() >= self._due:
            self._due = inf
            self._kick()
        elif self._due < inf:
            self._arm()

    def _kick(self) -> None:
        self._kicked = False
        _, under_way = self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        if under_way < len(self._running):
            self._collect()
        if self._due < self._timer_at:
            self._arm()

    def _collect(self) -> None:
        more = 1
        while more:
            more, finished, failed = self._multi.info_read()
            for curl in finished:
                self._finish(curl.handle, pycurl.E_OK)
            for curl, code, _message in failed:
                self._finish(curl.handle, code)

    def _finish(self, handle: Handle, code: int) -> None:
        self._multi.remove_handle(handle.curl)
        self._running.discard(handle)
        on_finished, handle.on_finished = handle.on_finished, None
        try:
            if on_finished is not None:
                on_finished(handle, code)
        finally:
            handle.pieces = []  # an idle handle holds on to nobody's body
            handle.cleanse()
            if len(self._free) < KEPT_HANDLES:
                self._free.append(handle)
            else:
                handle.close()
