"""POP3: the greeting, TLS, perhaps a sign-in and the number of messages (RFC 1939, 2449, 2595)."""

from __future__ import annotations

from monitors.assertions.model import Source
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.mail import MailConfig, mail_sections, no_starttls, together
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import garbled, readable
from monitors.probes.probe import Probe
from monitors.probes.securing import EVERYWHERE, opened, secure
from monitors.probes.settings import Settings
from pulse.net.endpoints import parse_endpoint
from pulse.net.streams import Stream

PORT = 995


async def check(talk: Talk) -> str:
    config: MailConfig = talk.config
    async with opened(talk, PORT, at_once=config.security == "tls") as stream:
        banner = await _answer(stream, "the connection", ErrorClass.UNEXPECTED_ANSWER)
        talk.facts[Source.ANSWER] = banner
        if config.security == "starttls":
            try:
                await _say(stream, b"STLS")
            except CheckFailed as refused:
                if refused.error is not ErrorClass.UNEXPECTED_ANSWER:
                    raise
                raise no_starttls(stream.host) from None
            await secure(talk, stream)
        if config.username:
            await _say(stream, b"USER " + config.username.encode(), ErrorClass.SIGN_IN_REFUSED)
            await _say(stream, b"PASS " + config.password.encode(), ErrorClass.SIGN_IN_REFUSED)
            talk.facts[Source.ROWS] = _messages(await _say(stream, b"STAT"))
        await stream.send(b"QUIT\r\n")
    return f"greeted: {banner}"


async def _say(stream: Stream, command: bytes, failing: ErrorClass = ErrorClass.UNEXPECTED_ANSWER) -> str:
    await stream.send(command + b"\r\n")
    return await _answer(stream, command.split(b" ")[0].decode(), failing)


async def _answer(stream: Stream, command: str, failing: ErrorClass) -> str:
    """What stands after "+OK"; "-ERR" raises CheckFailed."""
    line = await stream.line()
    sign, _, words = line.partition(b" ")
    if sign == b"-ERR":
        raise CheckFailed(failing, f"{command} was answered -ERR {readable(words, 120)}")
    if sign != b"+OK":
        raise garbled("POP3")
    return readable(words, 500)


def _messages(stat: str) -> int:
    """The first number of "3 1200": how many messages there are."""
    count = stat.partition(" ")[0]
    if not (count.isascii() and count.isdigit() and len(count) <= 10):
        raise garbled("POP3")
    return int(count)


SETTINGS = Settings(MailConfig, *mail_sections(sources=(Source.ANSWER, Source.ROWS)), together=together)
PROBE = Probe(
    title="POP3",
    settings=SETTINGS,
    check_target=lambda target: parse_endpoint(target, PORT),
    start=starting(check),
    sources=frozenset({*EVERYWHERE, Source.ANSWER, Source.ROWS}),
    placeholder="mail.example.com:995",
    target_help="Without a port, 995.",
)
