"""SNMP: the value of one object, by version 2c or 3 (RFC 3416, 3417, 3412).

The messages are made here: a library for it brings a compiler of MIBs and sockets of its own.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from monitors.assertions.model import Assertion, Source
from monitors.assertions.setting import asserting
from monitors.probes import snmp_ber as ber
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import Packet, garbled
from monitors.probes.probe import Probe
from monitors.probes.securing import endpoint, kept
from monitors.probes.settings import Settings, choose, refuse, secret, section, text
from monitors.probes.snmp_messages import GET, REPORT, RESPONSE, Community, Dialect, Users
from pulse.fields import FieldError
from pulse.net.datagrams import Datagrams, open_datagrams
from pulse.net.endpoints import parse_endpoint

PORT = 161
# UDP loses datagrams: a request is repeated this often within the time of the check.
TRIES = 3
MOST_ANSWERS = 20
_SOURCES = (Source.RESPONSE_TIME, Source.CONNECTED, Source.IP, Source.ANSWER)
_ERRORS = {1: "tooBig", 2: "noSuchName", 5: "genErr", 6: "noAccess", 16: "authorizationError"}
_MISSING = {0x80: "no such object", 0x81: "no such instance", 0x82: "no object after it"}
_ADDRESS, _COUNTING = 0x40, (0x41, 0x42, 0x43, 0x46)  # counters, gauges and ticks of a clock


@dataclass(frozen=True, slots=True)
class SnmpConfig:
    version: str = "2c"
    community: str = field(default="", repr=False)
    username: str = ""
    authentication: str = "none"
    auth_password: str = field(default="", repr=False)
    privacy: str = "none"
    priv_password: str = field(default="", repr=False)
    oid: str = "1.3.6.1.2.1.1.3.0"
    assertions: tuple[Assertion, ...] = ()


def read_oid(value: str) -> str:
    """ "1.3.6.1.2.1.1.3.0"; raises FieldError."""
    value = value.strip().removeprefix(".")
    arcs = value.split(".")
    valid = re.fullmatch(r"[0-2](\.(0|[1-9][0-9]{0,9})){2,60}", value)
    if not valid or any(int(arc) >= 1 << 32 for arc in arcs) or (arcs[0] != "2" and int(arcs[1]) > 39):
        raise FieldError("Write the OID in numbers, like 1.3.6.1.2.1.1.3.0.")
    return value


async def check(talk: Talk) -> str:
    config: SnmpConfig = talk.config
    place = endpoint(talk, PORT)
    socket = await open_datagrams(talk.out, place.host, place.port or PORT, talk.job.tenant, talk.phases)
    try:
        dialect: Dialect = (
            Community(config.community or "public") if config.version == "2c" else Users(config)
        )
        if isinstance(dialect, Users):
            await _discover(talk, socket, dialect)
        kind, pdu = await _ask(talk, socket, dialect, config.oid)
        if kind == REPORT and isinstance(dialect, Users) and dialect.corrected(pdu):
            kind, pdu = await _ask(talk, socket, dialect, config.oid)  # our idea of its clock was old
    finally:
        socket.close()
    if kind == REPORT:
        raise CheckFailed(ErrorClass.SIGN_IN_REFUSED, f"the agent refused: {Users.complaint(pdu)}")
    _found(talk, config.oid, pdu)
    return f"answered {config.oid}"


async def _discover(talk: Talk, socket: Datagrams, users: Users) -> None:
    """Version 3 first asks who the agent is: its engine's id, and its clock."""
    await _exchange(talk, socket, users, users.question())


async def _ask(talk: Talk, socket: Datagrams, dialect: Dialect, oid: str) -> tuple[int, Packet]:
    number = secrets.randbelow(1 << 31)
    binding = ber.sequence(ber.oid(oid), ber.element(ber.NULL, b""))
    pdu = ber.element(GET, ber.integer(number) + ber.integer(0) + ber.integer(0) + ber.sequence(binding))
    kind, packet = await _exchange(talk, socket, dialect, dialect.wrapped(pdu))
    if kind == RESPONSE and ber.read_integer(Packet(packet.rest_ahead(), "SNMP")) != number:
        raise garbled("SNMP")
    return kind, packet


async def _exchange(talk: Talk, socket: Datagrams, dialect: Dialect, message: bytes) -> tuple[int, Packet]:
    """Kind and content of the answer; what belongs to no question of ours is passed over."""
    for left in range(TRIES, 0, -1):
        await socket.send(message)
        try:
            async with asyncio.timeout(talk.left_s / left if left > 1 else None):
                for _ in range(MOST_ANSWERS):
                    answer = dialect.unwrapped(await socket.receive())
                    if answer is not None:
                        return answer
        except TimeoutError:
            continue
        raise garbled("SNMP")
    raise TimeoutError


def _found(talk: Talk, oid: str, pdu: Packet) -> None:
    """Keeps the value in a Response; raises CheckFailed where there is none."""
    ber.read_integer(pdu)
    status = ber.read_integer(pdu)
    ber.read_integer(pdu)
    if status:
        words = f"the agent answered {_ERRORS.get(status, f'error {status}')}"
        raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, words)
    binding = ber.inside(ber.inside(pdu))
    if ber.dotted(ber.read_as(binding, ber.OID)) != oid:
        raise CheckFailed(ErrorClass.BAD_RESPONSE, "the agent answered about another object")
    tag, content = ber.read(binding)
    if tag in _MISSING:
        raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"the agent has {_MISSING[tag]} {oid}")
    talk.facts[Source.ANSWER] = _value(tag, content)


def _value(tag: int, content: bytes) -> Any:
    if tag == ber.INTEGER:
        return ber.signed(content)
    if tag in _COUNTING:
        return ber.signed(b"\0" + content[-8:])
    if tag == ber.OID:
        return ber.dotted(content)
    if tag == _ADDRESS and len(content) == 4:
        return ".".join(map(str, content))
    return None if tag == ber.NULL else _text(content)


def _text(content: bytes) -> str:
    """Text where it is one, else its bytes: "0x001b…"."""
    try:
        shown = content.decode()
    except UnicodeDecodeError:
        shown = "\0"
    readable = all(character.isprintable() or character in "\t\r\n" for character in shown)
    return kept(shown) if readable else "0x" + content[:1000].hex()


def _together(config: SnmpConfig) -> None:
    if config.version == "2c":
        return
    if not config.username:
        raise refuse("username", "Enter the user name that version 3 needs.")
    if config.authentication != "none" and len(config.auth_password) < 8:
        raise refuse("auth_password", "Enter the password, of at least 8 characters.")
    if config.privacy != "none" and config.authentication == "none":
        raise refuse("authentication", "Choose how to sign: messages are only hidden for someone known.")
    if config.privacy != "none" and len(config.priv_password) < 8:
        raise refuse("priv_password", "Enter the password, of at least 8 characters.")


SETTINGS = Settings(
    SnmpConfig,
    section(
        "Sign-in",
        choose("version", "Version", [("2c", "2c: a community, readable on the way"), ("3", "3: a user")]),
        secret("community", "Community", "For version 2c; empty is public.", longest=200),
        text("username", "User name", "For version 3.", longest=32),
        choose(
            "authentication",
            "Signature",
            [
                ("none", "None"), ("sha256", "SHA-256"), ("sha512", "SHA-512"), ("sha384", "SHA-384"),
                ("sha224", "SHA-224"), ("sha1", "SHA-1"), ("md5", "MD5"),
            ],
            "How version 3 proves who asks.",
        ),
        secret("auth_password", "Password of the signature", longest=200),
        choose("privacy", "Encryption", [("none", "None"), ("aes128", "AES-128")]),
        secret("priv_password", "Password of the encryption", longest=200),
    ),
    section(
        "What a good answer is",
        replace(
            text("oid", "Object", "Its OID in numbers; the default is how long the agent has been up.", read=read_oid),
            default="1.3.6.1.2.1.1.3.0",
        ),
        asserting(*_SOURCES),
    ),
    together=_together,
)  # fmt: skip
PROBE = Probe(
    title="SNMP",
    settings=SETTINGS,
    check_target=lambda target: parse_endpoint(target, PORT),
    start=starting(check),
    sources=frozenset(_SOURCES),
    placeholder="switch.example.com:161",
    target_help="Without a port, 161 (UDP).",
)
