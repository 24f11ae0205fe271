"""Ask one name server one question: UDP, TCP, TLS (RFC 7858) or HTTPS (RFC 8484); only its own answer counts."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic, monotonic_ns
from typing import TYPE_CHECKING

import dns.message

from pulse.net.datagrams import Datagrams, connect_datagrams, open_datagrams
from pulse.net.dns_reading import Found, Unreadable, answers, read
from pulse.net.endpoints import Endpoint, parse_endpoint
from pulse.net.errors import NotConnected, OutboundError
from pulse.net.failures import Failure
from pulse.net.fetching import fetched
from pulse.net.nameservers import PORT, RESOLV_CONF, listed
from pulse.net.request import Request, Wire
from pulse.net.streams import Phases, Stream, connect_stream, open_stream

if TYPE_CHECKING:
    from pulse.net.fetch import Outbound

# Datagrams that are not the answer (guesses of others, repeats) are passed over, so many of them.
_PASSED_OVER = 200
_TRIES = 3
# Longer answers are read in a thread: 64 KB of the smallest records take some 30 ms.
_SHORT = 4096


@dataclass(frozen=True, slots=True)
class Server:
    """Whom to ask and how. `place` None is the machine's own name server, which no policy is asked about.

    `transport` is "udp", "tcp", "tls" or "https"; `context` and `wire` are for the latter two.
    """

    place: Endpoint | None
    transport: str
    path: str = "/dns-query"
    context: ssl.SSLContext | None = None
    wire: Wire = Wire()  # noqa: RUF009  # frozen


@dataclass(frozen=True, slots=True)
class Asking:
    """What an exchange needs of the check: its loop, tenant, phases, and when it is cut off (monotonic).

    `agent` and `identity` name it where the question travels by HTTP.
    """

    out: Outbound
    tenant: int
    phases: Phases
    until: float
    agent: str = ""
    identity: str = ""

    @property
    def left_s(self) -> float:
        return max(0.0, self.until - monotonic())


async def ask(asking: Asking, server: Server, query: dns.message.Message) -> tuple[Found, str]:
    """The answer and the transport that it came by; raises OutboundError."""
    if server.transport == "https":
        return await _by_https(asking, server, query), "https"
    if server.transport == "udp":
        answer = await _by_udp(asking, server, query)
        if not answer.cut_off:
            return answer, "udp"
        return await _by_stream(asking, server, query), "tcp, because it was cut off over udp"
    return await _by_stream(asking, server, query), server.transport


async def _by_udp(asking: Asking, server: Server, query: dns.message.Message) -> Found:
    began = monotonic_ns()
    peer = await _datagrams(asking, server)
    wire = query.to_wire()
    try:
        for left in range(_TRIES, 0, -1):
            await peer.send(wire)
            try:
                async with asyncio.timeout(max(0.01, asking.left_s * 0.95 / left)):
                    answer = await _datagram(asking, peer, wire)
            except TimeoutError:
                continue
            asking.phases.wait_us = (monotonic_ns() - began) // 1000 - (asking.phases.dns_us or 0)
            return answer
    finally:
        peer.close()
    raise OutboundError(Failure.TIMEOUT, f"the name server {asking.phases.address} does not answer")


async def _datagram(asking: Asking, peer: Datagrams, wire: bytes) -> Found:
    for _ in range(_PASSED_OVER):
        data = await peer.receive()
        if answers(data, wire):
            return await _read(asking, data, wire)
    raise OutboundError(Failure.BAD_RESPONSE, "the name server answers something else than it was asked")


async def _by_stream(asking: Asking, server: Server, query: dns.message.Message) -> Found:
    stream = await _stream(asking, server)
    began = monotonic_ns()
    try:
        if server.context is not None:
            await stream.secure(server.context, asking.phases)
            began = monotonic_ns()
        wire = query.to_wire()
        await stream.send(len(wire).to_bytes(2, "big") + wire)
        data = await stream.exactly(int.from_bytes(await stream.exactly(2), "big"))
    finally:
        stream.close()
    asking.phases.wait_us = (monotonic_ns() - began) // 1000
    return await _answer(asking, data, wire)


async def _by_https(asking: Asking, server: Server, query: dns.message.Message) -> Found:
    query.id = 0  # RFC 8484, 4.1; TLS keeps guesses of others away
    url = f"https://{server.place}{server.path}"
    wire = _doh_wire(server.wire, query.to_wire())
    request = Request(url, "POST", asking.left_s, None, asking.tenant, wire, asking.agent, asking.identity)
    exchange = await fetched(asking.out, request)
    for name in ("dns_us", "connect_us", "tls_us", "wait_us", "transfer_us", "address"):
        setattr(asking.phases, name, getattr(exchange, name))
    if exchange.failure is not None:
        raise OutboundError(exchange.failure, exchange.detail)
    if exchange.status != 200:
        raise OutboundError(
            Failure.BAD_RESPONSE, f"the DNS server answered HTTP {exchange.status}, expected 200"
        )
    return await _answer(asking, exchange.body, query.to_wire())


def _doh_wire(wire: Wire, body: bytes) -> Wire:
    kind = "application/dns-message"
    return Wire(
        headers=(("Content-Type", kind), ("Accept", kind)), body=body, verify=wire.verify, ca_pem=wire.ca_pem,
        max_body=65_535, keep_body=65_535,
    )  # fmt: skip


async def _answer(asking: Asking, data: bytes, wire: bytes) -> Found:
    if not answers(data, wire):
        raise OutboundError(Failure.BAD_RESPONSE, "the name server answers something else than it was asked")
    return await _read(asking, data, wire)


async def _read(asking: Asking, data: bytes, wire: bytes) -> Found:
    try:
        if len(data) <= _SHORT:
            return read(data, wire)
        found: Found = await asking.out.threads.run(asking.tenant, partial(read, data, wire))
    except Unreadable as problem:
        raise OutboundError(Failure.BAD_RESPONSE, str(problem)) from None
    return found


async def _datagrams(asking: Asking, server: Server) -> Datagrams:
    if server.place is None:
        address, port = own_nameserver(asking.out.nameservers)
        return connect_datagrams(asking.out, address, port, asking.phases)
    place = server.place
    return await open_datagrams(asking.out, place.host, place.port or PORT, asking.tenant, asking.phases)


async def _stream(asking: Asking, server: Server) -> Stream:
    if server.place is None:
        address, port = own_nameserver(asking.out.nameservers)
        return await connect_stream(asking.out, address, port, asking.left_s, asking.phases)
    place = server.place
    return await open_stream(
        asking.out, place.host, place.port or PORT, asking.tenant, asking.left_s, asking.phases
    )


def own_nameserver(configured: Sequence[str] | None, path: Path = RESOLV_CONF) -> tuple[str, int]:
    """The first name server that the engine itself uses; the operator chose it, so it need not be public."""
    plain = [text for text in listed(path) if "%" not in text]
    for text in configured or plain:
        place = parse_endpoint(text, PORT)
        return place.host, place.port or PORT
    raise NotConnected(Failure.DNS_FAILED, f"this machine has no name server in {path}")
