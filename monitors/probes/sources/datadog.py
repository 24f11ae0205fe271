"""Datadog: "Query timeseries points" of its metrics API.

https://docs.datadoghq.com/api/latest/metrics/query-timeseries-points/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from monitors.probes.sources.shape import (
    Access,
    Answer,
    Ask,
    Query,
    Series,
    Source,
    Window,
    bad_query,
    from_milliseconds,
    labels_of,
    objects,
    odd,
    series_of,
)


def ask(access: Access, queries: Sequence[Query], window: Window) -> list[Ask]:
    headers = (("DD-API-KEY", access.api_key), ("DD-APPLICATION-KEY", access.application_key))
    times = {"from": window.start, "to": window.end}
    return [
        Ask("GET", f"{access.base}/api/v1/query?{urlencode({**times, 'query': query.text})}", headers)
        for query in queries
    ]


def read(queries: Sequence[Query], answers: Sequence[Answer]) -> list[Series]:
    return [
        series for query, answer in zip(queries, answers, strict=True) for series in _read_one(query, answer)
    ]


def _read_one(query: Query, answer: Answer) -> list[Series]:
    document = answer.json()
    if not isinstance(document, dict):
        raise odd("it is no object")
    if answer.status != 200 or document.get("status") != "ok" or document.get("error"):
        errors = document.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else f"HTTP {answer.status}"
        raise bad_query(query.name, document.get("error") or first)
    return [_series(query, one) for one in objects(document.get("series"), "it has no series")]


def _series(query: Query, one: dict[str, Any]) -> Series:
    """A point is [milliseconds, value]; tags are "host:web1"."""
    tags, points = one.get("tag_set") or [], one.get("pointlist")
    if not isinstance(tags, list) or not isinstance(points, list):
        raise odd("a series without tags or points")
    if not all(isinstance(p, list) and len(p) == 2 and isinstance(p[0], int | float) for p in points):
        raise odd("a point without its time")
    pairs = dict(str(tag).partition(":")[::2] for tag in tags)
    return series_of(
        query.name, [(from_milliseconds(point[0]), point[1]) for point in points], labels_of(pairs)
    )


SOURCE = Source(
    title="Datadog",
    placeholder="https://api.datadoghq.eu",
    example="cpu [%] = avg:system.cpu.user{env:production}",
    ask=ask,
    read=read,
    needs=("api_key", "application_key"),
)
