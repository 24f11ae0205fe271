"""The cache behind Redis or Valkey: an error there is a miss, never a failed request."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError


class JsonSerializer:
    """Django's own unpickles what it reads: whoever writes to Redis would run code here."""

    def dumps(self, value: Any) -> bytes | int:
        # A bare integer is what the server can count up.
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


def _tolerant(name: str) -> Callable[..., Any]:
    """The method as Redis has it, or while Redis is away as a small bucket of this process has it."""

    def call(self: TolerantRedisCache, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(RedisCache, name)(self, *args, **kwargs)
        except (RedisError, OSError):
            return getattr(self._local, name)(*args, **kwargs)

    call.__name__ = name
    return call


class TolerantRedisCache(RedisCache):
    """Counters for sign-in limits go on in this process while the server is away."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "serializer": JsonSerializer()}
        super().__init__(server, params | {"OPTIONS": options | params.get("OPTIONS", {})})
        self._local = LocMemCache("tolerant", {"OPTIONS": {"MAX_ENTRIES": 5000}})

    add = _tolerant("add")
    get = _tolerant("get")
    set = _tolerant("set")
    touch = _tolerant("touch")
    delete = _tolerant("delete")
    get_many = _tolerant("get_many")
    has_key = _tolerant("has_key")
    incr = _tolerant("incr")
    set_many = _tolerant("set_many")
    delete_many = _tolerant("delete_many")
    clear = _tolerant("clear")
