"""Send pings to several ports: from kept or fresh connections, as fast as they are answered or at a steady rate.

Reads a JSON object on standard input, writes one on standard output; a process of its own, so that it takes
nothing from what it measures but CPU.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from time import monotonic
from typing import Any
from uuid import UUID

import uvloop

ANSWERED = b"HTTP/1.1 200"


class Sender(asyncio.Protocol):
    """One connection; `ask` sends a request and returns its status line."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] | None = None
        self.transport: Any = None
        self.came = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.came += data
        head, _, body = self.came.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if self.answer is not None and not self.answer.done() and length and len(body) >= int(length):
            self.answer.set_result(self.came)

    def connection_lost(self, error: Exception | None) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(b"")

    async def ask(self, request: bytes) -> bytes:
        self.answer, self.came = asyncio.get_running_loop().create_future(), b""
        self.transport.write(request)
        return await self.answer


class Load:
    """What is sent and what came back: times of accepted pings, their run ids, and how many were refused."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        self.ports, self.tokens, self.fresh = wanted["ports"], wanted["tokens"], wanted["fresh"]
        self.until = monotonic() + wanted["seconds"]
        self.rate, self.connections = wanted.get("rate"), wanted["connections"]
        self.times: list[float] = []
        self.accepted: list[str] = []
        self.refused = 0
        self._random = random.Random(1)

    async def run(self) -> None:
        await asyncio.gather(*(self._send(number) for number in range(self.connections)))

    async def _send(self, number: int) -> None:
        """At a rate, each connection has its own beat; a late answer delays the next, and counts as late."""
        port, sender = self.ports[number % len(self.ports)], None
        every = self.connections / self.rate if self.rate else 0.0
        due = monotonic() + self._random.random() * every
        while (now := monotonic()) < self.until:
            if self.rate:
                await asyncio.sleep(max(0, due - now))
            began = due if self.rate else monotonic()
            if sender is None or self.fresh or sender.transport.is_closing():
                sender = await self._connect(port)
            await self._ping(sender, began)
            due += every

    async def _connect(self, port: int) -> Sender:
        _, sender = await asyncio.get_running_loop().create_connection(Sender, "127.0.0.1", port)
        return sender

    async def _ping(self, sender: Sender, began: float) -> None:
        rid = str(UUID(int=self._random.getrandbits(128)))
        token = self._random.choice(self.tokens)
        kept = "close" if self.fresh else "keep-alive"
        request = f"GET /ping/{token}?rid={rid} HTTP/1.1\r\nHost: bench\r\nConnection: {kept}\r\n\r\n"
        answer = await sender.ask(request.encode())
        if answer.startswith(ANSWERED):
            self.times.append(monotonic() - began)
            self.accepted.append(rid)
        else:
            self.refused += 1
        if self.fresh:
            sender.transport.close()


async def main() -> None:
    wanted = json.load(sys.stdin)
    load = Load(wanted)
    began = monotonic()
    await load.run()
    times = sorted(load.times) or [0.0]
    figures = {
        "rate": len(load.accepted) / (monotonic() - began),
        "p50": times[len(times) // 2],
        "p99": times[int(len(times) * 0.99)],
        "refused": load.refused,
        "accepted": load.accepted if wanted.get("tell") else len(load.accepted),
    }
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    uvloop.run(main())
