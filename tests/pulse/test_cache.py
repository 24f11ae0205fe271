"""The cache remembers in Redis, and goes on in the process while Redis is away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings

from pulse.cache import TolerantRedisCache


@pytest.fixture(params=["here", "away"])
def cache(request: pytest.FixtureRequest) -> Iterator[TolerantRedisCache]:
    address = settings.REDIS.redis if request.param == "here" else "redis://127.0.0.1:1/0"
    made = TolerantRedisCache(address, {})
    yield made
    made.clear()


def test_it_behaves_alike_with_and_without_redis(cache: Any) -> None:
    assert cache.get("a", "nothing") == "nothing"
    cache.set("a", [1.5, "x", None], 60)
    assert cache.get("a") == [1.5, "x", None]
    assert cache.add("a", 1) is False
    assert cache.add("n", 1, 60) is True
    assert cache.incr("n") == 2
    assert cache.has_key("n")
    assert cache.touch("n", 60)
    assert cache.get_many(["a", "n", "z"]) == {"a": [1.5, "x", None], "n": 2}
    assert cache.get_or_set("o", lambda: True, 60) is True
    assert cache.delete("a") is True
    assert cache.delete("a") is False
    with pytest.raises(ValueError, match="not found"):
        cache.incr("z")


def test_what_lies_in_redis_is_data_and_never_code(world: None) -> None:
    cache = TolerantRedisCache(settings.REDIS.redis, {})
    cache.set("limit", [1.0, 2.0])

    stored = redis.Redis.from_url(settings.REDIS.redis).get(cache.make_key("limit"))

    assert stored == b"[1.0, 2.0]"
