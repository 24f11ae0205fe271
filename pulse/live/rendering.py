"""One thread a process that renders what pages should show, so that neither recorder nor request waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID

import redis
import structlog
from django.conf import settings
from django.db import connection

from pulse.live.publisher import Message, send
from pulse.scoping import in_tenant

log = structlog.get_logger(__name__)

# Beyond this many changed things a page does better to fetch what it shows than to be sent them all.
RENDERED_AT_MOST = 50
IDLE_S = 60
# A first change goes out at once; those that follow within this time go together, in one message to each page.
PAUSE_S = 0.1

Render = Callable[[list[int]], dict[str, str]]


@dataclass(slots=True)
class Wanted:
    """What changed in one organisation since it was last rendered; all that waits is rendered in one go."""

    organisation: Any
    group: str
    render: Render
    keys: set[int] = field(default_factory=set)
    topics: dict[str, None] = field(default_factory=dict)


class Renderer(threading.Thread):
    """Its own database connection, closed when nothing changes for a while."""

    def __init__(self) -> None:
        super().__init__(name="live-rendering", daemon=True)
        self.waiting: dict[tuple[UUID, Render], Wanted] = {}
        self.rendered_at: dict[tuple[UUID, Render], float] = {}
        self.changed = threading.Condition()
        self.redis = redis.Redis.from_url(settings.REDIS.redis, socket_timeout=1, socket_connect_timeout=1)
        self.start()

    def put(self, wanted: Wanted) -> None:
        with self.changed:
            already = self.waiting.setdefault((wanted.organisation.id, wanted.render), wanted)
            already.keys |= wanted.keys
            already.topics |= wanted.topics
            self.changed.notify()

    def run(self) -> None:
        while True:
            with self.changed:
                if not self.waiting and not self.changed.wait(IDLE_S):
                    connection.close()
                    continue
                key = min(self.waiting, key=self._free_at)
                if (wait := self._free_at(key) - monotonic()) > 0:
                    self.changed.wait(wait)
                    continue
                wanted = self.waiting.pop(key)
                self.rendered_at = {k: at for k, at in self.rendered_at.items() if at > monotonic() - PAUSE_S}
                self.rendered_at[key] = monotonic()
            if self._is_watched(wanted.group):
                send(Message(wanted.group, "live.changed", list(wanted.topics), self._render(wanted)))

    def _free_at(self, key: tuple[UUID, Render]) -> float:
        return self.rendered_at.get(key, 0.0) + PAUSE_S

    def _render(self, wanted: Wanted) -> dict[str, str]:
        """Markup by element id; none where rendering fails, and then pages fetch for themselves."""
        if len(wanted.keys) > RENDERED_AT_MOST:
            return {}
        try:
            with in_tenant(wanted.organisation):
                return wanted.render(sorted(wanted.keys))
        except Exception:  # whatever it is: the thread must live, and the next change tries again
            log.exception("live_render_failed", organisation=wanted.organisation.slug)
            connection.close()
            return {}

    def _is_watched(self, group: str) -> bool:
        """Whether any page of the organisation is open. One that opens now fetches everything by itself."""
        layers: Any = settings.CHANNEL_LAYERS
        channel = f"{layers['default']['CONFIG']['prefix']}__group__{group}"  # as the channel layer names it
        try:
            return any(number for _, number in self.redis.pubsub_numsub(channel))
        except redis.RedisError:
            return True


_renderer: Renderer | None = None
_lock = threading.Lock()


def render_later(
    organisation: Any, group: str, render: Render, keys: Collection[int], topics: list[str]
) -> None:
    """Never waits and never raises. After a fork the thread is gone, so it is made anew."""
    global _renderer
    with _lock:
        if _renderer is None or not _renderer.is_alive():
            _renderer = Renderer()
    _renderer.put(Wanted(organisation, group, render, set(keys), dict.fromkeys(topics)))
