"""TLS in front of a server that has none: takes TLS connections and passes their bytes on."""

from __future__ import annotations

import asyncio
import ssl
import threading
from typing import Self


class TlsFront:
    """Use as a context manager; `port` is where TLS is spoken.

    `asked` and `answer` for protocols that ask for TLS first, as PostgreSQL does: as many bytes are read, then
    the answer is sent.
    """

    def __init__(self, context: ssl.SSLContext, behind: int, asked: int = 0, answer: bytes = b"") -> None:
        self._context = context
        self._asked = asked
        self._answer = answer
        self._behind = behind
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=None if self._asked else self._context),
            self._loop,
        )
        self.port = int(started.result(5).sockets[0].getsockname()[1])
        return self

    def __exit__(self, *exception: object) -> None:
        asyncio.run_coroutine_threadsafe(_end_all(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._behind)
        try:
            if self._asked:
                await reader.readexactly(self._asked)
                writer.write(self._answer)
                await writer.start_tls(self._context)
            await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
        except (OSError, EOFError):
            pass  # either side may end as it likes
        finally:
            writer.close()
            far_writer.close()


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()
