"""Redis and Valkey: sign in, send one command that only reads, and look at its answer (RESP 2)."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from typing import Any

from monitors.assertions.model import Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import garbled, readable
from monitors.probes.probe import Probe
from monitors.probes.securing import (
    EVERYWHERE,
    NO_TLS,
    TLS,
    Secured,
    kept,
    opened,
    plain_sign_in,
    refuse_plain_sign_in,
    tls_section,
)  # fmt: skip
from monitors.probes.settings import Setting, Settings, number, secret, section, text
from pulse.fields import FieldError
from pulse.net.endpoints import parse_endpoint
from pulse.net.streams import READ_AT_MOST, Stream

PORT = 6379
# They read, end at once and cost the server little: no KEYS, no SORT, nothing that blocks or scans.
COMMANDS = frozenset({
    "PING", "ECHO", "GET", "STRLEN", "GETRANGE", "EXISTS", "TYPE", "TTL", "PTTL", "HGET", "HLEN", "HEXISTS", "LLEN",
    "LINDEX", "SCARD", "SISMEMBER", "ZCARD", "ZSCORE", "XLEN", "DBSIZE", "INFO", "TIME", "LASTSAVE", "ROLE",
})  # fmt: skip
MOST_ELEMENTS, DEEPEST = 1000, 8
# Of all elements together: each alone may be as large, and all are held until the answer is complete.
MOST_BYTES = READ_AT_MOST


@dataclass(frozen=True, slots=True)
class RedisConfig(Secured):
    username: str = ""
    password: str = field(default="", repr=False)
    plain_sign_in: bool = False
    database: int = 0
    command: tuple[str, ...] = ("PING",)


def read_command(line: str) -> tuple[str, ...]:
    """The words of a command, quotes understood; raises FieldError for one that is not known to only read."""
    try:
        words = shlex.split(line or "")  # of None it would read standard input
    except ValueError:
        raise FieldError("Close the quotation mark.") from None
    if not words or words[0].upper() not in COMMANDS:
        raise FieldError(f"Start with a command that only reads: {', '.join(sorted(COMMANDS))}.")
    return (words[0].upper(), *words[1:])


async def check(talk: Talk) -> str:
    config: RedisConfig = talk.config
    async with opened(talk, PORT, at_once=config.encrypted) as stream:
        if config.password:
            names = [config.username] if config.username else []
            await _ask(stream, "AUTH", *names, config.password)
        if config.database:
            await _ask(stream, "SELECT", str(config.database))
        answer = await _ask(stream, *config.command)
    if config.command == ("PING",) and answer != "PONG":
        raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, "PING was not answered with PONG")
    talk.facts[Source.ANSWER] = answer = shown(answer)
    talk.facts[Source.ROWS] = len(answer) if isinstance(answer, list) else 0 if answer is None else 1
    return f"answered {config.command[0]}"


async def _ask(stream: Stream, *words: str) -> Any:
    parts = [word.encode() for word in words]
    await stream.send(
        b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
    )
    try:
        return await _read(stream, Allowance(), DEEPEST)
    except _Complaint as complaint:
        raise _refused(words[0], str(complaint)) from None


class _Complaint(Exception):
    """An answer that is an error: "NOAUTH Authentication required."."""


class Allowance:
    """How much one answer may bring, in elements and bytes; `take` raises CheckFailed."""

    def __init__(self) -> None:
        self._elements = MOST_ELEMENTS
        self._bytes = MOST_BYTES

    def take(self, elements: int = 0, size: int = 0) -> None:
        self._elements -= elements
        self._bytes -= size
        if self._elements < 0:
            raise _too_large(f"has more than {MOST_ELEMENTS:,} elements")
        if self._bytes < 0:
            raise _too_large(f"is larger than {MOST_BYTES >> 20} MiB")


def _too_large(words: str) -> CheckFailed:
    return CheckFailed(ErrorClass.RESPONSE_TOO_LARGE, f"the answer {words}")


async def _read(stream: Stream, allowance: Allowance, depth: int) -> Any:
    """One value: text, number, list or None; raises _Complaint for an error. Lists nest no deeper than `depth`."""
    line = await stream.line()
    kind, rest = line[:1], line[1:]
    if kind == b"+":
        allowance.take(size=len(rest))
        return rest.decode("utf-8", "replace")
    if kind == b"-":
        raise _Complaint(readable(rest, 120))
    size = _number(rest)
    if kind == b":":
        return size
    if size < 0 and kind in (b"$", b"*"):
        return None
    if kind == b"$":
        allowance.take(size=size)
        return (await stream.exactly(size + 2))[:-2].decode("utf-8", "replace")
    if kind == b"*":
        allowance.take(elements=max(1, size))
        if depth == 0:
            raise _too_large(f"nests lists deeper than {DEEPEST}")
        return [await _read(stream, allowance, depth - 1) for _ in range(size)]
    raise garbled("Redis protocol")


def _number(digits: bytes) -> int:
    if len(digits) > 20 or not digits.removeprefix(b"-").isdigit():
        raise garbled("Redis protocol")
    return int(digits)


def shown(answer: Any) -> Any:
    """The answer as it is asserted on and kept: texts cut, lists as they are."""
    if isinstance(answer, list):
        return [shown(part) for part in answer[:100]]
    return kept(answer) if isinstance(answer, str) else answer


def _refused(command: str, complaint: str) -> CheckFailed:
    code = complaint.partition(" ")[0]
    if command == "AUTH" or code in ("NOAUTH", "WRONGPASS"):
        return CheckFailed(ErrorClass.SIGN_IN_REFUSED, f"sign-in refused: {complaint}")
    return CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"{command} was answered with an error: {complaint}")


def _together(config: RedisConfig) -> None:
    refuse_plain_sign_in(config.security, config.password, config.plain_sign_in)


def _command() -> Setting:
    setting = text(
        "command", "Command", "One that only reads, like GET health or LLEN queue.", read=read_command
    )
    return replace(setting, default=("PING",), write=shlex.join)


SETTINGS = Settings(
    RedisConfig,
    section(
        "Sign-in",
        text("username", "User name", "Empty for servers that know only a password."),
        secret("password", "Password", longest=500),
        plain_sign_in(),
        number("database", "Database", "", 0, 999, "databases", default=0),
    ),
    tls_section(TLS, NO_TLS),
    section("What a good answer is", _command(), asserting(*EVERYWHERE, Source.ANSWER, Source.ROWS)),
    together=_together,
)
PROBE = Probe(
    title="Redis / Valkey",
    settings=SETTINGS,
    check_target=lambda target: parse_endpoint(target, PORT),
    start=starting(check),
    sources=frozenset({*EVERYWHERE, Source.ANSWER, Source.ROWS}),
    placeholder="redis.example.com:6379",
    target_help="Without a port, 6379.",
)
