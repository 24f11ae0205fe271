"""Take mail for heartbeats: by SMTP in the web process, and from a provider's webhook. Answered after the commit."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings

from monitors.heartbeats import arrivals, mail
from monitors.heartbeats.arrivals import Answer
from monitors.heartbeats.receiving import client_of, read_body, respond, writer

log = structlog.get_logger(__name__)

PREFIX = "/ping-email/"
MESSAGE_AT_MOST = 1_000_000
# A form with a message in it is longer than the message.
POSTED_AT_MOST = 2_000_000
CONNECTIONS_AT_MOST = 200
CONNECTIONS_OF_ONE = 50
IDLE_SECONDS = 30
TOO_LARGE = Answer(413, "the message is too large")


@dataclass(frozen=True, slots=True)
class Taker:
    """Who else takes mail here: whether they want any, whether an address is theirs, and what they do with a message.

    `take` is called in a thread.
    """

    is_set_up: Callable[[], bool]
    claims: Callable[[str], bool]
    take: Callable[[bytes, str], None]


# Filled by apps downstream when they are ready.
takers: list[Taker] = []
_server: asyncio.Server | None = None
_connections: set[_Connection] = set()


async def start() -> None:
    """Listen where the settings say, if they do. Several web processes share the address."""
    global _server
    is_wanted = settings.PULSE_PING_EMAIL_DOMAIN or any(taker.is_set_up() for taker in takers)
    if not (settings.PULSE_PING_EMAIL_LISTEN and is_wanted):
        return
    host, _, port = settings.PULSE_PING_EMAIL_LISTEN.rpartition(":")
    loop = asyncio.get_running_loop()
    try:
        _server = await loop.create_server(_protocol, host.strip("[]") or None, int(port), reuse_port=True)
    except (OSError, ValueError) as error:
        # Pages and pings matter more: say so and serve those.
        log.error("mail_not_received", listen=settings.PULSE_PING_EMAIL_LISTEN, error=str(error))
    else:
        log.info("mail_received", listen=settings.PULSE_PING_EMAIL_LISTEN)


async def stop() -> None:
    if _server is not None:
        _server.close()


def _protocol() -> SMTP:
    return _Connection(
        _Handler(),
        data_size_limit=MESSAGE_AT_MOST,
        hostname=settings.PULSE_PING_EMAIL_DOMAIN or "localhost",
        ident="Pulse",
        timeout=IDLE_SECONDS,
        enable_SMTPUTF8=True,
        loop=asyncio.get_running_loop(),
    )


class _Connection(SMTP):
    """One sender; beyond so many at once, of all and of one address, a new one is hung up on."""

    address: str = ""

    def connection_made(self, transport: Any) -> None:
        self.address = (transport.get_extra_info("peername") or ("",))[0]
        of_one = sum(one.address == self.address for one in _connections)
        if len(_connections) >= CONNECTIONS_AT_MOST or of_one >= CONNECTIONS_OF_ONE:
            transport.abort()
            return
        _connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self in _connections:
            _connections.discard(self)
            super().connection_lost(error)


class _Handler:
    """Mail for our own domain only: nothing is ever passed on."""

    async def handle_RCPT(  # noqa: N802  # the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        ours = mail.token_in(address, settings.PULSE_PING_EMAIL_DOMAIN) or _taker_of(address)
        if not ours:
            return "550 5.1.1 no such address here"
        if len(envelope.rcpt_tos) >= mail.RECIPIENTS_AT_MOST:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  # likewise
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        taken = [(taker, one) for one in envelope.rcpt_tos if (taker := _taker_of(one))]
        for taker, one in taken:
            await asyncio.to_thread(taker.take, content, one)
        others = [one for one in envelope.rcpt_tos if not _taker_of(one)]
        if taken and not others:
            return "250 2.0.0 OK"
        tokens = [mail.token_in(one, settings.PULSE_PING_EMAIL_DOMAIN) for one in others]
        peer = session.peer[0] if session.peer else None
        answer = await _submit(
            content, tokens, envelope.mail_from or "", client_of({"client": (peer, 0)}, b"")
        )
        match answer.status:
            case 200:
                return "250 2.0.0 OK"
            case 404:
                return "550 5.1.1 no such address here"
            case 429:
                return "450 4.7.1 too many messages, try again later"
            case 503:
                return "451 4.3.0 try again later"
        return "554 5.3.0 it could not be recorded"


def _taker_of(address: str) -> Taker | None:
    return next((taker for taker in takers if taker.claims(address)), None)


async def webhook(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """`POST /ping-email/<secret>`, as providers of mail hand on what came in."""
    method, given = scope["method"], scope["path"][len(PREFIX) :].removesuffix("/")
    secret, domain = settings.PULSE_PING_EMAIL_SECRET, settings.PULSE_PING_EMAIL_DOMAIN
    known = secret and domain and hmac.compare_digest(given.encode(), secret.encode())
    if not known or method != "POST":
        await respond(arrivals.NOT_FOUND, method, send)
        return
    content, size, all_here = await read_body(receive, POSTED_AT_MOST, POSTED_AT_MOST)
    if not all_here or size > POSTED_AT_MOST:
        await respond(TOO_LARGE, method, send, close=not all_here)
        return
    headers = dict(scope["headers"])
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    raw, tokens = await asyncio.to_thread(mail.from_webhook, content_type, content, domain)
    await respond(await _submit(raw, tokens, "", None), method, send)


async def _submit(raw: bytes, tokens: list[str], sender: str, address: str | None) -> Answer:
    """One answer for all that it is for: accepted when any was, so that nobody sends it a second time for the rest."""
    found = await asyncio.to_thread(mail.arrivals_of, raw, tokens, sender, address)
    answers = await asyncio.gather(*(writer().submit(arrival) for arrival in found))
    for wanted in (200, 503, 429, 500):
        if answer := next((one for one in answers if one.status == wanted), None):
            return answer
    return arrivals.NOT_FOUND
