"""Pingdom, API 3.1: status and response time of its checks, and their hourly summary.

https://docs.pingdom.com/api/
"""

from __future__ import annotations

import re
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
    objects,
    odd,
    series_of,
)
from pulse.fields import FieldError

_QUERY = re.compile(r"(status|response_time|average|uptime)\s+([0-9]{1,12})")
_UP = {"up": 1.0, "down": 0.0, "unconfirmed_down": 0.0}
_HOUR = 3600
_SUMMED_S = 3 * _HOUR


def ask(access: Access, queries: Sequence[Query], window: Window) -> list[Ask]:
    headers = (("Authorization", f"Bearer {access.api_key}"),)
    return [Ask("GET", f"{access.base}{_path(query.text, window)}", headers) for query in queries]


def check_query(text: str) -> None:
    if not _QUERY.fullmatch(text):
        raise FieldError("Write status, response_time, average or uptime and the check's id: status 85975.")


def read(queries: Sequence[Query], answers: Sequence[Answer]) -> list[Series]:
    return [_read_one(query, answer) for query, answer in zip(queries, answers, strict=True)]


def _path(text: str, window: Window) -> str:
    what, check = text.split()
    if what in ("status", "response_time"):
        times = urlencode({"from": window.start, "to": window.end, "limit": 1000})
        return f"/api/3.1/results/{check}?{times}"
    # The hour that is not over has a summary already; it counts when it is over.
    end = window.end // _HOUR * _HOUR
    times = urlencode(
        {"from": min(window.start, end - _SUMMED_S), "to": end, "resolution": "hour", "includeuptime": "true"}
    )
    return f"/api/3.1/summary.performance/{check}?{times}"


def _read_one(query: Query, answer: Answer) -> Series:
    document = answer.json()
    if not isinstance(document, dict):
        raise odd("it is no object")
    error = document.get("error")
    if answer.status != 200 or error:
        words = error.get("errormessage") if isinstance(error, dict) else None
        raise bad_query(query.name, words or f"HTTP {answer.status}")
    what = query.text.split()[0]
    if what in ("status", "response_time"):
        rows = objects(document.get("results"), "it has no results")
        return series_of(query.name, [(row.get("time"), _value(what, row)) for row in rows])
    summary = document.get("summary")
    hours = objects(summary.get("hours") if isinstance(summary, dict) else None, "it has no hours")
    return series_of(query.name, [(hour.get("starttime"), _of_hour(what, hour)) for hour in hours])


def _value(what: str, row: dict[str, Any]) -> object:
    """1 and 0 for up and down; milliseconds, which only a check that was up has."""
    if what == "status":
        return _UP.get(str(row.get("status")))
    return row.get("responsetime") if row.get("status") == "up" else None


def _of_hour(what: str, hour: dict[str, Any]) -> object:
    if what == "average":
        return hour.get("avgresponse")
    up, down = hour.get("uptime"), hour.get("downtime")
    if not isinstance(up, int | float) or not isinstance(down, int | float) or up + down <= 0:
        return None
    return 100 * up / (up + down)


SOURCE = Source(
    title="Pingdom",
    placeholder="https://api.pingdom.com",
    example="shop [ms] = response_time 85975",
    ask=ask,
    read=read,
    needs=("api_key",),
    check_query=check_query,
)
