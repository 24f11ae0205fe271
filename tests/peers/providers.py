"""Providers of metrics for tests: local servers that speak the documented interfaces and check what they are sent.

A request that the provider would refuse (a missing key, a wrong signature, a body out of shape) is refused here too.
"""

from __future__ import annotations

import hmac
import json
import re
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.peers.pingdom_checks import CHECKS, DETAILS

KEY, APPLICATION_KEY = "0123456789abcdef-key", "fedcba9876543210-application"


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    status: int = 200
    document: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    hang_s: float = 0.0


Respond = Callable[[Asked], Reply]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Provider:
    """Use as a context manager. `respond` answers; `instead` takes its place while it is set."""

    def __init__(self, respond: Respond) -> None:
        self.asked: list[Asked] = []
        self.respond = respond
        self.instead: Reply | None = None
        self._released = threading.Event()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, self.rfile.read(length))
                provider.asked.append(asked)
                reply = provider.instead or provider.respond(asked)
                if reply.hang_s:
                    provider._released.wait(reply.hang_s)
                body = reply.raw if reply.raw is not None else json.dumps(reply.document).encode()
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def log_message(self, *arguments: Any) -> None:
                """The suite's output is for failures."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def times(step: int = 60, count: int = 5) -> list[int]:
    """The starts of the newest full steps, oldest first."""
    end = int(time()) // step * step
    return [end - place * step for place in range(count, 0, -1)]


def datadog(asked: Asked) -> Reply:
    """GET /api/v1/query with both keys; two hosts, where it is asked by host."""
    if asked.headers.get("dd-api-key") != KEY or asked.headers.get("dd-application-key") != APPLICATION_KEY:
        return Reply(403, {"errors": ["Forbidden"]})
    query = asked.query
    if (
        asked.method != "GET"
        or urlsplit(asked.path).path != "/api/v1/query"
        or {*query} != {"from", "to", "query"}
    ):
        return Reply(404, {"errors": ["Not found"]})
    if not re.fullmatch(r"(avg|sum|max|min):[a-z._]+\{[^}]*\}(?: by \{[a-z,]+\})?", query["query"]):
        return Reply(400, {"status": "error", "error": "Error parsing query: unable to parse", "series": []})
    hosts = ["web1", "web2"] if " by " in query["query"] else [""]
    series = [
        {
            "metric": "system.cpu.user",
            "pointlist": [[at * 1000.0, 10.0 * (place + 1)] for at in times()]
            + [[times()[-1] * 1000.0, None]],
            "scope": f"host:{host}" if host else "*",
            "tag_set": [f"host:{host}"] if host else [],
            "interval": 60,
        }
        for place, host in enumerate(hosts)
    ]
    found = {"status": "ok", "res_type": "time_series", "series": series, "query": query["query"]}
    headers = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "99", "X-RateLimit-Period": "60",
               "X-RateLimit-Reset": "30"}  # fmt: skip
    return Reply(200, found, headers)


def grafana(asked: Asked) -> Reply:
    """POST /api/ds/query with a service account's token."""
    if asked.headers.get("authorization") != f"Bearer {KEY}":
        return Reply(401, {"message": "Invalid API key"})
    body = asked.json
    assert (asked.method, asked.path) == ("POST", "/grafana/api/ds/query")
    assert body["from"].isdigit()
    assert body["to"].isdigit()
    results: dict[str, Any] = {}
    for query in body["queries"]:
        assert query["datasource"] == {"uid": "P1234"}
        assert query["intervalMs"] == 60_000
        if "boom" in query.get("expr", ""):
            results[query["refId"]] = {
                "error": "bad_data: 1:5: parse error: unclosed left brace",
                "status": 400,
            }
            continue
        fields = [
            {"name": "Time", "type": "time"},
            {"name": "Value", "type": "number", "labels": {"job": "api"}},
        ]
        values = [[at * 1000 for at in times()], [1.5, None, 2.5, 3.5, 4.5]]
        frame = {"schema": {"refId": query["refId"], "fields": fields}, "data": {"values": values}}
        results[query["refId"]] = {"status": 200, "frames": [frame]}
    failed = any("error" in result for result in results.values())
    return Reply(400 if failed else 200, {"results": results})


def newrelic(asked: Asked) -> Reply:
    """POST /graphql with a user key; NRQL as variables, results as rows of buckets."""
    if asked.headers.get("api-key") != KEY:
        return Reply(401, {"errors": [{"message": "Invalid API key"}]})
    assert (asked.method, asked.path) == ("POST", "/graphql")
    variables = asked.json["variables"]
    assert variables["account"] == 1234567
    account: dict[str, Any] = {}
    for alias, name in re.findall(
        r"(q\d+): nrql\(query: \$(n\d+), timeout: \d+\) \{ results \}", asked.json["query"]
    ):
        nrql = variables[name]
        assert re.search(r" SINCE \d{13} UNTIL \d{13} TIMESERIES \d+ seconds$", nrql), nrql
        if "NOPE" in nrql:
            error = {"message": "NRQL Syntax Error: Error at line 1 position 8", "path": ["actor", "account", alias],
                     "extensions": {"errorClass": "TIMEOUT"}}  # fmt: skip
            return Reply(200, {"data": {"actor": {"account": {alias: None}}}, "errors": [error]})
        facets = ["shop", "till"] if "FACET" in nrql else [None]
        account[alias] = {"results": [_row(at, nrql, facet) for at in times() for facet in facets]}
    return Reply(200, {"data": {"actor": {"account": account}}})


def _row(at: int, nrql: str, facet: str | None) -> dict[str, Any]:
    value: dict[str, Any] = {"average.duration": 0.25}
    if "percentile" in nrql:
        value = {"percentile.duration": {"95": 0.75}}
    if "count" in nrql:
        value["count"] = 7
    named = {"facet": facet, "appName": facet} if facet else {}
    return {"beginTimeSeconds": float(at), "endTimeSeconds": float(at + 60), **value, **named}


def pingdom(asked: Asked) -> Reply:
    """GET below /api/3.1 with a bearer token."""
    headers = {"Req-Limit-Short": "Remaining: 394 Time until reset: 3589",
               "Req-Limit-Long": "Remaining: 71994 Time until reset: 2591989"}  # fmt: skip
    if asked.headers.get("authorization") != f"Bearer {KEY}":
        return Reply(403, {"error": {"statuscode": 403, "statusdesc": "Forbidden",
                                     "errormessage": "Something went wrong! This string describes what."}})  # fmt: skip
    path = urlsplit(asked.path).path
    if path == "/api/3.1/results/85975":
        rows = [{"probeid": 261, "time": at + 7, "status": "up", "responsetime": 120 + place}
                for place, at in enumerate(times())]  # fmt: skip
        rows[1] |= {"status": "down", "responsetime": 0}
        return Reply(200, {"results": rows[::-1], "activeprobes": [261]}, headers)
    if path == "/api/3.1/summary.performance/85975":
        assert asked.query["includeuptime"] == "true"
        hours = [{"starttime": at, "avgresponse": 300, "uptime": 3240, "downtime": 360, "unmonitored": 0}
                 for at in times(3600, 2)]  # fmt: skip
        return Reply(200, {"summary": {"hours": hours}}, headers)
    if path == "/api/3.1/checks":
        return Reply(200, {"checks": CHECKS, "counts": {"total": len(CHECKS)}}, headers)
    if match := re.fullmatch(r"/api/3\.1/checks/(\d+)", path):
        return Reply(200, {"check": DETAILS[int(match[1])]}, headers)
    return Reply(404, {"error": {"statuscode": 404, "errormessage": "Invalid check identifier"}}, headers)


ACCESS_KEY_ID = "AKIDEXAMPLE"


def cloudwatch(asked: Asked) -> Reply:
    """POST / by the JSON protocol; the signature is worked out anew from what came."""
    if wrong := _wrong_signature(asked):
        return Reply(400, {"__type": "com.amazon.coral.service#InvalidSignatureException", "message": wrong})
    assert asked.headers["x-amz-target"] == "GraniteServiceVersion20100801.GetMetricData"
    body = asked.json
    results = []
    for one in body["MetricDataQueries"]:
        if "NOPE" in json.dumps(one):
            return Reply(400, {"__type": "com.amazonaws.cloudwatch.v2010_08_01#ValidationError",
                               "message": "Error in expression 'q0': syntax error"})  # fmt: skip
        names = ["i-1", "i-2"] if "Expression" in one else [one["MetricStat"]["Metric"]["MetricName"]]
        assert one.get("Period") == 60 or one["MetricStat"]["Period"] == 60
        results += [
            {"Id": one["Id"], "Label": name, "Timestamps": [float(at) for at in times()],
             "Values": [20.0 + place] * 5, "StatusCode": "Complete"}
            for place, name in enumerate(names)
        ]  # fmt: skip
    return Reply(200, {"MetricDataResults": results, "Messages": []})


def _wrong_signature(asked: Asked) -> str:
    """Steps 1 to 4 of AWS's own description, written independently of the code that signs."""
    match = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([a-z0-9;-]+), "
        r"Signature=([0-9a-f]{64})", asked.headers.get("authorization", ""),
    )  # fmt: skip
    if not match or match[1] != ACCESS_KEY_ID or (match[3], match[4]) != ("eu-west-1", "monitoring"):
        return "The request signature we calculated does not match the signature you provided."
    signed = match[5].split(";")
    if not {"host", "x-amz-date", "x-amz-target"} <= set(signed):
        return "Host, date and target must be signed."
    lines = ["POST", "/", ""] + [f"{name}:{asked.headers[name].strip()}" for name in signed]
    canonical = "\n".join([*lines, "", match[5], sha256(asked.body).hexdigest()])
    stamp = asked.headers["x-amz-date"]
    scope = f"{match[2]}/{match[3]}/{match[4]}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4" + KEY.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    good = hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), match[6])
    return "" if good else "The request signature we calculated does not match the signature you provided."
