"""gRPC health: one call of grpc.health.v1.Health/Check over HTTP/2, without any code made from .proto files.

Request: field 1, the name of the service. Answer: field 1, the status (gRPC's doc/health-checking.md).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)  # fmt: skip
from h2.exceptions import H2Error

from monitors.assertions.model import Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import Packet, garbled, readable
from monitors.probes.probe import Probe
from monitors.probes.securing import EVERYWHERE, NO_TLS, TLS, Secured, endpoint, opened, tls_section
from monitors.probes.settings import Settings, pairs, secret, section, text
from pulse.net.endpoints import parse_endpoint
from pulse.net.streams import Stream

PORT = 443
_NAME = "gRPC"
_PATH = "/grpc.health.v1.Health/Check"
_SOURCES = (*EVERYWHERE, Source.STATUS)
_STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
_CODES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
_SERVING, _NOT_FOUND, _UNIMPLEMENTED, _DENIED = 1, 5, 12, (7, 16)
# Frames are parsed without a pause, so few of them at a time, and not for ever.
AT_ONCE, MOST_READS, MOST_BODY = 1024, 64, 4096
_SET_BY_US = frozenset(
    {"te", "content-type", "host", "grpc-timeout", "grpc-encoding", "connection", "user-agent"}
)


@dataclass(frozen=True, slots=True)
class GrpcConfig(Secured):
    service: str = ""
    authority: str = ""
    metadata: tuple[tuple[str, str], ...] = ()
    authorization: str = field(default="", repr=False)


async def check(talk: Talk) -> str:
    config: GrpcConfig = talk.config
    async with opened(talk, PORT, at_once=config.encrypted, protocols=("h2",)) as stream:
        call = _Call(stream)
        await call.ask(config, str(endpoint(talk, PORT)), talk.left_s)
        await call.until_answered()
    _expect_ok(call, config.service)
    code = _status(call.body)
    status = _STATUSES[code] if code < len(_STATUSES) else str(code)
    talk.facts[Source.STATUS] = status
    if code != _SERVING:
        raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"the service says {status}, expected SERVING")
    return "the service says SERVING"


class _Call:
    """One HTTP/2 stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._ended = False
        self.headers: dict[bytes, bytes] = {}
        self.body = b""

    async def ask(self, config: GrpcConfig, authority: str, within_s: float) -> None:
        name = config.service.encode()
        message = b"\x0a" + _varint(len(name)) + name if name else b""
        headers = [
            (":method", "POST"),
            (":scheme", "https" if config.encrypted else "http"),
            (":path", _PATH),
            (":authority", config.authority or authority),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("grpc-timeout", f"{max(1, int(within_s * 1000))}m"),
            ("user-agent", "Pulse"),
            *((name.lower(), value) for name, value in config.metadata),
        ]
        if config.authorization:
            headers.append(("authorization", config.authorization))
        self._h2.initiate_connection()
        self._h2.send_headers(1, headers)
        self._h2.send_data(1, b"\0" + len(message).to_bytes(4, "big") + message, end_stream=True)
        await self._flush()

    async def until_answered(self) -> None:
        """Reads until the server has ended the stream; raises CheckFailed."""
        for _ in range(MOST_READS):
            data = await self._stream.some(AT_ONCE)
            if not data:
                raise CheckFailed(
                    ErrorClass.CONNECTION_LOST, "the server closed the connection before its answer"
                )
            try:
                for event in self._h2.receive_data(data):
                    self._take(event)
            except H2Error:
                raise CheckFailed(ErrorClass.BAD_RESPONSE, "the server does not speak HTTP/2") from None
            await self._flush()
            if self._ended:
                return
            await asyncio.sleep(
                0
            )  # what has come already is read without waiting: let others have their turn
        raise CheckFailed(ErrorClass.RESPONSE_TOO_LARGE, "the server sent more than a check reads")

    def _take(self, event: Event) -> None:
        if isinstance(event, ResponseReceived | TrailersReceived):
            self.headers |= {bytes(name): bytes(value) for name, value in event.headers or ()}
        elif isinstance(event, DataReceived):
            self.body += event.data or b""
            if len(self.body) > MOST_BODY:
                raise CheckFailed(
                    ErrorClass.RESPONSE_TOO_LARGE, "the answer is too large for a health status"
                )
        elif isinstance(event, StreamEnded):
            self._ended = True
        elif isinstance(event, StreamReset | ConnectionTerminated) and not self._ended:
            raise CheckFailed(ErrorClass.CONNECTION_LOST, "the server broke off the call")

    async def _flush(self) -> None:
        await self._stream.send(self._h2.data_to_send())


def _expect_ok(call: _Call, service: str) -> None:
    http = call.headers.get(b":status", b"")
    if http != b"200":
        raise CheckFailed(ErrorClass.BAD_STATUS, f"answered HTTP status {readable(http, 5)}, expected 200")
    digits = call.headers.get(b"grpc-status", b"")
    if not digits.isdigit() or len(digits) > 3:
        raise CheckFailed(ErrorClass.BAD_RESPONSE, "the answer has no grpc-status")
    code = int(digits)
    if code == 0:
        return
    if code == _UNIMPLEMENTED:
        raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, "the server has no health service (UNIMPLEMENTED)")
    if code == _NOT_FOUND:
        raise CheckFailed(
            ErrorClass.UNEXPECTED_ANSWER, f"the server knows no service {service!r} (NOT_FOUND)"
        )
    name = _CODES[code] if code < len(_CODES) else f"code {code}"
    message = readable(unquote(call.headers.get(b"grpc-message", b"")[:1000]).encode(), 120)
    error = ErrorClass.SIGN_IN_REFUSED if code in _DENIED else ErrorClass.UNEXPECTED_ANSWER
    raise CheckFailed(error, f"the call failed with {name}: {message}".removesuffix(": "))


def _status(body: bytes) -> int:
    """Field 1 of the message after its five bytes of frame; 0 where it is left out, as protobuf does."""
    frame = Packet(body, _NAME)
    if frame.take(1) != b"\0":  # compressed, though we offered no way to
        raise garbled(_NAME)
    message = Packet(frame.take(frame.big(4)), _NAME)
    status = 0
    while message.left:
        key = _read_varint(message)
        kind = key & 7
        if kind == 0:
            value = _read_varint(message)
            status = value if key >> 3 == 1 else status
        elif kind in (1, 5):
            message.take(8 if kind == 1 else 4)
        elif kind == 2:
            message.take(_read_varint(message))
        else:
            raise garbled(_NAME)
    return status


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _read_varint(packet: Packet) -> int:
    value = 0
    for place in range(10):
        digit = packet.big(1)
        value |= (digit & 0x7F) << 7 * place
        if not digit & 0x80:
            return value
    raise garbled(_NAME)


SETTINGS = Settings(
    GrpcConfig,
    section(
        "Call",
        text(
            "service", "Service", "As the health service knows it, like shop.v1.Orders; empty for the server."
        ),
        text("authority", "Authority", "Empty for the host and port."),
        pairs("metadata", "Metadata", "Sent with the call.", refused=_SET_BY_US),
        secret("authorization", "Authorization", "The whole value, like Bearer abc."),
    ),
    tls_section(TLS, NO_TLS),
    section("What a good answer is", asserting(*_SOURCES)),
)
PROBE = Probe(
    title="gRPC health",
    settings=SETTINGS,
    check_target=lambda target: parse_endpoint(target, PORT),
    start=starting(check),
    sources=frozenset(_SOURCES),
    placeholder="grpc.example.com:443",
    target_help="Without a port, 443.",
)
