"""Keep what came to the demo's receivers: the newest of each, in the cache, for a week."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.utils import timezone

KEPT = 50
WEEK_S = 7 * 24 * 3600
Row = dict[str, Any]


def keep(place: str, row: Row) -> int:
    """Its number. The cache itself counts, so of two that come at once neither is lost."""
    count = f"demo:{place}"
    cache.add(count, 0, timeout=None)
    number = int(cache.incr(count))
    cache.set(_key(place, number), {**row, "number": number, "at": timezone.now().isoformat()}, WEEK_S)
    return number


def change(place: str, number: int, **changes: Any) -> None:
    row = cache.get(_key(place, number))
    if row is not None:
        cache.set(_key(place, number), row | changes, WEEK_S)


def kept(place: str) -> list[Row]:
    """The newest first."""
    newest = int(cache.get(f"demo:{place}") or 0)
    keys = [_key(place, number) for number in range(newest, max(newest - KEPT, 0), -1)]
    found = cache.get_many(keys)
    return [found[key] for key in keys if key in found]


def find(place: str, **wanted: Any) -> Row | None:
    return next((row for row in kept(place) if wanted.items() <= row.items()), None)


def version(rows: list[Row]) -> str:
    """Changes with whatever a page of these would show."""
    return sha256(json.dumps(rows).encode()).hexdigest()[:12]


def is_new(place: str, identity: str) -> bool:
    """Once true for each id: who sends the same again is not shown twice."""
    return bool(cache.add(f"demo:{place}:seen:{identity}", 1, WEEK_S))


def _key(place: str, number: int) -> str:
    return f"demo:{place}:{number}"
