"""gRPC health: one call of grpc.health.v1.Health/Check over HTTP/2, without any code made from .proto files.

Request: field 1, the name of the service. Answer: field 1, the status (gRPC's doc/health-checking.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from monitors.assertions.model import Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.naming import names
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import Packet, garbled, readable
from monitors.probes.probe import Probe
from monitors.probes.securing import EVERYWHERE, NO_TLS, TLS, Secured, endpoint, opened, tls_section
from monitors.probes.settings import Settings, pairs, secret, section, text
from pulse.net.endpoints import parse_endpoint

if TYPE_CHECKING:
    from monitors.probes.grpc_call import Call

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
    make = _loaded[0] if _loaded else await talk.in_thread(_load)
    async with opened(talk, PORT, at_once=config.encrypted, protocols=("h2",)) as stream:
        message = _request(config.service)
        call = make(stream, _headers(talk, config, str(endpoint(talk, PORT))), message)
        await call.until_answered()
    _expect_ok(call.headers, config.service)
    code = _status(call.body)
    status = _STATUSES[code] if code < len(_STATUSES) else str(code)
    talk.facts[Source.STATUS] = status
    if code != _SERVING and not talk.is_asserted(Source.STATUS):
        raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"the service says {status}, expected SERVING")
    return f"the service says {status}"


_loaded: list[type[Call]] = []


def _load() -> type[Call]:
    """HTTP/2 takes 60 ms to load: done when the first such check runs, and not on the loop."""
    from monitors.probes.grpc_call import Call  # noqa: PLC0415

    _loaded.append(Call)
    return Call


def _headers(talk: Talk, config: GrpcConfig, authority: str) -> list[tuple[str, str]]:
    headers = [
        (":method", "POST"),
        (":scheme", "https" if config.encrypted else "http"),
        (":path", _PATH),
        (":authority", config.authority or authority),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("grpc-timeout", f"{max(1, int(talk.left_s * 1000))}m"),
        *((name.lower(), value) for name, value in (*names(talk.job), *config.metadata)),
    ]
    return [*headers, ("authorization", config.authorization)] if config.authorization else headers


def _request(service: str) -> bytes:
    """The message in its frame of gRPC: a flag, four bytes of length."""
    name = service.encode()
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    return b"\0" + len(message).to_bytes(4, "big") + message


def _expect_ok(answered: dict[bytes, bytes], service: str) -> None:
    http = answered.get(b":status", b"")
    if http != b"200":
        raise CheckFailed(ErrorClass.BAD_STATUS, f"answered HTTP status {readable(http, 5)}, expected 200")
    digits = answered.get(b"grpc-status", b"")
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
    message = readable(unquote(answered.get(b"grpc-message", b"")[:1000]).encode(), 120)
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
