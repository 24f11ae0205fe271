"""ICMP echo (RFC 792, RFC 4443) on the engine's loop, by the kernel's ping sockets or by raw ones."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Callable, Collection
from contextlib import suppress
from time import monotonic_ns, time_ns
from typing import Self

NOT_POSSIBLE = (
    "ping is not possible here: give the process CAP_NET_RAW, or let its group use ping sockets "
    "(net.ipv4.ping_group_range)"
)
NO_SUCH_SOCKETS = "ping is not possible here: this system has neither ping sockets nor raw ones"
NO_FAMILY = "ping over IPv{version} is not possible here: this system has no IPv{version}"
_REFUSALS = frozenset({errno.EPERM, errno.EACCES})
# What a kernel without IPv6 says, and one that a sandbox plays (gVisor).
_UNKNOWN = frozenset({errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT})
_REQUEST = {4: 8, 6: 128}
_REPLY = {4: 0, 6: 129}
_HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence number
_COOKIE = 8
_STAMP = struct.Struct("@qq")  # struct timespec
_SO_TIMESTAMPNS = 35  # Linux; not in Python's socket module

MakeSocket = Callable[[int, int, int], socket.socket]


class NoPing(Exception):
    """Neither ping sockets nor raw sockets can be had; the text says what to do."""


def missing(make_socket: MakeSocket = socket.socket) -> str:
    """Why this machine cannot ping, or ""; what is short only now (descriptors) is for the check to say."""
    why = ""
    for version in (4, 6):
        try:
            _open(version, make_socket)[0].close()
        except NoPing as error:
            why = why or str(error)
        except OSError:
            return ""
        else:
            return ""
    return why


def why_not(version: int, codes: Collection[int]) -> str:
    """The sentence about the errors that both kinds of sockets ended in; "" where one of them may pass."""
    if not set(codes) <= _REFUSALS | _UNKNOWN:
        return ""
    if errno.EAFNOSUPPORT in codes:
        return NO_FAMILY.format(version=version)
    return NO_SUCH_SOCKETS if _REFUSALS.isdisjoint(codes) else NOT_POSSIBLE


class Echo:
    """Echo requests to one vetted address; use as a context manager. Raises NoPing or OSError when opened."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, address: str, *, make_socket: MakeSocket = socket.socket
    ) -> None:
        self._loop = loop
        self._version = 6 if ":" in address else 4
        self._sock, self._raw = _open(self._version, make_socket)
        try:
            self._sock.setblocking(False)
            with suppress(OSError):  # a sandbox may not know it: then the loop's own lateness counts, too
                self._sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self._sock.connect((address, 0))  # answers of others do not come in
        except BaseException:
            self._sock.close()
            raise
        # A raw socket sees the answers to everyone on this machine; the cookie tells ours.
        self._identifier = int.from_bytes(os.urandom(2), "big")
        self._cookie = os.urandom(_COOKIE)
        self._sent: dict[int, int] = {}
        self._waiting: dict[int, asyncio.Future[float]] = {}
        loop.add_reader(self._sock.fileno(), self._readable)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()
        for answer in self._waiting.values():
            if not answer.cancel() and not answer.cancelled():
                answer.exception()  # seen: asyncio would log it otherwise

    def send(self, sequence: int, size: int) -> asyncio.Future[float]:
        """Sends one request with `size` bytes of data; the future brings the round trip in milliseconds.

        It brings an OSError when the network says that nothing can arrive ("no route").
        """
        answer = self._waiting[sequence] = self._loop.create_future()
        data = self._cookie + bytes(max(0, size - _COOKIE))
        packet = _packet(self._version, self._identifier, sequence, data)
        self._sent[sequence] = monotonic_ns()
        try:
            self._sock.send(packet)
        except OSError as error:  # a full buffer is a lost packet as well
            answer.set_exception(error)
        return answer

    def _readable(self) -> None:
        try:
            data, ancillary, _, _ = self._sock.recvmsg(2048, 64)
        except BlockingIOError:
            return
        except OSError as error:
            self._refused(error)
            return
        late_ns = _late_ns(ancillary)
        sequence = self._sequence_of(data)
        answer = self._waiting.get(sequence) if sequence is not None else None
        if sequence is not None and answer is not None and not answer.done():
            answer.set_result(max(0, monotonic_ns() - late_ns - self._sent[sequence]) / 1e6)

    def _refused(self, error: OSError) -> None:
        """The network answered in the target's place: the oldest request will not be answered."""
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(error)
                return

    def _sequence_of(self, data: bytes) -> int | None:
        """The number of our request that `data` answers, None for anything else."""
        if self._raw and self._version == 4:
            data = data[(data[0] & 0x0F) * 4 :] if data else b""  # after the IP header
        if len(data) < _HEADER.size + _COOKIE:
            return None
        kind, _, _, identifier, sequence = _HEADER.unpack_from(data)
        # The kernel gives a ping socket an identifier of its own.
        ours = identifier == self._identifier or not self._raw
        same = data[_HEADER.size : _HEADER.size + _COOKIE] == self._cookie
        return int(sequence) if kind == _REPLY[self._version] and ours and same else None


def _open(version: int, make_socket: MakeSocket) -> tuple[socket.socket, bool]:
    """A socket for echo requests, and whether it is a raw one."""
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    protocol = socket.IPPROTO_ICMPV6 if version == 6 else socket.IPPROTO_ICMP
    codes: list[int] = []
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            return make_socket(family, kind, protocol), kind == socket.SOCK_RAW
        except OSError as error:
            codes.append(error.errno or 0)
            if not why_not(version, codes):
                raise
    raise NoPing(why_not(version, codes))


def _packet(version: int, identifier: int, sequence: int, data: bytes) -> bytes:
    kind = _REQUEST[version]
    plain = _HEADER.pack(kind, 0, 0, identifier, sequence) + data
    # ICMPv6 has addresses in its sum, so the kernel makes it.
    checksum = _checksum(plain) if version == 4 else 0
    return _HEADER.pack(kind, 0, checksum, identifier, sequence) + data


def _checksum(packet: bytes) -> int:
    """RFC 1071."""
    padded = packet + b"\0" * (len(packet) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _late_ns(ancillary: list[tuple[int, int, bytes]]) -> int:
    """How long ago the kernel took the packet in: a busy loop is not the network's time."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _STAMP.size:
            seconds, nanoseconds = _STAMP.unpack_from(data)
            late = time_ns() - int(seconds * 1_000_000_000 + nanoseconds)
            return late if 0 <= late < 5_000_000_000 else 0  # the clock on the wall may jump
    return 0
