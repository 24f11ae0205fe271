"""Grafana: any of its data sources, asked through Grafana with a service account's token.

https://grafana.com/docs/grafana/latest/developers/http_api/data_source/#query-a-data-source
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from monitors.assertions.body import parse_json
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
from pulse.fields import FieldError


def ask(access: Access, queries: Sequence[Query], window: Window) -> list[Ask]:
    """One request for all; `refId` is the query's name."""
    steps = (window.end - window.start) // window.step + 1
    asked = [
        {
            **_model(query.text),
            "refId": query.name,
            "datasource": {"uid": access.datasource},
            "intervalMs": window.step * 1000,
            "maxDataPoints": steps,
        }
        for query in queries
    ]
    body = {"from": str(window.start * 1000), "to": str(window.end * 1000), "queries": asked}
    headers = (("Content-Type", "application/json"), ("Authorization", f"Bearer {access.api_key}"))
    return [Ask("POST", f"{access.base}/api/ds/query", headers, json.dumps(body).encode())]


def check_query(text: str) -> None:
    if text.startswith("{") and text.endswith("}") and '"' in text:
        try:
            parse_json(text)
        except ValueError as error:
            raise FieldError(f"Write the query model as JSON: {error}.") from None


def read(queries: Sequence[Query], answers: Sequence[Answer]) -> list[Series]:
    document = answers[0].json()
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, dict):
        words = document.get("message") if isinstance(document, dict) else None
        raise odd(f"HTTP {answers[0].status} {words or 'without results'}"[:150])
    return [series for query in queries for series in _read_one(query, results.get(query.name))]


def _model(text: str) -> dict[str, Any]:
    """A query model as JSON, as Grafana's query inspector shows it; anything else is an expression."""
    if text.startswith("{"):
        try:
            found = parse_json(text)
        except ValueError:  # PromQL may begin with a brace, too
            found = None
        if isinstance(found, dict):
            return found
    return {"expr": text, "range": True, "instant": False, "format": "time_series"}


def _read_one(query: Query, result: Any) -> Iterator[Series]:
    if not isinstance(result, dict):
        raise odd(f"it has no result for {query.name}")
    if result.get("error"):
        raise bad_query(query.name, result["error"])
    for frame in objects(result.get("frames", []), "frames that are no list"):
        yield from _of_frame(query, frame)


def _of_frame(query: Query, frame: dict[str, Any]) -> Iterator[Series]:
    """A frame has fields (columns): one of times in milliseconds, the others of numbers with labels."""
    schema, data = frame.get("schema"), frame.get("data")
    fields = objects(schema.get("fields") if isinstance(schema, dict) else None, "a frame without fields")
    columns = data.get("values") if isinstance(data, dict) else None
    if not isinstance(columns, list) or not all(isinstance(column, list) for column in columns):
        raise odd("a frame without values")
    if len(columns) != len(fields) and columns:
        raise odd("a frame whose fields and values differ")
    times: list[Any] = next(
        (column for one, column in zip(fields, columns, strict=False) if one.get("type") == "time"), []
    )
    seconds = [from_milliseconds(moment) for moment in times]
    for one, column in zip(fields, columns, strict=False):
        if one.get("type") == "number":
            labels = one.get("labels")
            pairs = (
                {name: value for name, value in labels.items() if name != "__name__"}
                if isinstance(labels, dict)
                else {}
            )
            yield series_of(query.name, list(zip(seconds, column, strict=False)), labels_of(pairs))


SOURCE = Source(
    title="Grafana",
    placeholder="https://grafana.example.com",
    example="load = avg(node_load1)",
    ask=ask,
    read=read,
    needs=("api_key", "datasource"),
    check_query=check_query,
)
