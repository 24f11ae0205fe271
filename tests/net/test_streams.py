"""Streams of the one door: vetted, timed, bounded, whatever the other side does."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest
import uvloop

from pulse.net.addresses import Policy
from pulse.net.errors import AddressRefused, NotConnected, NotResolved, OutboundError
from pulse.net.failures import Failure
from pulse.net.outbound import Outbound
from pulse.net.streams import READ_AT_MOST, Phases, Stream, open_stream, resolve
from tests.ports import free_port
from tests.resolver import DnsServer
from tests.talking import Script, Talking, quiet

LOOPBACK = Policy(allow=(ip_network("127.0.0.0/8"), ip_network("::1/128")))


@pytest.fixture(scope="module")
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.answers("both.test", "127.0.0.1", "10.0.0.1")
        server.answers("private.test", "10.0.0.1")
        yield server


def run(dns: DnsServer, work: Callable[[Outbound], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        out = Outbound(asyncio.get_running_loop(), LOOPBACK, [dns.nameserver])
        try:
            return await asyncio.wait_for(work(out), 5)
        finally:
            out.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


def talk(dns: DnsServer, script: Script, work: Callable[[Stream], Awaitable[Any]]) -> Any:
    """What `work` makes of a stream to a server that follows `script`."""

    async def main(out: Outbound) -> Any:
        stream = await open_stream(out, "both.test", server.port, 1, 2, Phases())
        try:
            return await work(stream)
        finally:
            stream.close()

    with Talking(script) as server:
        return run(dns, main)


def saying(data: bytes) -> Script:
    def script(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        quiet(connection)

    return script


def test_lines_end_as_they_like_and_the_last_needs_no_end(dns: DnsServer) -> None:
    async def lines(stream: Stream) -> list[bytes]:
        return [await stream.line() for _ in range(3)]

    assert talk(dns, saying(b"a\r\nb\nc"), lines) == [b"a", b"b", b"c"]


@pytest.mark.parametrize(
    ("data", "read", "failure"),
    [
        (b"", lambda stream: stream.line(), Failure.CONNECTION_LOST),
        (b"x" * 9000 + b"\n", lambda stream: stream.line(), Failure.BAD_RESPONSE),
        (b"x" * (READ_AT_MOST * 2 + 100), lambda stream: stream.line(), Failure.BAD_RESPONSE),
        (b"abc", lambda stream: stream.exactly(4), Failure.CONNECTION_LOST),
        (b"abc", lambda stream: stream.exactly(READ_AT_MOST + 1), Failure.RESPONSE_TOO_LARGE),
    ],
)
def test_short_and_endless_answers_are_told_apart(
    dns: DnsServer, data: bytes, read: Any, failure: Failure
) -> None:
    with pytest.raises(OutboundError) as lost:
        talk(dns, saying(data), read)

    assert lost.value.failure is failure


def test_phases_and_address_are_told(dns: DnsServer) -> None:
    phases = Phases()

    async def work(out: Outbound) -> None:
        (await open_stream(out, "both.test", server.port, 1, 2, phases)).close()

    with Talking(quiet) as server:
        run(dns, work)

    assert phases.address == "127.0.0.1"
    assert None not in (phases.dns_us, phases.connect_us)


@pytest.mark.parametrize(
    ("host", "kind", "failure"),
    [
        ("private.test", AddressRefused, Failure.REFUSED_ADDRESS),
        ("169.254.169.254", AddressRefused, Failure.REFUSED_ADDRESS),
        ("::ffff:10.0.0.1", AddressRefused, Failure.REFUSED_ADDRESS),
        ("none.test", NotResolved, Failure.NXDOMAIN),
    ],
)
def test_address_that_policy_forbids_or_nobody_has_is_never_connected_to(
    dns: DnsServer, host: str, kind: type[OutboundError], failure: Failure
) -> None:
    with pytest.raises(kind) as refused:
        run(dns, lambda out: open_stream(out, host, 1, 1, 1, Phases()))

    assert refused.value.failure is failure


def test_only_addresses_of_the_wanted_kind_are_given(dns: DnsServer) -> None:
    assert run(dns, lambda out: resolve(out, "127.0.0.1", 1, Phases(), 4)) == ["127.0.0.1"]
    with pytest.raises(NotResolved):
        run(dns, lambda out: resolve(out, "127.0.0.1", 1, Phases(), 6))


def test_closed_port_is_refused(dns: DnsServer) -> None:
    port = free_port()
    with pytest.raises(NotConnected) as refused:
        run(dns, lambda out: open_stream(out, "127.0.0.1", port, 1, 1, Phases()))

    assert refused.value.failure is Failure.CONNECT_REFUSED


def test_an_answer_that_is_no_tls_is_told_with_the_remedy(dns: DnsServer) -> None:
    async def secure(stream: Stream) -> None:
        await stream.secure(ssl.create_default_context(), Phases())

    def script(connection: socket.socket) -> None:
        connection.recv(4096)
        saying(b"HTTP/1.0 400 Bad Request\r\n\r\n")(connection)

    with pytest.raises(NotConnected, match="check the port and the encryption") as caught:
        talk(dns, script, secure)
    assert caught.value.failure is Failure.TLS_FAILED
