"""One call over HTTP/2, bounded in what it reads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)  # fmt: skip
from h2.exceptions import H2Error

from monitors.probes.conversation import CheckFailed
from monitors.probes.outcome import ErrorClass
from pulse.net.streams import Stream

# Frames are parsed without a pause, so few of them at a time, and not for ever.
AT_ONCE, MOST_READS, MOST_BODY = 1024, 64, 4096
# A frame begins with length, type, flags and stream (RFC 9113, 4.1); more than this after it was not allowed (4.2).
_HEAD, LONGEST_FRAME = 9, 16_384
_GOAWAY = 7


class Call:
    """One HTTP/2 stream."""

    def __init__(self, stream: Stream, headers: list[tuple[str, str]], body: bytes) -> None:
        self._stream = stream
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._ended = False
        self._begun = b""
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self._h2.initiate_connection()
        self._h2.send_headers(1, headers)
        self._h2.send_data(1, body, end_stream=True)

    async def until_answered(self) -> None:
        """Asks, and reads until the server has ended the stream; raises CheckFailed."""
        await self._flush()
        for _ in range(MOST_READS):
            data = await self._stream.some(AT_ONCE)
            if not data:
                raise CheckFailed(
                    ErrorClass.CONNECTION_LOST, "the server closed the connection before its answer"
                )
            self._receive(data)
            if self._ended:
                return
            await self._flush()
            await asyncio.sleep(
                0
            )  # what has come already is read without waiting: let others have their turn
        raise CheckFailed(ErrorClass.RESPONSE_TOO_LARGE, "the server sent more than a check reads")

    def _receive(self, data: bytes) -> None:
        """h2 accepts nothing after a GOAWAY: one after which our call is still answered is kept from it."""
        for frame in self._frames(data):
            if _lets_us_finish(frame):
                continue
            try:
                events = self._h2.receive_data(frame)
            except H2Error:
                raise _no_http2() from None
            for event in events:
                self._take(event)
            if self._ended:
                return

    def _frames(self, data: bytes) -> Iterator[bytes]:
        """Those that are complete by now."""
        self._begun += data
        while len(self._begun) >= _HEAD:
            length = int.from_bytes(self._begun[:3], "big")
            if length > LONGEST_FRAME:
                raise _no_http2()
            frame, rest = self._begun[: _HEAD + length], self._begun[_HEAD + length :]
            if len(frame) < _HEAD + length:
                return
            self._begun = rest
            yield frame

    def _take(self, event: Event) -> None:
        if isinstance(event, ResponseReceived | TrailersReceived):
            self.headers |= {bytes(name): bytes(value) for name, value in event.headers or ()}
        elif isinstance(event, DataReceived):
            self.body += event.data or b""
            if len(self.body) > MOST_BODY:
                raise CheckFailed(
                    ErrorClass.RESPONSE_TOO_LARGE, "the answer is too large for a health status"
                )
        elif isinstance(event, StreamEnded):
            self._ended = True
        elif isinstance(event, StreamReset | ConnectionTerminated) and not self._ended:
            raise CheckFailed(ErrorClass.CONNECTION_LOST, "the server broke off the call")

    async def _flush(self) -> None:
        await self._stream.send(self._h2.data_to_send())


def _lets_us_finish(frame: bytes) -> bool:
    """A GOAWAY of a server that drains: it takes no new calls, and ours, the first, is among the last (6.8)."""
    kind, stream, body = frame[3], frame[5:_HEAD], frame[_HEAD:]
    if kind != _GOAWAY or any(stream) or len(body) < 8:
        return False
    last, error = int.from_bytes(body[:4], "big") & 0x7FFFFFFF, body[4:8]
    return last >= 1 and not any(error)


def _no_http2() -> CheckFailed:
    return CheckFailed(ErrorClass.BAD_RESPONSE, "the server does not speak HTTP/2")
