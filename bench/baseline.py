"""Bare libcurl multi loops with Pulse's own options: what a check costs before anything of Pulse is added.

Run as a script: prints one JSON line {"rate", "cpu_us"} for a kind of loop. Names are resolved beforehand, the guard is
on, each check has a connection of its own; checks are started at a steady rate, as Pulse's are.
"""

import argparse
import json
import os
import resource
import select
import sys
from _socket import socket as bare_socket
from pathlib import Path
from time import monotonic
from typing import Any

import pycurl

sys.path.insert(0, str(Path(__file__).parent.parent))

from pulse.net.handle import default_ca_file
from pulse.net.handle_options import fixed_options

ADDRESS = "127.0.0.1"
TIMEOUT_MS = 5000


class Descriptor:
    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def __del__(self) -> None:
        os.close(self._fd)


def guard(_purpose: int, target: Any) -> Any:
    if target.addr[0] != ADDRESS:
        return pycurl.SOCKET_BAD
    return Descriptor(bare_socket(target.family, target.socktype, target.protocol).detach())


def ignore(_data: bytes) -> None:
    """As a write function must not be missing: libcurl would print."""


class Loop:
    """Starts `total` checks at `rate` per second and counts those that answered 200."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.total = int(options.rate * options.seconds)
        self.started = self.finished = self.good = 0
        self.free: list[Any] = []
        self.multi: Any = pycurl.CurlMulti()
        self.ca_file = options.ca or default_ca_file()

    def handle(self) -> Any:
        if self.free:
            return self.free.pop()
        curl = pycurl.Curl()
        for option, value in fixed_options(self.ca_file):
            curl.setopt(option, value)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, guard)
        curl.setopt(pycurl.WRITEFUNCTION, ignore)
        curl.setopt(pycurl.HEADERFUNCTION, ignore)
        return curl

    def start_due(self, begin: float) -> None:
        upto = min(self.total, int((monotonic() - begin) * self.options.rate))
        while self.started < upto:
            curl = self.handle()
            name = f"n{self.started % self.options.names}.up.bench"
            curl.setopt(pycurl.URL, f"{self.options.scheme}://{name}:{self.options.port}/")
            curl.setopt(pycurl.CONNECT_TO, [f"::{ADDRESS}:{self.options.port}"])
            curl.setopt(pycurl.TIMEOUT_MS, TIMEOUT_MS)
            curl.setopt(pycurl.CONNECTTIMEOUT_MS, TIMEOUT_MS)
            self.multi.add_handle(curl)
            self.started += 1

    def collect(self) -> None:
        more = 1
        while more:
            more, finished, failed = self.multi.info_read()
            for curl in finished:
                self.good += curl.getinfo(pycurl.RESPONSE_CODE) == 200
                # The same figures that Pulse stores of each check.
                for info in (
                    pycurl.CONNECT_TIME_T,
                    pycurl.APPCONNECT_TIME_T,
                    pycurl.STARTTRANSFER_TIME_T,
                    pycurl.TOTAL_TIME_T,
                ):
                    curl.getinfo(info)
            for curl in (*finished, *(one[0] for one in failed)):
                self.multi.remove_handle(curl)
                self.free.append(curl)
                self.finished += 1

    def perform(self) -> None:
        begin = monotonic()
        while self.finished < self.total:
            self.start_due(begin)
            _, running = self.multi.perform()
            self.collect()
            if running or self.started < self.total:
                self.multi.select(0.002)

    def socket_action(self) -> None:
        epoll = select.epoll()
        masks = {pycurl.POLL_IN: 1, pycurl.POLL_OUT: 4, pycurl.POLL_INOUT: 5}
        watched: set[int] = set()

        def watch(event: int, fd: int, _multi: Any, _data: Any) -> None:
            if event == pycurl.POLL_REMOVE:
                if fd in watched:
                    watched.discard(fd)
                    epoll.unregister(fd)
            elif fd in watched:
                epoll.modify(fd, masks[event])
            else:
                watched.add(fd)
                epoll.register(fd, masks[event])

        due: list[float] = []

        def timer(milliseconds: int) -> None:
            due[:] = [monotonic() + milliseconds / 1000] if milliseconds >= 0 else []

        self.multi.setopt(pycurl.M_SOCKETFUNCTION, watch)
        self.multi.setopt(pycurl.M_TIMERFUNCTION, timer)
        begin = monotonic()
        while self.finished < self.total:
            self.start_due(begin)
            if due and due[0] <= monotonic():
                due.clear()
                self.multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            for fd, events in epoll.poll(0.002):
                wanted = (pycurl.CSELECT_IN if events & ~4 else 0) | (pycurl.CSELECT_OUT if events & 4 else 0)
                self.multi.socket_action(fd, wanted)
            self.collect()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("perform", "socket_action"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--scheme", default="http")
    parser.add_argument("--ca", help="file of trusted certificates")
    parser.add_argument("--rate", type=float, default=1500)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--names", type=int, default=50_000)
    options = parser.parse_args()
    loop = Loop(options)
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = monotonic()
    getattr(loop, options.kind)()
    lasted = monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    if loop.good != loop.total:
        raise SystemExit(f"{loop.total - loop.good} of {loop.total} checks failed")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"rate": round(loop.total / lasted, 1), "cpu_us": round(used / loop.total * 1e6, 1)}))


if __name__ == "__main__":
    main()
