"""New Relic: NRQL through NerdGraph, its GraphQL interface; in the US or the EU, as the address says.

https://docs.newrelic.com/docs/apis/nerdgraph/examples/nerdgraph-nrql-tutorial/
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from monitors.probes.outcome import ErrorClass
from monitors.probes.sources.refusals import USUAL_WAIT_S, limited
from monitors.probes.sources.shape import (
    Access,
    Answer,
    Ask,
    Query,
    Series,
    Source,
    SourceError,
    Window,
    bad_query,
    labels_of,
    objects,
    odd,
    quoted,
    series_of,
)
from pulse.fields import FieldError

BUCKETS_AT_MOST = 366
_TIME = re.compile(r"\b(SINCE|UNTIL|TIMESERIES|COMPARE\s+WITH)\b", re.IGNORECASE)
_TIMES = ("beginTimeSeconds", "endTimeSeconds", "timestamp", "facet")
_LIMITED = re.compile(r"too.?many.?requests|rate.?limit|NRDB:1106", re.IGNORECASE)
_REFUSED = re.compile(r"api.?key|access denied|unauthori[sz]ed|not authori[sz]ed|forbidden", re.IGNORECASE)


def ask(access: Access, queries: Sequence[Query], window: Window) -> list[Ask]:
    """All queries are fields of one GraphQL document, each with its NRQL as a variable."""
    fields = " ".join(
        f"q{place}: nrql(query: $n{place}, timeout: 10) {{ results }}" for place in range(len(queries))
    )
    kinds = ", ".join(f"$n{place}: Nrql!" for place in range(len(queries)))
    document = f"query($account: Int!, {kinds}) {{ actor {{ account(id: $account) {{ {fields} }} }} }}"
    variables: dict[str, Any] = {"account": int(access.account)}
    variables |= {f"n{place}": _nrql(query.text, window) for place, query in enumerate(queries)}
    body = json.dumps({"query": document, "variables": variables}).encode()
    headers = (("Content-Type", "application/json"), ("API-Key", access.api_key))
    return [Ask("POST", f"{access.base}/graphql", headers, body)]


def _nrql(text: str, window: Window) -> str:
    """New Relic takes times in milliseconds and at most 366 buckets."""
    width = max(window.step, -(-(window.end - window.start) // BUCKETS_AT_MOST))
    return f"{text} SINCE {window.start * 1000} UNTIL {window.end * 1000} TIMESERIES {width} seconds"


def check_query(text: str) -> None:
    if found := _TIME.search(text):
        raise FieldError(f"Leave out {found[1].upper()}: Pulse adds the time that it asks about.")


def read(queries: Sequence[Query], answers: Sequence[Answer]) -> list[Series]:
    document = answers[0].json()
    if not isinstance(document, dict):
        raise odd("it is no object")
    if errors := document.get("errors"):
        raise _refusal(queries, objects(errors, "errors that are no list"))
    account: Any = document
    for name in ("data", "actor", "account"):
        account = account.get(name) if isinstance(account, dict) else None
    if not isinstance(account, dict):
        raise odd("it has no account")
    return [
        series for place, query in enumerate(queries) for series in _read_one(query, account.get(f"q{place}"))
    ]


def _refusal(queries: Sequence[Query], errors: Sequence[dict[str, Any]]) -> SourceError:
    first = errors[0] if errors else {}
    details = first.get("extensions")
    kind = str(details.get("errorClass", "")) if isinstance(details, dict) else ""
    words = str(first.get("message", "an error without words"))
    if _LIMITED.search(f"{kind} {words}"):
        return limited(USUAL_WAIT_S)
    path = first.get("path")
    named = (
        next((str(part) for part in path if re.fullmatch(r"q\d+", str(part))), "")
        if isinstance(path, list)
        else ""
    )
    if named and int(named[1:]) < len(queries):
        return bad_query(queries[int(named[1:])].name, words)
    if _REFUSED.search(f"{kind} {words}"):
        return SourceError(ErrorClass.SOURCE_REFUSED, f"the source refused the key: {quoted(words)}")
    return bad_query("the queries", words)


def _read_one(query: Query, found: Any) -> Iterator[Series]:
    """One row for each bucket, and with FACET one for each bucket and value of the facet."""
    rows = objects(found.get("results") if isinstance(found, dict) else None, f"no results for {query.name}")
    parts: defaultdict[tuple[tuple[str, str], ...], list[tuple[object, object]]] = defaultdict(list)
    for row in rows:
        labels = _labels(row)
        for name, value in _numbers(row):
            pairs = {**labels, "value": name} if name else labels
            parts[labels_of(pairs)].append((row.get("beginTimeSeconds"), value))
    for labels_found, pairs_found in parts.items():
        yield series_of(query.name, pairs_found, labels_found)


def _labels(row: dict[str, Any]) -> dict[str, Any]:
    facet = row.get("facet")
    if facet is None:
        return {}
    return {"facet": ", ".join(map(str, facet)) if isinstance(facet, list) else facet}


def _numbers(row: dict[str, Any]) -> list[tuple[str, object]]:
    """The aggregated values of a row, with a name where there are several; percentiles are nested."""
    found: list[tuple[str, object]] = []
    for name, value in row.items():
        if name in _TIMES or isinstance(value, bool):
            continue
        if isinstance(value, dict):
            found += [(f"{name} {part}", one) for part, one in value.items()]
        elif isinstance(value, int | float) or value is None:
            found.append((name, value))
    return found if len(found) > 1 else [("", value) for _, value in found]


SOURCE = Source(
    title="New Relic",
    placeholder="https://api.eu.newrelic.com",
    example="duration [s] = SELECT average(duration) FROM Transaction WHERE appName = 'shop'",
    ask=ask,
    read=read,
    needs=("api_key", "account"),
    check_query=check_query,
)
