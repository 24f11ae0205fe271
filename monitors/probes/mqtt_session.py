"""One connection to an MQTT broker: packets of a kind, a length and a body (MQTT 3.1.1, OASIS standard)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from monitors.probes.conversation import CheckFailed
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import Packet, garbled
from pulse.net.streams import Stream

_NAME = "MQTT"
MOST_PACKET, MOST_PACKETS = 65_536, 1000
_CONNECT, _CONNACK, _PUBLISH, _SUBSCRIBE, _SUBACK, _DISCONNECT = 0x10, 0x20, 0x30, 0x82, 0x90, 0xE0
_REFUSALS = {
    1: "it does not speak MQTT 3.1.1",
    2: "it does not accept the client id",
    3: "it is not available",
    4: "the user name or password is wrong",
    5: "not authorised",
}


@dataclass(frozen=True, slots=True)
class Message:
    """`is_retained`: the broker had kept it, and nobody has published it now."""

    text: str
    is_retained: bool


Awaited = Callable[[Message], bool]


class Session:
    """Packets of a kind, a length in up to four bytes of seven bits, and a body."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._left = MOST_PACKETS

    async def sign_in(self, username: str, password: str, client_id: str, keep_alive_s: int) -> None:
        flags = 0x02 | (0x80 if username else 0) | (0x40 if password else 0)  # a clean session
        body = _text("MQTT") + bytes([4, flags]) + keep_alive_s.to_bytes(2, "big")
        body += _text(client_id or f"pulse-{secrets.token_hex(6)}")
        body += _text(username) if username else b""
        body += _text(password) if password else b""
        await self._say(_CONNECT, body)
        kind, packet = await self._hear()
        if kind != _CONNACK:
            raise garbled(_NAME)
        packet.take(1)
        code = packet.big(1)
        if code:
            error = ErrorClass.SIGN_IN_REFUSED if code in (4, 5) else ErrorClass.UNEXPECTED_ANSWER
            raise CheckFailed(error, f"the broker refused: {_REFUSALS.get(code, f'code {code}')}")

    async def subscribe(self, topic: str, is_awaited: Awaited) -> str | None:
        """The first awaited of the messages that came before the broker's consent, as they may (3.8.4).

        There may be many: no other is kept.
        """
        await self._say(_SUBSCRIBE, b"\0\1" + _text(topic) + b"\0")  # at most once
        early: str | None = None
        while True:
            kind, packet = await self._hear()
            if kind == _SUBACK:
                break
            message = _published(kind, packet)
            if early is None and is_awaited(message):
                early = message.text
        packet.take(2)
        if packet.big(1) == 0x80:
            raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, "the broker refused the subscription")
        return early

    async def publish(self, topic: str, message: str) -> None:
        await self._say(_PUBLISH, _text(topic) + message.encode())

    async def message(self, is_awaited: Awaited) -> str:
        """The next message on the topic that is awaited."""
        while True:
            message = _published(*await self._hear())
            if is_awaited(message):
                return message.text

    async def leave(self) -> None:
        await self._stream.send(bytes([_DISCONNECT, 0]))

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


def _published(kind: int, packet: Packet) -> Message:
    """The message in a packet; raises CheckFailed for another kind of packet."""
    if kind & 0xF0 != _PUBLISH:
        raise garbled(_NAME)
    packet.take(packet.big(2))
    if kind & 0x06:  # more than "at most once", which nobody asked for
        packet.take(2)
    return Message(packet.rest().decode("utf-8", "replace"), bool(kind & 0x01))


def _text(value: str) -> bytes:
    data = value.encode()
    return len(data).to_bytes(2, "big") + data
