"""WebSocket: the handshake, perhaps a message sent and one waited for (RFC 6455)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import monotonic_ns

from monitors.assertions.model import Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.jobs import Job
from monitors.probes.naming import names
from monitors.probes.outcome import ErrorClass
from monitors.probes.probe import Probe
from monitors.probes.securing import EVERYWHERE, Secured, ca_setting, kept, secure, verify_setting
from monitors.probes.settings import Settings, pairs, secret, section, switch, text
from monitors.probes.websocket_session import Session
from pulse.fields import FieldError, named_lines
from pulse.net.addresses import Address
from pulse.net.request import Headers
from pulse.net.urls import Url, UrlError, parse_url

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
    if any(line.strip() and ":" not in line for line in lines.splitlines()):
        raise FieldError("Write each header as Name: value, on a line of its own.")
    headers: tuple[tuple[str, str], ...] = _PAIRS.read(named_lines(lines))  # type: ignore[assignment]
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
        headers = _headers(config, talk.job)
        session = Session(stream, str(target), headers, config.subprotocol)
        await session.open()
        talk.phases.wait_us = (monotonic_ns() - began) // 1000
        words = "opened"
        if config.send:
            await session.send(config.send)
        if config.receive or config.expect:
            message = await session.message(config.expect)
            talk.facts[Source.ANSWER] = kept(message)
            words = "opened and answered"
            talk.phases.transfer_us = (monotonic_ns() - began) // 1000 - talk.phases.wait_us
        await session.leave()
    finally:
        stream.close()
    return words


def _headers(config: WebSocketConfig, job: Job) -> Headers:
    own = (*config.headers, *parse_headers(config.secret_headers))
    typed = {name.lower() for name, _ in own}
    return (*(pair for pair in names(job) if pair[0].lower() not in typed), *own)


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
