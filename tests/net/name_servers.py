"""Name servers that a test tells how to behave, and look-ups that ask them on a loop."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any, Self

import dns.message
import dns.rcode
import dns.rrset
import uvloop

from pulse.net.answers import Answer
from pulse.net.dns_queries import Queries
from pulse.net.dns_wire import A
from pulse.net.nameservers import NameServers

Behave = Callable[[dns.message.Message, "Server", tuple[str, int]], None]
ADDRESS = "192.0.2.1"


class Server:
    """A name server that does with each query what `behave` says; on UDP and, with `streams`, on TCP."""

    def __init__(self, behave: Behave, host: str = "127.0.0.1", streams: bool = False) -> None:
        self.behave = behave
        self.queries: list[dns.message.Message] = []
        self.ports: list[int] = []
        self.tcp = 0
        self.socket, self.listener = bound(host, streams)
        self.port = self.socket.getsockname()[1]
        self.nameserver = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if self.listener:
            threading.Thread(target=self._serve_streams, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.sendto(b"", self.socket.getsockname())
        self._thread.join(5)
        self.socket.close()
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    def say(self, reply: dns.message.Message | bytes, peer: tuple[str, int]) -> None:
        self.socket.sendto(reply if isinstance(reply, bytes) else reply.to_wire(), peer)

    def _serve(self) -> None:
        while True:
            data, peer = self.socket.recvfrom(4096)
            if not data:
                return
            self.queries.append(dns.message.from_wire(data))
            self.ports.append(peer[1])
            self.behave(self.queries[-1], self, peer)

    def _serve_streams(self) -> None:
        assert self.listener is not None
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.tcp += 1
            with connection:
                size = int.from_bytes(connection.recv(2), "big")
                reply = answered(dns.message.from_wire(connection.recv(size)), *many(60)).to_wire()
                connection.sendall(struct.pack("!H", len(reply)) + reply)


def bound(host: str, streams: bool) -> tuple[socket.socket, socket.socket | None]:
    """UDP and TCP on one port; another process may have half of it."""
    while True:
        datagrams = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind((host, 0))
        if not streams:
            return datagrams, None
        try:
            return datagrams, socket.create_server((host, datagrams.getsockname()[1]))
        except OSError:
            datagrams.close()


def many(count: int) -> list[str]:
    return [f"192.0.2.{number}" for number in range(1, count + 1)]


def answered(query: dns.message.Message, *addresses: str) -> dns.message.Message:
    reply = dns.message.make_response(query, recursion_available=True)
    reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", *addresses))
    return reply


def good(query: dns.message.Message, server: Server, peer: Any) -> None:
    server.say(answered(query, ADDRESS), peer)


def silent(query: dns.message.Message, server: Server, peer: Any) -> None:
    pass


def refusing(rcode: dns.rcode.Rcode) -> Behave:
    def refuse(query: dns.message.Message, server: Server, peer: Any) -> None:
        reply = dns.message.make_response(query)
        reply.set_rcode(rcode)
        server.say(reply, peer)

    return refuse


def cut_off(query: dns.message.Message, server: Server, peer: Any) -> None:
    reply = answered(query, "192.0.2.99")
    reply.flags |= dns.flags.TC
    server.say(reply, peer)


def on_a_loop(servers: list[str], *names: str) -> list[Answer]:
    async def ask() -> list[Answer]:
        queries = Queries(asyncio.get_running_loop(), NameServers(servers))
        found = [asyncio.get_running_loop().create_future() for _ in names]
        for name, future in zip(names, found, strict=True):
            queries.ask(name, A, future.set_result)
        answers = await asyncio.wait_for(asyncio.gather(*found), 10)
        queries.close()
        return answers

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(ask())
