"""One thread a process that hands messages to the channel layer, so that no request or recorder waits."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import threading
from dataclasses import dataclass
from typing import Any

import structlog
from channels.layers import get_channel_layer
from django.conf import settings
from redis import asyncio as redis

log = structlog.get_logger(__name__)

WAITING_AT_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Message:
    group: str
    type: str
    topics: list[str]
    fragments: dict[str, str]

    def as_json(self, number: int) -> str:
        """What pages read, encoded once for all of them."""
        content = {"version": number, "topics": self.topics, "fragments": self.fragments}
        return json.dumps(content, separators=(",", ":"))


class Publisher(threading.Thread):
    """Its loop keeps one connection; a synchronous group_send would open a new one for each message."""

    def __init__(self) -> None:
        super().__init__(name="live", daemon=True)
        self.loop = asyncio.new_event_loop()
        self.waiting: asyncio.Queue[Message] = asyncio.Queue(WAITING_AT_MOST)
        self.start()
        # A command ends as soon as it has committed: a role that it took away must reach open pages all the same.
        atexit.register(self.flush)

    def flush(self) -> None:
        """Wait until all that was put is sent, for a second at most."""
        if self.is_alive():
            with contextlib.suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self.waiting.join(), self.loop).result(timeout=1)

    def run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._publish_all())

    def put(self, message: Message) -> None:
        self.loop.call_soon_threadsafe(self._put, message)

    def _put(self, message: Message) -> None:
        if self.waiting.full():
            self.waiting.task_done()
            self.waiting.get_nowait()  # pages see the hole in the numbers and fetch everything
        self.waiting.put_nowait(message)

    async def _publish_all(self) -> None:
        counter = redis.Redis.from_url(settings.REDIS.redis, socket_timeout=1, socket_connect_timeout=1)
        layer: Any = get_channel_layer()
        while True:
            message = await self.waiting.get()
            try:
                number = await counter.incr(f"pulse:live:{message.group}")
                event = {"type": message.type, "text": message.as_json(number)}
                await asyncio.wait_for(layer.group_send(message.group, event), timeout=1)
            except Exception as error:  # whatever Redis does, pages fall back to asking
                log.debug("live_lost", group=message.group, error=type(error).__name__)
            finally:
                self.waiting.task_done()


_publisher: Publisher | None = None
_lock = threading.Lock()


def send(message: Message) -> None:
    """Never waits and never raises. After a fork the thread is gone, so it is made anew."""
    global _publisher
    with _lock:
        if _publisher is None or not _publisher.is_alive():
            _publisher = Publisher()
    _publisher.put(message)
