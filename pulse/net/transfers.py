"""libcurl's multi interface on an asyncio loop: thousands of transfers, no future per check."""

import asyncio
from typing import Any

import pycurl

from pulse.net.handle import Finished, Handle
from pulse.net.urls import Url

KEPT_HANDLES = 4096


class Transfers:
    """Runs prepared handles; every method is for the loop's own thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ca_file: str) -> None:
        self._loop = loop
        self._ca_file = ca_file
        self._free: list[Handle] = []
        self._running: set[Handle] = set()
        self._watched: dict[int, int] = {}
        self._timer: asyncio.Handle | None = None
        self._multi: Any = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)

    def begin(
        self,
        url: Url,
        address: str,
        method: str,
        timeout_ms: int,
        connect_timeout_ms: int,
        on_finished: Finished,
    ) -> None:
        """Starts one request; `on_finished(handle, code)` comes once and may read the handle only then."""
        handle = self._free.pop() if self._free else Handle(self._ca_file)
        handle.prepare(url, address, method, timeout_ms, connect_timeout_ms)
        handle.on_finished = on_finished
        self._running.add(handle)
        self._multi.add_handle(handle.curl)

    def close(self) -> None:
        """Drops what is running without a callback."""
        for handle in self._running:
            self._multi.remove_handle(handle.curl)
        self._running.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._multi.close()

    def _watch(self, event: int, fd: int, _multi: Any, _data: Any) -> None:
        wanted = 0 if event == pycurl.POLL_REMOVE else event
        before = self._watched.pop(fd, 0)
        if wanted:
            self._watched[fd] = wanted
        if wanted & pycurl.POLL_IN and not before & pycurl.POLL_IN:
            self._loop.add_reader(fd, self._act, fd, pycurl.CSELECT_IN)
        elif before & pycurl.POLL_IN and not wanted & pycurl.POLL_IN:
            self._loop.remove_reader(fd)
        if wanted & pycurl.POLL_OUT and not before & pycurl.POLL_OUT:
            self._loop.add_writer(fd, self._act, fd, pycurl.CSELECT_OUT)
        elif before & pycurl.POLL_OUT and not wanted & pycurl.POLL_OUT:
            self._loop.remove_writer(fd)

    def _set_timer(self, milliseconds: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if milliseconds == 0:
            self._timer = self._loop.call_soon(self._on_timer)
        elif milliseconds > 0:
            self._timer = self._loop.call_later(milliseconds / 1000, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._act(pycurl.SOCKET_TIMEOUT, 0)

    def _act(self, fd: int, events: int) -> None:
        self._multi.socket_action(fd, events)
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
            if len(self._free) < KEPT_HANDLES:
                self._free.append(handle)
