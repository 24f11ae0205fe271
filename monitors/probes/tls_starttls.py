"""Ask a server that begins readable to go over to TLS, each protocol in its own way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from monitors.probes.conversation import CheckFailed
from monitors.probes.outcome import ErrorClass
from pulse.net.streams import Stream

CHOICES = (
    ("smtp", "STARTTLS of SMTP"),
    ("imap", "STARTTLS of IMAP"),
    ("pop3", "STLS of POP3"),
    ("postgresql", "SSLRequest of PostgreSQL"),
    ("mysql", "SSL request of MySQL"),
)
# Lines that a server may send before its answer; more is no answer.
_MOST_LINES = 100
_NAME = b"pulse.invalid"


async def ask_for_tls(stream: Stream, protocol: str) -> None:
    """Talks until the server waits for a TLS handshake; raises CheckFailed when it does not want one."""
    await _PROTOCOLS[protocol](stream)


def _refused(stream: Stream, protocol: str) -> CheckFailed:
    return CheckFailed(ErrorClass.TLS_FAILED, f"{stream.host} does not offer TLS in the way of {protocol}")


async def _smtp(stream: Stream) -> None:
    await _reply(stream, b"220", "SMTP")
    await stream.send(b"EHLO %s\r\n" % _NAME)
    await _reply(stream, b"250", "SMTP")
    await stream.send(b"STARTTLS\r\n")
    await _reply(stream, b"220", "SMTP")


async def _reply(stream: Stream, code: bytes, protocol: str) -> None:
    """The lines of one answer: "250-…" goes on, "250 …" ends it."""
    for _ in range(_MOST_LINES):
        line = await stream.line()
        if not line.startswith(code):
            raise _refused(stream, protocol)
        if line[3:4] != b"-":
            return
    raise _refused(stream, protocol)


async def _imap(stream: Stream) -> None:
    if not (await stream.line()).upper().startswith(b"* OK"):
        raise _refused(stream, "IMAP")
    await stream.send(b"p1 STARTTLS\r\n")
    for _ in range(_MOST_LINES):
        line = await stream.line()
        if line.startswith(b"* "):
            continue
        if line.upper().startswith(b"P1 OK"):
            return
        break
    raise _refused(stream, "IMAP")


async def _pop3(stream: Stream) -> None:
    for command in (b"", b"STLS\r\n"):
        await stream.send(command)
        if not (await stream.line()).upper().startswith(b"+OK"):
            raise _refused(stream, "POP3")


async def _postgresql(stream: Stream) -> None:
    await stream.send(b"\x00\x00\x00\x08\x04\xd2\x16\x2f")  # SSLRequest: length 8, code 80877103
    if await stream.exactly(1) != b"S":
        raise _refused(stream, "PostgreSQL")


async def _mysql(stream: Stream) -> None:
    header = await stream.exactly(4)
    greeting = await stream.exactly(int.from_bytes(header[:3], "little"))
    # Protocol 10: version, NUL, connection id (4), 8 bytes, filler, then the lower half of the capabilities.
    _, end, rest = greeting[1:].partition(b"\0")
    if greeting[:1] != b"\x0a" or not end or len(rest) < 15 or not rest[14] & 0x08:  # CLIENT_SSL is bit 11
        raise _refused(stream, "MySQL")
    # CLIENT_PROTOCOL_41, CLIENT_SSL, CLIENT_SECURE_CONNECTION; 16 MiB packets; utf8mb4
    flags = (0x00000200 | 0x00000800 | 0x00008000).to_bytes(4, "little")
    await stream.send(b"\x20\x00\x00\x01" + flags + b"\x00\x00\x00\x01\x2d" + bytes(23))


_PROTOCOLS: dict[str, Callable[[Stream], Awaitable[None]]] = {
    "smtp": _smtp,
    "imap": _imap,
    "pop3": _pop3,
    "postgresql": _postgresql,
    "mysql": _mysql,
}
