"""Ask name servers from a thread that may wait: one socket for each try, the first answer counts."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable
from contextlib import ExitStack
from itertools import cycle, islice
from time import monotonic

from pulse.net.answers import Answer, answer_of, failed, timed_out
from pulse.net.dns_queries import STREAM_S, TRIES, WAIT_S
from pulse.net.dns_sockets import LARGEST
from pulse.net.dns_stream import framed, read_framed
from pulse.net.dns_wire import (
    CUT_OFF,
    FORMERR,
    NOTIMP,
    UNREACHABLE,
    Reply,
    query_of,
    question_of,
    read_reply,
)
from pulse.net.failures import Failure
from pulse.net.nameservers import Place

Left = Callable[[], float]


def ask_and_wait(name: str, kind: int, places: list[Place], left: Left) -> Answer:
    """`left` says how many seconds there are, and raises when there are none; then so does this."""
    question = question_of(name, kind)
    if question is None:
        return failed("not a host name")
    with ExitStack() as stack:
        return _Waiting(question, left, stack).ask(places)


class _Waiting:
    def __init__(self, question: bytes, left: Left, stack: ExitStack) -> None:
        self._question = question
        self._left = left
        self._stack = stack
        self._poll = select.poll()
        self._asked: dict[int, tuple[socket.socket, int, Place]] = {}
        self._edns = True
        self._reason = ""

    def ask(self, places: list[Place]) -> Answer:
        for place in islice(cycle(places), TRIES * len(places)):
            if self._send(place) and (answer := self._answer(WAIT_S)) is not None:
                return answer
        return failed(self._reason) if self._reason else timed_out()

    def _send(self, place: Place) -> bool:
        number = int.from_bytes(os.urandom(2), "big")
        sock = self._stack.enter_context(
            socket.socket(place.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        )
        try:
            sock.connect(place.address)
            sock.send(query_of(number, self._question, edns=self._edns))
        except OSError:
            self._reason = answer_of(Reply(UNREACHABLE)).reason
            return False
        self._asked[sock.fileno()] = sock, number, place
        self._poll.register(sock, select.POLLIN)
        return True

    def _answer(self, within_s: float) -> Answer | None:
        """None: it is the next try's turn, because of silence or of an answer that says nothing."""
        until = monotonic() + within_s
        while self._asked and (wait := min(until - monotonic(), self._left())) > 0:
            for fd, _ in self._poll.poll(wait * 1000):
                sock, number, place = self._asked[fd]
                reply = self._received(sock, number, place)
                if reply is None:
                    continue
                self._poll.unregister(fd)
                del self._asked[fd]
                if reply.rcode in (FORMERR, NOTIMP) and self._edns:
                    self._edns = False  # RFC 6891, 6.2.2
                    self._send(place)
                    continue
                answer = answer_of(reply)
                if answer.failure is not Failure.DNS_FAILED:
                    return answer
                self._reason = answer.reason
                return None
        return None

    def _received(self, sock: socket.socket, number: int, place: Place) -> Reply | None:
        try:
            data = sock.recv(LARGEST)
        except BlockingIOError:
            return None
        except OSError:
            return Reply(UNREACHABLE)
        reply = read_reply(data, self._question) if data[:2] == number.to_bytes(2, "big") else None
        return self._by_stream(place) if reply is not None and reply.truncated else reply

    def _by_stream(self, place: Place) -> Reply:
        until = monotonic() + min(STREAM_S, self._left())
        number = int.from_bytes(os.urandom(2), "big")
        with socket.socket(place.family, socket.SOCK_STREAM) as sock:
            try:
                sock.settimeout(max(0.01, until - monotonic()))
                sock.connect(place.address)
                sock.sendall(framed(query_of(number, self._question, edns=True)))
                size = int.from_bytes(_exactly(sock, 2, until), "big")
                return read_framed(_exactly(sock, size, until), number, self._question)
            except (OSError, EOFError):
                return Reply(CUT_OFF)


def _exactly(sock: socket.socket, size: int, until: float) -> bytes:
    """A socket's own timeout starts anew with each piece, so it is set for what is left."""
    data = b""
    while len(data) < size:
        sock.settimeout(max(0.01, until - monotonic()))
        piece = sock.recv(size - len(data))
        if not piece or monotonic() > until:
            raise EOFError("the name server closed the connection early, or drips")
        data += piece
    return data
