"""Ask name servers on an asyncio loop: one after the other, each several times, the first answer counts."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic

from pulse.net.answers import Answer, answer_of, failed, timed_out
from pulse.net.dns_sockets import Socket, Sockets
from pulse.net.dns_stream import ask_by_stream
from pulse.net.dns_wire import CUT_OFF, FORMERR, NOTIMP, UNREACHABLE, Reply, question_of, read_reply
from pulse.net.failures import Failure
from pulse.net.nameservers import NameServers, Place

TRIES = 3
WAIT_S = 1.5
# Waits may end so much late, many at once. The loop's clock ticks in milliseconds: aimed closer it would spin.
GRAIN_S = 0.01
# A name server that let a query time out is asked after the others for so long.
LAST_FOR_S = 30.0
STREAM_S = 5.0
_NOT_REACHED = answer_of(Reply(UNREACHABLE)).reason

Done = Callable[[Answer], None]


class _Query:
    """One question on its way to an answer. `turn` tells the current wait from those that were cut short."""

    __slots__ = ("attempts", "done", "order", "question", "reason", "streaming", "tries", "turn")

    def __init__(self, question: bytes, order: Sequence[Place], done: Done) -> None:
        self.question = question
        self.order = order
        self.done: Done | None = done
        self.attempts: list[tuple[Socket, int]] = []
        self.tries = TRIES * len(order)
        self.turn = 0
        self.streaming = False
        self.reason = ""


class Queries:
    """Every method is for the loop's own thread; `done` may be called before `ask` returns."""

    def __init__(self, loop: asyncio.AbstractEventLoop, servers: NameServers) -> None:
        self._loop = loop
        self._servers = servers
        self._places: list[Place] = []
        self._sockets = Sockets(loop, self._received, self._unreachable)
        self._without_edns: set[Place] = set()
        self._last_until: dict[Place, float] = {}
        self._waits: deque[tuple[float, _Query, int]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._streams: set[asyncio.Task[None]] = set()

    def ask(self, name: str, kind: int, done: Done) -> None:
        """Calls `done` with what the name servers say of the addresses of `name`."""
        question = question_of(name, kind)
        if question is None:
            done(failed("not a host name"))
            return
        self._try(_Query(question, self._order(), done))

    def close(self) -> None:
        """Forgets what was asked: nothing is called any more."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._streams:
            task.cancel()
        self._sockets.close()
        self._waits.clear()

    def _order(self) -> list[Place]:
        places = self._servers.places()
        if places is not self._places:
            self._sockets.retire()
            self._without_edns.clear()
            self._last_until.clear()
            self._places = places
        if not self._last_until or len(places) == 1:
            return places
        now = monotonic()
        return sorted(places, key=lambda place: self._last_until.get(place, 0.0) > now)

    def _try(self, query: _Query) -> None:
        """Asks the next name server; after the last try whatever was said last is the answer."""
        while query.tries > 0:
            place = query.order[-query.tries % len(query.order)]
            query.tries -= 1
            if self._sent(query, place):
                return
        self._finish(query, failed(query.reason))

    def _sent(self, query: _Query, place: Place) -> bool:
        try:
            attempt = self._sockets.send(place, query, query.question, edns=place not in self._without_edns)
        except OSError:
            query.reason = _NOT_REACHED
            return False
        query.attempts.append(attempt)
        self._wait(query)
        return True

    def _wait(self, query: _Query) -> None:
        """All waits are equally long, so they end in the order in which they began."""
        query.turn += 1
        self._waits.append((self._loop.time() + WAIT_S, query, query.turn))
        if self._timer is None:
            self._timer = self._loop.call_later(WAIT_S, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._waits:
            due, query, turn = self._waits[0]
            if query.done is not None and query.turn == turn:
                if due > now:
                    self._timer = self._loop.call_later(due - now + GRAIN_S, self._on_timer)
                    return
                self._waited(query)
            self._waits.popleft()

    def _waited(self, query: _Query) -> None:
        if query.streaming:
            self._wait(query)
        elif query.tries > 0:
            self._last_until[query.attempts[-1][0].place] = monotonic() + LAST_FOR_S
            self._try(query)
        else:
            self._finish(query, timed_out())

    def _received(self, sock: Socket, data: bytes) -> None:
        """Whatever is no answer to what was asked from this socket is passed over, and the wait goes on."""
        number = int.from_bytes(data[:2], "big")
        query = sock.pending.get(number)
        if not isinstance(query, _Query) or (reply := read_reply(data, query.question)) is None:
            return
        sock.forget(number)
        query.attempts.remove((sock, number))
        place = sock.place
        if self._last_until:
            self._last_until.pop(place, None)
        if reply.truncated:
            self._stream(query, place)
        elif reply.rcode in (FORMERR, NOTIMP) and place not in self._without_edns:
            self._without_edns.add(place)  # RFC 6891, 6.2.2
            if not self._sent(query, place):
                self._try(query)
        else:
            self._judge(query, reply)

    def _unreachable(self, sock: Socket) -> None:
        queries = [query for query in sock.pending.values() if isinstance(query, _Query)]
        sock.close()
        for query in queries:
            query.attempts = [one for one in query.attempts if one[0] is not sock]
            query.reason = _NOT_REACHED
            if query.done is not None and not query.streaming:
                self._try(query)

    def _judge(self, query: _Query, reply: Reply) -> None:
        answer = answer_of(reply)
        if answer.failure is not Failure.DNS_FAILED:
            self._finish(query, answer)
        elif not query.streaming:
            query.reason = answer.reason
            self._try(query)

    def _stream(self, query: _Query, place: Place) -> None:
        """The whole answer, where a datagram had no room for it."""
        if not query.streaming:
            query.streaming = True
            task = self._loop.create_task(self._by_stream(query, place))
            self._streams.add(task)
            task.add_done_callback(self._streams.discard)

    async def _by_stream(self, query: _Query, place: Place) -> None:
        try:
            async with asyncio.timeout(STREAM_S):
                reply = await ask_by_stream(self._loop, place, query.question)
        except (OSError, TimeoutError, EOFError):
            reply = Reply(CUT_OFF)
        finally:
            query.streaming = False
        if query.done is not None:
            self._judge(query, reply)

    def _finish(self, query: _Query, answer: Answer) -> None:
        done, query.done = query.done, None
        for sock, number in query.attempts:
            sock.forget(number)
        query.attempts.clear()
        if done is not None:
            done(answer)
