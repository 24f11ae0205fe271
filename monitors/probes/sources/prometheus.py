"""Prometheus and what speaks its HTTP API (Mimir, Thanos, VictoriaMetrics): range queries.

https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
"""

from __future__ import annotations

from base64 import b64encode
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
    labels_of,
    objects,
    odd,
    series_of,
)


def ask(access: Access, queries: Sequence[Query], window: Window) -> list[Ask]:
    """By POST, as its documents advise for long queries."""
    headers = (("Content-Type", "application/x-www-form-urlencoded"), *_credentials(access))
    times = {"start": window.start, "end": window.end, "step": window.step}
    return [
        Ask(
            "POST",
            f"{access.base}/api/v1/query_range",
            headers,
            urlencode({"query": query.text, **times}).encode(),
        )
        for query in queries
    ]


def read(queries: Sequence[Query], answers: Sequence[Answer]) -> list[Series]:
    return [
        series for query, answer in zip(queries, answers, strict=True) for series in _read_one(query, answer)
    ]


def _credentials(access: Access) -> tuple[tuple[str, str], ...]:
    if access.username:
        pair = b64encode(f"{access.username}:{access.password}".encode()).decode()
        return (("Authorization", f"Basic {pair}"),)
    return (("Authorization", f"Bearer {access.api_key}"),) if access.api_key else ()


def _read_one(query: Query, answer: Answer) -> list[Series]:
    document = answer.json()
    if not isinstance(document, dict):
        raise odd("it is no object")
    if document.get("status") != "success":
        raise bad_query(query.name, document.get("error") or f"HTTP {answer.status}")
    data = document.get("data")
    if not isinstance(data, dict) or data.get("resultType") != "matrix":
        raise odd("it has no matrix")
    return [_series(query, one) for one in objects(data.get("result"), "its matrix is no list")]


def _series(query: Query, one: dict[str, Any]) -> Series:
    metric, values = one.get("metric"), one.get("values")
    if not isinstance(metric, dict) or not isinstance(values, list):
        raise odd("a series without labels or values")
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in values):
        raise odd("a value without its time")
    labels = {name: value for name, value in metric.items() if name != "__name__"}
    return series_of(query.name, [(pair[0], pair[1]) for pair in values], labels_of(labels))


SOURCE = Source(
    title="Prometheus",
    placeholder="https://prometheus.example.com",
    example='errors [1/s] = sum(rate(http_requests_total{code=~"5.."}[5m]))',
    ask=ask,
    read=read,
    takes=("username", "password", "api_key"),
)
