"""IMAP: the greeting, TLS, perhaps a sign-in and a mailbox opened read-only (RFC 9051, RFC 3501)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitors.assertions.model import Source
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.mail import (
    MOST_LINES,
    MailConfig,
    mail_sections,
    no_starttls,
    sasl_plain,
    together,
    too_many_lines,
)  # fmt: skip
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import garbled, readable
from monitors.probes.probe import Probe
from monitors.probes.securing import EVERYWHERE, opened, secure
from monitors.probes.settings import Settings, refuse, text
from pulse.fields import FieldError
from pulse.net.endpoints import parse_endpoint
from pulse.net.streams import Stream

PORT = 993
_EXISTS = re.compile(rb"\* ([0-9]{1,10}) EXISTS", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ImapConfig(MailConfig):
    mailbox: str = ""


def read_mailbox(name: str) -> str:
    if not name.isascii():
        raise FieldError(
            "Write the mailbox with ASCII characters, in the server's own coding (modified UTF-7)."
        )
    return name


async def check(talk: Talk) -> str:
    config: ImapConfig = talk.config
    async with opened(talk, PORT, at_once=config.security == "tls") as stream:
        greeting = await stream.line()
        talk.facts[Source.ANSWER] = banner = readable(greeting.removeprefix(b"* "), 500)
        if greeting[:5].upper() not in (b"* OK ", b"* PRE"):
            if not greeting.startswith(b"* "):
                raise garbled("IMAP")
            raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"greeted with {readable(greeting, 120)}")
        session = _Session(stream)
        if config.security == "starttls":
            if "STARTTLS" not in await session.capabilities():
                raise no_starttls(stream.host)
            await session.say(b"STARTTLS")
            await secure(talk, stream)
        offers = await session.capabilities()
        talk.notes["capabilities"] = sorted(offers)
        if config.username:
            await session.sign_in(config, offers)
        if config.mailbox:
            talk.facts[Source.ROWS] = await session.messages(config.mailbox)
        await session.leave()
    return f"greeted: {banner}"


class _Session:
    """Commands with a tag each, answered by untagged lines and a line with the tag."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._count = 0

    async def capabilities(self) -> set[str]:
        lines = await self.say(b"CAPABILITY")
        words = (readable(line, 2000).upper().split() for line in lines)
        return {word for found in words if found[1:2] == ["CAPABILITY"] for word in found[2:]}

    async def sign_in(self, config: ImapConfig, offers: set[str]) -> None:
        if "AUTH=PLAIN" in offers:
            secret = sasl_plain(config)
            await self.say(b"AUTHENTICATE PLAIN", then=secret, failing=ErrorClass.SIGN_IN_REFUSED)
        elif "LOGINDISABLED" in offers:
            raise CheckFailed(
                ErrorClass.SIGN_IN_REFUSED, "the server lets nobody sign in over this connection"
            )
        else:
            names = _quoted(config.username) + b" " + _quoted(config.password)
            await self.say(b"LOGIN " + names, failing=ErrorClass.SIGN_IN_REFUSED)

    async def messages(self, mailbox: str) -> int:
        """How many messages are in it; EXAMINE marks nothing as seen."""
        lines = await self.say(b"EXAMINE " + _quoted(mailbox))
        return next((int(match[1]) for line in lines if (match := _EXISTS.match(line))), 0)

    async def leave(self) -> None:
        await self._stream.send(b"bye LOGOUT\r\n")

    async def say(
        self, command: bytes, *, then: bytes = b"", failing: ErrorClass = ErrorClass.UNEXPECTED_ANSWER
    ) -> list[bytes]:
        """The untagged lines of a command that was answered OK; `then` follows when the server asks for more."""
        self._count += 1
        tag = b"p%d " % self._count
        await self._stream.send(tag + command + b"\r\n")
        lines: list[bytes] = []
        while len(lines) < MOST_LINES:
            line = await self._stream.line()
            if line.startswith(tag):
                _expect_ok(line.removeprefix(tag), command, failing)
                return lines
            if line.startswith(b"+") and then:
                await self._stream.send(then + b"\r\n")
                then = b""
            elif not line.startswith(b"* "):
                raise garbled("IMAP")
            lines.append(line)
        raise too_many_lines(self._stream.host)


def _expect_ok(answer: bytes, command: bytes, failing: ErrorClass) -> None:
    if answer[:3].upper() != b"OK ":
        raise CheckFailed(failing, f"{readable(command.split(b' ')[0])} was answered {readable(answer, 120)}")


def _quoted(value: str) -> bytes:
    return b'"' + value.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _together(config: ImapConfig) -> None:
    together(config)
    if config.mailbox and not config.username:
        raise refuse("mailbox", "Add a user name: a mailbox can only be opened after signing in.")


SETTINGS = Settings(
    ImapConfig,
    *mail_sections(
        text(
            "mailbox", "Mailbox", "Opened read-only; its messages are counted. Like INBOX.", read=read_mailbox
        ),
        sources=(Source.ANSWER, Source.ROWS),
    ),
    together=_together,
)
PROBE = Probe(
    title="IMAP",
    settings=SETTINGS,
    check_target=lambda target: parse_endpoint(target, PORT),
    start=starting(check),
    sources=frozenset({*EVERYWHERE, Source.ANSWER, Source.ROWS}),
    placeholder="mail.example.com:993",
    target_help="Without a port, 993.",
)
