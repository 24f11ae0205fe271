"""Streams to vetted addresses on the engine's loop: look up, vet, connect, TLS, each phase timed."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from time import monotonic, monotonic_ns
from typing import TYPE_CHECKING

from pulse.net.answers import Answer, vet
from pulse.net.certificates import certificate_refused
from pulse.net.errors import AddressRefused, NotConnected, NotResolved, OutboundError, untie
from pulse.net.failures import Failure

if TYPE_CHECKING:
    from pulse.net.fetch import Outbound

# One answer of a conversation may be this long; more is an OutboundError, never more memory.
READ_AT_MOST = 1 << 20
MAX_ADDRESSES = 3


@dataclass(slots=True)
class Phases:
    """Microseconds of each phase, None for one that was not reached, and the address that was connected to.

    `watch` hears of each as it becomes known, by its name: ("dns_us", 1200); it must only hand over.
    """

    dns_us: int | None = None
    connect_us: int | None = None
    tls_us: int | None = None
    wait_us: int | None = None
    transfer_us: int | None = None
    address: str | None = None
    watch: Callable[[str, object], None] | None = field(default=None, repr=False, compare=False)

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        watch = getattr(self, "watch", None)
        if watch is not None and value is not None and name != "watch":
            watch(name, value)


class Stream:
    """An open connection. `reader` and `writer` change with `secure`: fetch them anew after it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self.reader = reader
        self.writer = writer
        self.host = host

    @property
    def tls(self) -> ssl.SSLObject | None:
        found: ssl.SSLObject | None = self.writer.get_extra_info("ssl_object")
        return found

    async def secure(self, context: ssl.SSLContext, phases: Phases, server_name: str = "") -> None:
        """TLS over the open connection (at once, or after a STARTTLS); raises NotConnected."""
        # What came readable before would be taken for a part of the encrypted answer (CVE-2011-0411).
        if self.reader._buffer:  # type: ignore[attr-defined]  # noqa: SLF001  # there is no public way to see it
            raise NotConnected(
                Failure.TLS_FAILED, f"{self.host} sent something readable where TLS had to begin"
            )
        began = monotonic_ns()
        try:
            await self.writer.start_tls(context, server_hostname=server_name or self.host)
        except ssl.SSLCertVerificationError as error:
            untie(error)
            raise certificate_refused(error, self.host) from None
        except (ssl.SSLError, ConnectionError, EOFError) as error:
            untie(error)
            raise NotConnected(Failure.TLS_FAILED, self._handshake_failed(error)) from None
        finally:
            phases.tls_us = (monotonic_ns() - began) // 1000

    def _handshake_failed(self, error: Exception) -> str:
        reason = getattr(error, "reason", None) or "the connection was closed"
        if reason in (
            "WRONG_VERSION_NUMBER",
            "HTTP_REQUEST",
            "PACKET_LENGTH_TOO_LONG",
        ):  # what came is no TLS record
            return f"{self.host} did not answer in TLS: check the port and the encryption"
        return f"the TLS handshake with {self.host} failed ({str(reason).lower().replace('_', ' ')})"

    async def send(self, data: bytes) -> None:
        """Raises ConnectionError once the connection is gone."""
        if self.writer.is_closing():  # uvloop would call it a mistake of ours, which is no ConnectionError
            raise ConnectionResetError("Connection lost")
        self.writer.write(data)
        await self.writer.drain()

    async def line(self, longest: int = 8192) -> bytes:
        """The next line without its end; raises OutboundError when the peer closes or sends no line end."""
        try:
            found = await self.reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                return error.partial.rstrip(b"\r\n")
            raise closed(self.host) from None
        except asyncio.LimitOverrunError:
            found = b"x" * (longest + 1)
        if len(found) > longest:
            raise OutboundError(Failure.BAD_RESPONSE, f"{self.host} sent a line of more than {longest} bytes")
        return found.rstrip(b"\r\n")

    async def exactly(self, count: int) -> bytes:
        """The next `count` bytes; a peer that closes before is an OutboundError."""
        if count > READ_AT_MOST:
            raise OutboundError(Failure.RESPONSE_TOO_LARGE, f"{self.host} announced {count:,} bytes")
        try:
            return await self.reader.readexactly(count)
        except asyncio.IncompleteReadError:
            raise closed(self.host) from None

    async def some(self, most: int = 65_536) -> bytes:
        """What is there, at least one byte; b"" when the peer has closed."""
        return await self.reader.read(most)

    def close(self) -> None:
        """At once and without a goodbye: a hostile peer would never answer one."""
        self.writer.transport.abort()


def closed(host: str) -> OutboundError:
    return OutboundError(Failure.CONNECTION_LOST, f"{host} closed the connection")


async def resolve(out: Outbound, host: str, tenant: int, phases: Phases, family: int = 0) -> list[str]:
    """The vetted addresses of a name or literal, at least one; raises NotResolved or AddressRefused.

    `family` is 4 or 6 for addresses of that kind only, 0 for any.
    """
    try:
        literal = ip_address(host)
        answer = Answer((str(literal),))
        if family and literal.version != family:
            answer = Answer(failure=Failure.NO_ADDRESS, family=family)
    except ValueError:
        began = monotonic_ns()
        answer = await _look_up(out, host.lower().removesuffix("."), tenant, family)
        phases.dns_us = (phases.dns_us or 0) + (monotonic_ns() - began) // 1000
    if answer.failure is not None:
        raise NotResolved(answer.failure, answer.sentence(host))
    allowed, refusal = vet(answer.addresses, out.policy)
    if not allowed:
        raise AddressRefused(Failure.REFUSED_ADDRESS, refusal)
    return allowed


async def open_socket(
    out: Outbound, host: str, port: int, tenant: int, within_s: float, phases: Phases
) -> socket.socket:
    """A connected, non-blocking TCP socket to one of the vetted addresses; the caller closes it.

    For libraries that take a socket. While another address is left to try, one gets half of the `within_s`
    seconds that are left. Raises NotResolved, AddressRefused or NotConnected.
    """
    until = monotonic() + within_s
    addresses = await resolve(out, host, tenant, phases)
    try:
        return await _connect_to_one(out, addresses, port, until, phases)
    except NotConnected as failed:
        others = await other_family(out, host, tenant, addresses, phases, failed)
        if not others:
            raise
    return await _connect_to_one(out, others, port, until, phases)


async def other_family(
    out: Outbound, host: str, tenant: int, addresses: list[str], phases: Phases, failed: NotConnected
) -> list[str]:
    """The IPv6 addresses of a name whose IPv4 addresses this machine has no way to; mostly none."""
    if failed.failure is not Failure.CONNECT_FAILED or host in addresses or ":" in addresses[0]:
        return []
    try:
        return await resolve(out, host, tenant, phases, 6)
    except (NotResolved, AddressRefused):
        return []


async def _connect_to_one(
    out: Outbound, addresses: list[str], port: int, until: float, phases: Phases
) -> socket.socket:
    waiting = addresses[:MAX_ADDRESSES]
    began = monotonic_ns()
    failed: NotConnected | None = None
    while waiting:
        address = phases.address = waiting.pop(0)
        left = until - monotonic()
        try:
            sock = await _connect(out.loop, address, port, left / 2 if waiting else left)
        except (OSError, TimeoutError) as error:
            failed = not_connected(error, address, port)
        else:
            phases.connect_us = (monotonic_ns() - began) // 1000
            return sock
    assert failed is not None
    raise failed


async def _connect(
    loop: asyncio.AbstractEventLoop, address: str, port: int, within_s: float
) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with asyncio.timeout(max(0.0, within_s)):
            await loop.sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock


async def open_stream(
    out: Outbound, host: str, port: int, tenant: int, within_s: float, phases: Phases
) -> Stream:
    """A connected stream to one of the vetted addresses; raises NotResolved, AddressRefused or NotConnected."""
    return await _streaming(await open_socket(out, host, port, tenant, within_s, phases), host)


async def connect_stream(out: Outbound, address: str, port: int, within_s: float, phases: Phases) -> Stream:
    """A stream to an address that the operator chose (a name server), not vetted; raises NotConnected."""
    phases.address = address
    began = monotonic_ns()
    try:
        sock = await _connect(out.loop, address, port, within_s)
    except (OSError, TimeoutError) as error:
        raise not_connected(error, address, port) from None
    phases.connect_us = (monotonic_ns() - began) // 1000
    return await _streaming(sock, address)


async def _streaming(sock: socket.socket, host: str) -> Stream:
    try:
        reader, writer = await asyncio.open_connection(sock=sock, limit=READ_AT_MOST)
    except BaseException:
        sock.close()
        raise
    return Stream(reader, writer, host)


def not_connected(error: OSError, address: str, port: int) -> NotConnected:
    peer = f"{address} port {port}"
    if error.errno == errno.ECONNREFUSED:
        return NotConnected(Failure.CONNECT_REFUSED, f"connection refused by {peer}")
    if error.errno == errno.ETIMEDOUT or isinstance(error, TimeoutError):
        return NotConnected(Failure.CONNECT_TIMEOUT, f"no connection to {peer}: it does not answer")
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return NotConnected(Failure.CONNECT_FAILED, f"no route to {peer}")
    name = errno.errorcode.get(error.errno or 0, "unknown reason")
    return NotConnected(Failure.CONNECT_FAILED, f"connection to {peer} failed ({name})")


async def _look_up(out: Outbound, name: str, tenant: int, family: int) -> Answer:
    found: asyncio.Future[Answer] = out.loop.create_future()

    def take(answer: Answer) -> None:
        if not found.done():  # the check may have ended meanwhile
            found.set_result(answer)

    out.resolver.lookup(name, tenant, take, family, found.done)
    return await found
