"""Messages to open pages leave the process, also one that ends at once."""

from __future__ import annotations

import atexit
from typing import Any

import redis
from django.conf import settings

from pulse.live.publisher import Message, Publisher


def test_what_was_put_is_sent_before_a_process_ends(monkeypatch: Any) -> None:
    at_exit: list[Any] = []
    monkeypatch.setattr(atexit, "register", at_exit.append)
    publisher = Publisher()
    counter = redis.Redis.from_url(settings.REDIS.redis)
    counter.delete("pulse:live:test-flushing")

    for _ in range(20):
        publisher.put(Message("test-flushing", "live.recheck", [], {}))
    (flush,) = at_exit
    flush()

    assert counter.get("pulse:live:test-flushing") == b"20"
