"""One call over HTTP/2, bounded in what it reads."""

from __future__ import annotations

import asyncio

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


class Call:
    """One HTTP/2 stream."""

    def __init__(self, stream: Stream, headers: list[tuple[str, str]], body: bytes) -> None:
        self._stream = stream
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._ended = False
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
            try:
                for event in self._h2.receive_data(data):
                    self._take(event)
            except H2Error:
                raise CheckFailed(ErrorClass.BAD_RESPONSE, "the server does not speak HTTP/2") from None
            await self._flush()
            if self._ended:
                return
            await asyncio.sleep(
                0
            )  # what has come already is read without waiting: let others have their turn
        raise CheckFailed(ErrorClass.RESPONSE_TOO_LARGE, "the server sent more than a check reads")

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
