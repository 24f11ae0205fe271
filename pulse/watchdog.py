"""End a worker that has gone deaf or whose engine has died; the supervisor starts a fresh one.

Known of this stack: a consumer may reconnect to the broker and then consume nothing (celery #8030,
#9054, #10205). Silence alone proves nothing, since beat or the broker may be away. Deaf is who hears
nothing while messages wait in its own queue.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from time import monotonic

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

SILENT_FOR_S = 30.0
LOOK_EVERY_S = 5.0

_heard_at = monotonic()
_ceased = threading.Event()


def heard() -> None:
    global _heard_at
    _heard_at = monotonic()


def watch(queue: str, alive: Callable[[], bool]) -> None:
    """Start watching this worker's child process, on a thread of its own."""
    heard()
    _ceased.clear()
    threading.Thread(target=_watch, args=(queue, alive), name="watchdog", daemon=True).start()


def cease() -> None:
    """The worker is about to stop: that its engine ends is no fault."""
    _ceased.set()


def _watch(queue: str, alive: Callable[[], bool]) -> None:
    while not _ceased.wait(LOOK_EVERY_S):
        if not alive():
            if not _ceased.is_set():
                _end("its engine has died")
        elif monotonic() - _heard_at > SILENT_FOR_S and _messages_wait(queue):
            _end("it hears no bell while messages wait")


def _messages_wait(queue: str) -> bool:
    client = redis.Redis.from_url(settings.REDIS.redis, socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(client.llen(queue))
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def _end(why: str) -> None:
    log.error("worker_ended", why=why)
    os.kill(os.getppid(), signal.SIGTERM)
