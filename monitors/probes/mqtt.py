"""MQTT 3.1.1: sign in, perhaps wait for a message on a topic, perhaps one that we published (OASIS standard)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from monitors.assertions.model import Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import Packet, garbled
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
from monitors.probes.settings import Settings, refuse, secret, section, text
from pulse.fields import FieldError
from pulse.net.endpoints import parse_endpoint
from pulse.net.streams import Stream

PORT = 8883
_NAME = "MQTT"
MOST_PACKET, MOST_PACKETS = 65_536, 1000
_KEEP_ALIVE_S = 60
_CONNECT, _CONNACK, _PUBLISH, _SUBSCRIBE, _SUBACK, _DISCONNECT = 0x10, 0x20, 0x30, 0x82, 0x90, 0xE0
_REFUSALS = {
    1: "it does not speak MQTT 3.1.1",
    2: "it does not accept the client id",
    3: "it is not available",
    4: "the user name or password is wrong",
    5: "not authorised",
}


@dataclass(frozen=True, slots=True)
class MqttConfig(Secured):
    username: str = ""
    password: str = field(default="", repr=False)
    plain_sign_in: bool = False
    client_id: str = ""
    topic: str = ""
    publish: str = ""
    expect: str = ""


def read_topic(topic: str) -> str:
    """A topic filter; raises FieldError for wildcards where none may be."""
    levels = topic.split("/")
    for place, level in enumerate(levels):
        last = place == len(levels) - 1
        if (("+" in level or "#" in level) and len(level) > 1) or (level == "#" and not last):
            raise FieldError("Let + stand alone between slashes, and # alone at the end.")
    return topic


async def check(talk: Talk) -> str:
    config: MqttConfig = talk.config
    async with opened(talk, PORT, at_once=config.encrypted) as stream:
        session = _Session(stream)
        await session.sign_in(config)
        words = "accepted the connection"
        if config.topic:
            await session.subscribe(config.topic)
            expect = config.expect
            if config.publish:
                # Its own mark tells what came back from what others publish.
                sent = f"{config.publish} {secrets.token_hex(4)}"
                await session.publish(config.topic, sent)
                expect = sent
            message = await session.message(expect)
            talk.facts[Source.ANSWER] = kept(message)
            words = "brought back what was published" if config.publish else "brought a message"
        await stream.send(bytes([_DISCONNECT, 0]))
    return words


class _Session:
    """Packets of a kind, a length in up to four bytes of seven bits, and a body."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._left = MOST_PACKETS

    async def sign_in(self, config: MqttConfig) -> None:
        flags = 0x02 | (0x80 if config.username else 0) | (0x40 if config.password else 0)  # a clean session
        body = _text("MQTT") + bytes([4, flags]) + _KEEP_ALIVE_S.to_bytes(2, "big")
        body += _text(config.client_id or f"pulse-{secrets.token_hex(6)}")
        body += _text(config.username) if config.username else b""
        body += _text(config.password) if config.password else b""
        await self._say(_CONNECT, body)
        kind, packet = await self._hear()
        if kind != _CONNACK:
            raise garbled(_NAME)
        packet.take(1)
        code = packet.big(1)
        if code:
            error = ErrorClass.SIGN_IN_REFUSED if code in (4, 5) else ErrorClass.UNEXPECTED_ANSWER
            raise CheckFailed(error, f"the broker refused: {_REFUSALS.get(code, f'code {code}')}")

    async def subscribe(self, topic: str) -> None:
        await self._say(_SUBSCRIBE, b"\0\1" + _text(topic) + b"\0")  # at most once
        while True:
            kind, packet = await self._hear()
            if kind == _SUBACK:
                break
            if kind & 0xF0 != _PUBLISH:  # a retained message may come before it
                raise garbled(_NAME)
        packet.take(2)
        if packet.big(1) == 0x80:
            raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, "the broker refused the subscription")

    async def publish(self, topic: str, message: str) -> None:
        await self._say(_PUBLISH, _text(topic) + message.encode())

    async def message(self, expect: str) -> str:
        """The next message on the topic that contains `expect`."""
        while True:
            kind, packet = await self._hear()
            if kind & 0xF0 != _PUBLISH:
                raise garbled(_NAME)
            packet.take(packet.big(2))
            if kind & 0x06:  # more than "at most once", which nobody asked for
                packet.take(2)
            found = packet.rest().decode("utf-8", "replace")
            if expect in found:
                return found

    async def _say(self, kind: int, body: bytes) -> None:
        length, left = b"", len(body)
        while True:
            left, digit = divmod(left, 128)
            length += bytes([digit | (0x80 if left else 0)])
            if not left:
                break
        await self._stream.send(bytes([kind]) + length + body)

    async def _hear(self) -> tuple[int, Packet]:
        self._left -= 1
        kind = (await self._stream.exactly(1))[0]
        size = 0
        for place in range(4):
            digit = (await self._stream.exactly(1))[0]
            size |= (digit & 0x7F) << 7 * place
            if not digit & 0x80:
                break
        else:
            raise garbled(_NAME)
        if size > MOST_PACKET or self._left < 0:
            raise CheckFailed(ErrorClass.RESPONSE_TOO_LARGE, "the broker sent more than a check reads")
        return kind, Packet(await self._stream.exactly(size), _NAME)


def _text(value: str) -> bytes:
    data = value.encode()
    return len(data).to_bytes(2, "big") + data


def _together(config: MqttConfig) -> None:
    refuse_plain_sign_in(config.security, config.password, config.plain_sign_in)
    if config.password and not config.username:
        raise refuse("username", "Add the user name: MQTT knows no password without one.")
    if (config.publish or config.expect) and not config.topic:
        raise refuse("topic", "Add the topic that messages are to be read from.")
    if config.publish and ("+" in config.topic or "#" in config.topic):
        raise refuse("topic", "Use a topic without + and #: Pulse is to publish to it.")


SETTINGS = Settings(
    MqttConfig,
    section(
        "Sign-in",
        text("username", "User name", "Empty: no sign-in.", longest=500),
        secret("password", "Password", longest=500),
        plain_sign_in(),
        text("client_id", "Client id", "Empty for a new one at each check.", longest=60),
    ),
    tls_section(TLS, NO_TLS),
    section(
        "What a good answer is",
        text("topic", "Topic", "Empty: a good connection is enough.", longest=500, read=read_topic),
        text(
            "expect", "Wait for a message that contains", "Empty for any, also a retained one.", longest=1000
        ),
        text(
            "publish",
            "Publish and wait for it to come back",
            "Everyone who reads the topic gets it too.",
            longest=1000,
        ),
        asserting(*EVERYWHERE, Source.ANSWER),
    ),
    together=_together,
)
PROBE = Probe(
    title="MQTT",
    settings=SETTINGS,
    check_target=lambda target: parse_endpoint(target, PORT),
    start=starting(check),
    sources=frozenset({*EVERYWHERE, Source.ANSWER}),
    placeholder="broker.example.com:8883",
    target_help="Without a port, 8883.",
)
