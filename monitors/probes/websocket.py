"""WebSocket: the handshake, perhaps a message sent and one waited for (RFC 6455)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from time import monotonic_ns

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from monitors.assertions.model import Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import garbled, readable
from monitors.probes.probe import Probe
from monitors.probes.securing import EVERYWHERE, LONGEST_ANSWER, Secured, ca_setting, secure, verify_setting
from monitors.probes.settings import Settings, pairs, secret, section, switch, text
from pulse.fields import FieldError
from pulse.net.addresses import Address
from pulse.net.streams import Stream
from pulse.net.urls import Url, UrlError, parse_url

MOST_MESSAGE = 65_536
# Frames are parsed without a pause, so few of them at a time, and not for ever.
AT_ONCE, MOST_FRAMES = 2048, 2000
_SET_BY_US = frozenset(
    {"host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol",
     "sec-websocket-extensions"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WebSocketUrl:
    """A ws or wss URL, read by the one parser of URLs."""

    url: Url

    @property
    def host(self) -> str:
        return self.url.host

    @property
    def literal(self) -> Address | None:
        return self.url.literal

    @property
    def encrypted(self) -> bool:
        return self.url.scheme == "https"

    def __str__(self) -> str:
        return "ws" + str(self.url).removeprefix("http")


@dataclass(frozen=True, slots=True)
class WebSocketConfig(Secured):
    headers: tuple[tuple[str, str], ...] = ()
    secret_headers: str = field(default="", repr=False)
    subprotocol: str = ""
    send: str = ""
    receive: bool = False
    expect: str = ""


def check_target(target: str) -> WebSocketUrl:
    """The URL in `target`; raises UrlError (a ValueError)."""
    scheme, separator, rest = target.partition("://")
    swapped = {"ws": "http", "wss": "https"}.get(scheme.strip().lower())
    if not separator or swapped is None:
        raise UrlError("Start the URL with ws:// or wss://.")
    return WebSocketUrl(parse_url(f"{swapped}://{rest}"))


_PAIRS = pairs("", "", refused=_SET_BY_US)


def read_headers(lines: str) -> str:
    """ "Name: value" lines; raises FieldError."""
    parse_headers(lines)
    return lines


def parse_headers(lines: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, lines.splitlines())):
        name, colon, value = line.partition(":")
        if not colon:
            raise FieldError("Write each header as Name: value, on a line of its own.")
        found[name.strip()] = value.strip()
    headers: tuple[tuple[str, str], ...] = _PAIRS.read(found)  # type: ignore[assignment]
    return headers


async def check(talk: Talk) -> str:
    config: WebSocketConfig = talk.config
    try:
        target = check_target(talk.job.target)
    except UrlError as error:
        raise CheckFailed(ErrorClass.INVALID_TARGET, str(error)) from None
    stream = await talk.open(target.host, target.url.port)
    began = monotonic_ns()
    try:
        if target.encrypted:
            await secure(talk, stream)
        began = monotonic_ns()
        session = _Session(stream, target, config)
        await session.open()
        talk.phases.wait_us = (monotonic_ns() - began) // 1000
        words = "opened"
        if config.send:
            await session.send(config.send)
        if config.receive or config.expect:
            message = await session.message(config.expect)
            talk.facts[Source.ANSWER] = message[:LONGEST_ANSWER]
            words = "opened and answered"
            talk.phases.transfer_us = (monotonic_ns() - began) // 1000 - talk.phases.wait_us
        await session.leave()
    finally:
        stream.close()
    return words


class _Session:
    """websockets' protocol without its sockets: bytes in and out are ours."""

    def __init__(self, stream: Stream, target: WebSocketUrl, config: WebSocketConfig) -> None:
        wanted = [Subprotocol(config.subprotocol)] if config.subprotocol else None
        self._stream = stream
        self._wanted = config.subprotocol
        self._protocol = ClientProtocol(parse_uri(str(target)), subprotocols=wanted, max_size=MOST_MESSAGE)
        self._headers = (*config.headers, *parse_headers(config.secret_headers))
        self._frames: list[Frame] = []
        self._left = MOST_FRAMES

    async def open(self) -> None:
        """The handshake; raises CheckFailed when the server does not switch to WebSocket."""
        request = self._protocol.connect()
        if not any(name.lower() == "user-agent" for name, _ in self._headers):
            request.headers["User-Agent"] = "Pulse"
        for name, value in self._headers:
            request.headers[name] = value
        self._protocol.send_request(request)
        await self._flush()
        while self._protocol.handshake_exc is None and not self._is_answered():
            await self._feed()
        error = self._protocol.handshake_exc
        if isinstance(error, InvalidStatus):
            raise CheckFailed(ErrorClass.BAD_STATUS, f"answered {error.response.status_code}, expected 101")
        if isinstance(error, InvalidHandshake):
            raise CheckFailed(
                ErrorClass.BAD_RESPONSE, f"the handshake failed: {readable(str(error).encode(), 120)}"
            )
        if error is not None:
            raise garbled("WebSocket")
        if self._wanted and self._protocol.subprotocol != self._wanted:
            words = f"the server does not speak the subprotocol {self._wanted}"
            raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, words)

    def _is_answered(self) -> bool:
        """A server may have closed again in the same breath."""
        return self._protocol.handshake_exc is None and self._protocol.state is not State.CONNECTING

    async def send(self, message: str) -> None:
        self._protocol.send_text(message.encode())
        await self._flush()

    async def message(self, expect: str) -> str:
        """The next message that contains `expect`."""
        while True:
            whole = await self._whole()
            if expect in whole:
                return whole

    async def _whole(self) -> str:
        parts: list[bytes] = []
        while True:
            while not self._frames:
                await self._feed()
            frame = self._frames.pop(0)
            if frame.opcode is Opcode.CLOSE:
                raise CheckFailed(
                    ErrorClass.CONNECTION_LOST, "the server closed the WebSocket before the message"
                )
            if frame.opcode in (Opcode.PING, Opcode.PONG):
                continue
            parts.append(bytes(frame.data))
            if sum(map(len, parts)) > MOST_MESSAGE:
                raise CheckFailed(
                    ErrorClass.RESPONSE_TOO_LARGE, f"a message exceeds {MOST_MESSAGE >> 10} KiB"
                )
            if frame.fin:
                return b"".join(parts).decode("utf-8", "replace")

    async def leave(self) -> None:
        self._protocol.send_close(1000)
        await self._flush()

    async def _feed(self) -> None:
        await asyncio.sleep(0)  # what has come already is read without waiting: let others have their turn
        data = await self._stream.some(AT_ONCE)
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._frames.append(event)
                self._left -= 1
        if self._left < 0:
            raise CheckFailed(
                ErrorClass.RESPONSE_TOO_LARGE, f"the server sent more than {MOST_FRAMES:,} frames"
            )
        if self._protocol.parser_exc is not None and self._is_answered():
            raise _broken(self._protocol.parser_exc)
        await self._flush()
        if not data and self._protocol.handshake_exc is None and not self._frames:
            raise CheckFailed(ErrorClass.CONNECTION_LOST, "the server closed the connection")

    async def _flush(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if data:
            await self._stream.send(data)


def _broken(error: Exception) -> CheckFailed:
    if type(error).__name__ == "PayloadTooBig":
        return CheckFailed(ErrorClass.RESPONSE_TOO_LARGE, f"a message exceeds {MOST_MESSAGE >> 10} KiB")
    return garbled("WebSocket")


SETTINGS = Settings(
    WebSocketConfig,
    section(
        "Handshake",
        pairs("headers", "Headers", "Sent with the handshake.", refused=_SET_BY_US),
        replace(
            secret(
                "secret_headers",
                "Secret headers",
                "Name: value, one per line; sealed and never shown.",
                long=True,
            ),
            read=lambda value: read_headers(secret("", "", long=True).read(value)),  # type: ignore[arg-type]
        ),
        text("subprotocol", "Subprotocol", "One that the server must agree to.", longest=100),
    ),
    section("Encryption of wss://", verify_setting(), ca_setting()),
    section(
        "What a good answer is",
        text("send", "Send", "A text message, sent after the handshake.", longest=10_000, long=True),
        switch("receive", "Wait for a message", "It is the answer that assertions see."),
        text("expect", "Wait for a message that contains", "Others before it are skipped.", longest=1000),
        asserting(*EVERYWHERE, Source.ANSWER),
    ),
)
PROBE = Probe(
    title="WebSocket",
    settings=SETTINGS,
    check_target=check_target,
    start=starting(check),
    sources=frozenset({*EVERYWHERE, Source.ANSWER}),
    target_label="URL",
    placeholder="wss://example.com/live",
    target_help="What to open, with ws:// or wss://.",
)
