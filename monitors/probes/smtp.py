"""SMTP: the greeting, EHLO, TLS, perhaps a sign-in, and NOOP; no mail is sent (RFC 5321, 3207, 4954)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace

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
from monitors.probes.settings import Settings, text
from pulse.fields import FieldError
from pulse.net.endpoints import parse_endpoint, parse_host
from pulse.net.streams import Stream

PORT = 25


@dataclass(frozen=True, slots=True)
class SmtpConfig(MailConfig):
    security: str = "starttls"
    greet_as: str = "pulse.invalid"


def read_name(name: str) -> str:
    """The name to say in EHLO; raises FieldError."""
    try:
        return str(parse_host(name))
    except ValueError:
        raise FieldError("Write a host name, like monitor.example.com.") from None


async def check(talk: Talk) -> str:
    config: SmtpConfig = talk.config
    async with opened(talk, PORT, at_once=config.security == "tls") as stream:
        code, lines = await _reply(stream)
        talk.facts[Source.ANSWER] = banner = readable(lines[0], 500)
        _expect(220, code, lines, "the connection")
        offers = await _hello(stream, config)
        if config.security == "starttls":
            if "STARTTLS" not in offers:
                raise no_starttls(stream.host)
            await _say(stream, b"STARTTLS", 220)
            await secure(talk, stream)
            offers = await _hello(stream, config)
        talk.notes["extensions"] = sorted(offers)
        if config.username:
            await _sign_in(stream, config, offers.get("AUTH", "").upper().split())
        await _say(stream, b"NOOP", 250)
        await stream.send(b"QUIT\r\n")
    return f"greeted: {banner}"


async def _hello(stream: Stream, config: SmtpConfig) -> dict[str, str]:
    """What the server offers: names in capitals with their parameters."""
    lines = await _say(stream, b"EHLO " + config.greet_as.encode(), 250)
    offers = (readable(line, 200).partition(" ") for line in lines[1:])
    return {name.upper(): parameters for name, _, parameters in offers}


async def _sign_in(stream: Stream, config: SmtpConfig, mechanisms: list[str]) -> None:
    if "PLAIN" in mechanisms:
        code, lines = await _ask(stream, b"AUTH PLAIN " + sasl_plain(config))
    elif "LOGIN" in mechanisms:
        await _say(stream, b"AUTH LOGIN", 334)
        await _say(stream, b64encode(config.username.encode()), 334, shown="AUTH LOGIN")
        code, lines = await _ask(stream, b64encode(config.password.encode()))
    else:
        raise CheckFailed(ErrorClass.SIGN_IN_REFUSED, "the server offers neither AUTH PLAIN nor AUTH LOGIN")
    if code != 235:
        raise CheckFailed(ErrorClass.SIGN_IN_REFUSED, f"sign-in refused: {code} {readable(lines[-1], 120)}")


async def _say(stream: Stream, command: bytes, wanted: int, shown: str = "") -> list[bytes]:
    code, lines = await _ask(stream, command)
    _expect(wanted, code, lines, shown or readable(command.split(b" ")[0]))
    return lines


async def _ask(stream: Stream, command: bytes) -> tuple[int, list[bytes]]:
    await stream.send(command + b"\r\n")
    return await _reply(stream)


async def _reply(stream: Stream) -> tuple[int, list[bytes]]:
    """The code and the lines of "250-…" until "250 …", without their codes."""
    lines: list[bytes] = []
    while len(lines) < MOST_LINES:
        line = await stream.line()
        if not line[:3].isdigit() or line[3:4] not in (b"-", b" ", b""):
            raise garbled("SMTP")
        lines.append(line[4:])
        if line[3:4] != b"-":
            return int(line[:3]), lines
    raise too_many_lines(stream.host)


def _expect(wanted: int, code: int, lines: list[bytes], command: str) -> None:
    if code != wanted:
        said = readable(lines[-1], 120)
        words = f"{command} was answered {code} {said}".rstrip() + f", expected {wanted}"
        raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, words)


SETTINGS = Settings(
    SmtpConfig,
    *mail_sections(
        replace(
            text("greet_as", "Name in EHLO", "How Pulse introduces itself.", read=read_name),
            default="pulse.invalid",
        ),
        sources=(Source.ANSWER,),
        starttls_first=True,
    ),
    together=together,
)
PROBE = Probe(
    title="SMTP",
    settings=SETTINGS,
    check_target=lambda target: parse_endpoint(target, PORT),
    start=starting(check),
    sources=frozenset({*EVERYWHERE, Source.ANSWER}),
    placeholder="mail.example.com:25",
    target_help="Without a port, 25. Signing in is usually offered on 587 (STARTTLS) and 465 (TLS).",
)
