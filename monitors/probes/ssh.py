"""SSH: the banner and the host key, up to the proof that the server has it; nobody signs in (RFC 4253).

Spoken here because it ends before encryption begins; a whole SSH library is 40 MB and half a second to load.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass

from monitors.assertions.model import Assertion, Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import Packet, garbled, readable
from monitors.probes.probe import Probe
from monitors.probes.securing import opened
from monitors.probes.settings import Settings, section, switch, text
from monitors.probes.ssh_keys import EXCHANGES, HOST_KEYS, Exchange, fingerprint, proves, string
from pulse.fields import FieldError
from pulse.net.endpoints import parse_endpoint
from pulse.net.streams import Stream

PORT = 22
_NAME = "SSH"
_OURS = b"SSH-2.0-Pulse"
_KEXINIT, _DISCONNECT, _IGNORE, _UNIMPLEMENTED, _DEBUG = 20, 1, 2, 3, 4
_KEX_INIT, _KEX_REPLY = 30, 31
_MOST_PACKET, _MOST_LINES, _MOST_PACKETS = 35_000, 50, 20
_SOURCES = (Source.RESPONSE_TIME, Source.CONNECTED, Source.IP, Source.ANSWER)
# Never used, as nothing is encrypted; without a common one servers break off the exchange.
_CIPHERS = (
    b"aes128-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com"
)
_MACS = b"hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha1"


@dataclass(frozen=True, slots=True)
class SshConfig:
    host_key: bool = True
    fingerprint: str = ""
    expect: str = ""
    assertions: tuple[Assertion, ...] = ()


def read_fingerprint(value: str) -> str:
    """ "SHA256:…" as ssh-keygen shows it; raises FieldError."""
    value = value.strip().rstrip("=")
    if value and not re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", value):
        raise FieldError("Write the fingerprint as `ssh-keygen -l` shows it: SHA256: and 43 characters.")
    return value


async def check(talk: Talk) -> str:
    config: SshConfig = talk.config
    async with opened(talk, PORT, at_once=False) as stream:
        await stream.send(_OURS + b"\r\n")
        banner = await _banner(stream)
        talk.facts[Source.ANSWER] = shown = readable(banner, 255)
        if config.expect not in shown:
            raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"the banner is not as expected: {shown}")
        if not (config.host_key or config.fingerprint):
            return f"answered {shown}"
        kind, found = await _Exchange(stream, banner).host_key()
    talk.notes["host_key"] = {"type": kind, "fingerprint": found}
    if config.fingerprint and not hmac.compare_digest(config.fingerprint, found):
        raise CheckFailed(
            ErrorClass.UNEXPECTED_ANSWER, f"the host key is another one than expected: {kind} {found}"
        )
    return f"answered {shown}, host key {found}"


async def _banner(stream: Stream) -> bytes:
    """The identification; other lines may stand before it (RFC 4253 4.2)."""
    for _ in range(_MOST_LINES):
        line = await stream.line(1000)
        if line.startswith(b"SSH-"):
            if not line.startswith((b"SSH-2.0-", b"SSH-1.99-")):
                raise CheckFailed(
                    ErrorClass.BAD_RESPONSE, f"the server speaks another version: {readable(line, 80)}"
                )
            return line
    raise garbled(_NAME)


class _Exchange:
    """The key exchange as far as its reply: unencrypted packets, padded to eight bytes."""

    def __init__(self, stream: Stream, banner: bytes) -> None:
        self._stream = stream
        self._banner = banner

    async def host_key(self) -> tuple[str, str]:
        """Type and fingerprint of the key that the server has proved to hold."""
        names = [b",".join(EXCHANGES), b",".join(HOST_KEYS), _CIPHERS, _CIPHERS, _MACS, _MACS]
        lists = b"".join(map(string, [*names, b"none", b"none", b"", b""]))
        ours = bytes([_KEXINIT]) + secrets.token_bytes(16) + lists + bytes(5)
        await self._say(ours)
        theirs = await self._hear(_KEXINIT)
        name = await self._agree(theirs)
        exchange = Exchange(name)
        await self._say(bytes([_KEX_INIT]) + string(exchange.public))
        reply = Packet((await self._hear(_KEX_REPLY))[1:], _NAME)
        key, point, signature = (reply.take(reply.big(4)) for _ in range(3))
        secret = exchange.shared(point)
        signed = (
            b"".join(map(string, (_OURS, self._banner, ours, theirs, key, exchange.public, point))) + secret
        )
        if not proves(key, signature, exchange.digest(signed)):
            raise CheckFailed(
                ErrorClass.BAD_RESPONSE, "the server could not prove that it holds its host key"
            )
        return readable(Packet(key[4:], _NAME).take(int.from_bytes(key[:4], "big")), 60), fingerprint(key)

    async def _agree(self, theirs: bytes) -> bytes:
        packet = Packet(theirs[17:], _NAME)
        lists = [packet.take(packet.big(4)).split(b",") for _ in range(10)]
        exchange = next((name for name in EXCHANGES if name in lists[0]), None)
        host_key = next((name for name in HOST_KEYS if name in lists[1]), None)
        if exchange is None or host_key is None:
            what = "key exchange" if exchange is None else "type of host key"
            offered = readable(b", ".join(lists[0 if exchange is None else 1]), 100)
            raise CheckFailed(ErrorClass.BAD_RESPONSE, f"no {what} in common; the server offers {offered}")
        guessed = packet.take(1) != b"\0"
        if guessed and (lists[0][0] != EXCHANGES[0] or lists[1][0] != HOST_KEYS[0]):
            await self._hear(None)  # a first packet for a guess that was wrong
        return exchange

    async def _say(self, body: bytes) -> None:
        padding = 8 - (len(body) + 5) % 8
        padding += 8 if padding < 4 else 0
        length = (len(body) + padding + 1).to_bytes(4, "big")
        await self._stream.send(length + bytes([padding]) + body + bytes(padding))

    async def _hear(self, wanted: int | None) -> bytes:
        for _ in range(_MOST_PACKETS):
            size = int.from_bytes(await self._stream.exactly(4), "big")
            if not 6 <= size <= _MOST_PACKET:
                raise garbled(_NAME)
            packet = await self._stream.exactly(size)
            body = packet[1 : size - packet[0]]
            if body[:1] == bytes([_DISCONNECT]):
                raise CheckFailed(
                    ErrorClass.CONNECTION_LOST, f"the server hung up: {readable(body[9:], 120)}"
                )
            if wanted is None or body[:1] == bytes([wanted]):
                return body
            if not body or body[0] not in (_IGNORE, _UNIMPLEMENTED, _DEBUG):
                raise garbled(_NAME)
        raise garbled(_NAME)


SETTINGS = Settings(
    SshConfig,
    section(
        "What a good answer is",
        text("expect", "Banner contains", "Like OpenSSH_9.", longest=200),
        switch(
            "host_key",
            "Read the host key",
            "The server proves that it holds it; nobody signs in.",
            default=True,
        ),
        text(
            "fingerprint", "Expected host key", "SHA256:… as `ssh-keygen -l` shows it.", read=read_fingerprint
        ),
        asserting(*_SOURCES),
    ),
)
PROBE = Probe(
    title="SSH",
    settings=SETTINGS,
    check_target=lambda target: parse_endpoint(target, PORT),
    start=starting(check),
    sources=frozenset(_SOURCES),
    placeholder="host.example.com:22",
    target_help="Without a port, 22.",
)
