"""One WebSocket: handshake, messages and goodbye over a stream that is ours (RFC 6455)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from monitors.probes.conversation import CheckFailed
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import garbled, readable
from pulse.net.errors import untie
from pulse.net.streams import Stream

MOST_MESSAGE = 65_536
# Frames are parsed without a pause, so few of them at a time, and not for ever.
AT_ONCE, MOST_FRAMES = 2048, 2000


class Session:
    """websockets' protocol without its sockets: bytes in and out are ours."""

    def __init__(
        self, stream: Stream, url: str, headers: Sequence[tuple[str, str]], subprotocol: str = ""
    ) -> None:
        wanted = [Subprotocol(_on_the_wire(subprotocol))] if subprotocol else None
        self._stream = stream
        self._subprotocol = subprotocol
        self._protocol = ClientProtocol(parse_uri(url), subprotocols=wanted, max_size=MOST_MESSAGE)
        self._headers = headers
        self._frames: list[Frame] = []
        self._left = MOST_FRAMES

    async def open(self) -> None:
        """The handshake; raises CheckFailed when the server does not switch to WebSocket."""
        request = self._protocol.connect()
        for name, value in self._headers:
            request.headers[name] = _on_the_wire(value)
        self._protocol.send_request(request)
        await self._flush()
        while self._protocol.handshake_exc is None and not self._is_answered():
            await self._feed()
        self._judge_handshake(self._protocol.handshake_exc)

    def _judge_handshake(self, error: Exception | None) -> None:
        untie(error)
        if isinstance(error, InvalidStatus):
            status = error.response.status_code
            error.args = ()  # the answer, which has a body of up to 1 MiB and holds the error
            del error.response
            raise CheckFailed(ErrorClass.BAD_STATUS, f"answered {status}, expected 101")
        if isinstance(error, InvalidHandshake):
            raise CheckFailed(
                ErrorClass.BAD_RESPONSE, f"the handshake failed: {readable(str(error).encode(), 120)}"
            )
        if error is not None:
            raise garbled("WebSocket")
        if self._subprotocol and self._protocol.subprotocol != _on_the_wire(self._subprotocol):
            words = f"the server does not speak the subprotocol {self._subprotocol}"
            raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, words)

    def _is_answered(self) -> bool:
        """A server may have closed again in the same breath."""
        return self._protocol.handshake_exc is None and self._protocol.state is not State.CONNECTING

    async def send(self, message: str) -> None:
        if self._protocol.state is not State.OPEN:
            raise CheckFailed(
                ErrorClass.CONNECTION_LOST,
                "the server closed the WebSocket before the message could be sent",
            )
        self._protocol.send_text(message.encode())
        await self._flush()

    async def message(self, expect: str) -> str:
        """The next message that contains `expect`."""
        while True:
            whole = await self._whole()
            if expect in whole:
                return whole

    async def _whole(self) -> str:
        parts: list[bytes] = []
        while True:
            while not self._frames:
                await self._feed()
            frame = self._frames.pop(0)
            if frame.opcode is Opcode.CLOSE:
                raise CheckFailed(
                    ErrorClass.CONNECTION_LOST, "the server closed the WebSocket before the message"
                )
            if frame.opcode in (Opcode.PING, Opcode.PONG):
                continue
            parts.append(bytes(frame.data))
            if sum(map(len, parts)) > MOST_MESSAGE:
                raise CheckFailed(
                    ErrorClass.RESPONSE_TOO_LARGE, f"a message exceeds {MOST_MESSAGE >> 10} KiB"
                )
            if frame.fin:
                return b"".join(parts).decode("utf-8", "replace")

    async def leave(self) -> None:
        """Says goodbye, unless the server did so first; one that is gone already has given what was wanted of it."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
            with suppress(ConnectionError):
                await self._flush()

    async def _feed(self) -> None:
        await asyncio.sleep(0)  # what has come already is read without waiting: let others have their turn
        data = await self._stream.some(AT_ONCE)
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._frames.append(event)
                self._left -= 1
        if self._left < 0:
            raise CheckFailed(
                ErrorClass.RESPONSE_TOO_LARGE, f"the server sent more than {MOST_FRAMES:,} frames"
            )
        if self._protocol.parser_exc is not None and self._is_answered():
            untie(self._protocol.parser_exc)
            raise _broken(self._protocol.parser_exc)
        with suppress(ConnectionError):  # the answer to a ping or a goodbye: what came before it still counts
            await self._flush()
        if not data and self._protocol.handshake_exc is None and not self._frames:
            raise CheckFailed(ErrorClass.CONNECTION_LOST, "the server closed the connection")

    async def _flush(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if data:
            await self._stream.send(data)


def _on_the_wire(text: str) -> str:
    """UTF-8, as `http` sends it, in the letters that websockets makes one byte each of."""
    return text.encode().decode("latin-1")


def _broken(error: Exception) -> CheckFailed:
    if type(error).__name__ == "PayloadTooBig":
        return CheckFailed(ErrorClass.RESPONSE_TOO_LARGE, f"a message exceeds {MOST_MESSAGE >> 10} KiB")
    if isinstance(error, EOFError):
        return CheckFailed(ErrorClass.CONNECTION_LOST, "the server closed the connection")
    return garbled("WebSocket")
