"""OpenTelemetry and Prometheus push as they do anywhere; what they send wrongly is told in their own ways."""

from __future__ import annotations

import json
import struct
from datetime import timedelta
from typing import Any

import cramjam
import pytest
from django.utils import timezone

from monitors.models import Monitor
from monitors.series.reading import series_of, window
from pulse.scoping import in_tenant
from tests.conftest import Api

NAN, STALE = 0x7FF8000000000001, 0x7FF0000000000002


@pytest.fixture
def agent(acme: Any) -> Api:
    return Api(acme, ["ingest"])


def found(organisation: Any, host: str) -> dict[str, Any]:
    """By name: (labels, unit, whether a counter, values)."""
    now = timezone.now()
    with in_tenant(organisation):
        monitor = Monitor.objects.get(name=host)
        series = series_of(monitor.no, organisation.no)
        points = window([one.no for one in series], now - timedelta(days=1), now + timedelta(minutes=5))
    return {
        one.name: (dict(one.labels), one.unit, one.is_counter, [value for _, value in points.get(one.no, [])])
        for one in series
    }


# -- OpenTelemetry


def attribute(key: str, value: Any, kind: str = "stringValue") -> dict[str, Any]:
    return {"key": key, "value": {kind: value}}


def resource(*metrics: Any, attributes: Any = None) -> dict[str, Any]:
    attributes = [attribute("host.name", "web-1")] if attributes is None else attributes
    return {
        "resourceMetrics": [
            {"resource": {"attributes": attributes}, "scopeMetrics": [{"metrics": list(metrics)}]}
        ]
    }


def point(**value: Any) -> dict[str, Any]:
    return {"timeUnixNano": str(int(timezone.now().timestamp() * 1e9)), **value}


def export(agent: Api, body: Any, query: str = "?create=1") -> Any:
    path = f"/v1/ingest/otlp/v1/metrics{query}"
    return agent.client.post(path, json.dumps(body), content_type="application/json")


def gauge(**more: Any) -> dict[str, Any]:
    return {"name": "system.memory.usage", "unit": "By", "gauge": {"dataPoints": [point(asInt="42", **more)]}}


def test_every_shape_of_metric_is_taken(acme: Any, agent: Api) -> None:
    cumulative = {"aggregationTemporality": 2}
    answer = export(
        agent,
        resource(
            gauge(attributes=[attribute("state", "used"), attribute("n", "7", "intValue")]),
            {"name": "requests", "unit": "{request}",
             "sum": {**cumulative, "isMonotonic": True, "dataPoints": [point(asDouble=9.5)]}},
            {"name": "queue", "sum": {**cumulative, "dataPoints": [point(asInt=-3)]}},
            {"name": "latency", "unit": "ms",
             "histogram": {**cumulative, "dataPoints": [point(count="4", sum=120.5, bucketCounts=["4"])]}},
            {"name": "gc", "unit": "s", "summary": {"dataPoints": [point(count=2, sum=0.5)]}},
        ),
    )  # fmt: skip

    assert (answer.status_code, answer.json()) == (200, {})
    assert found(acme, "web-1") == {
        "system.memory.usage": ({"state": "used", "n": "7"}, "bytes", False, [42]),
        "requests": ({}, "", True, [9.5]),
        "queue": ({}, "", False, [-3]),
        "latency.count": ({}, "", True, [4]),
        "latency.sum": ({}, "ms", True, [120.5]),
        "gc.count": ({}, "", True, [2]),
        "gc.sum": ({}, "s", True, [0.5]),
    }


def test_a_service_is_the_host_where_none_is_named(acme: Any, agent: Api) -> None:
    export(agent, resource(gauge(), attributes=[attribute("service.name", "checkout")]))

    assert found(acme, "checkout")["system.memory.usage"][0] == {"service.name": "checkout"}


def test_what_cannot_be_taken_is_a_partial_success(acme: Any, agent: Api) -> None:
    delta = {
        "name": "d",
        "sum": {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [point(asInt=1)]},
    }
    bad = {"name": "b", "gauge": {"dataPoints": [point(asInt="x"), {"asInt": 1}, point(asDouble="NaN"), {}]}}
    silent = {"name": "s", "gauge": {"dataPoints": [point(flags=1)]}}

    answer = export(agent, resource(gauge(), delta, bad, silent)).json()["partialSuccess"]

    assert answer["rejectedDataPoints"] == "5"
    assert "cumulative temporality" in answer["errorMessage"]
    assert "/resourceMetrics/0/scopeMetrics/0/metrics/2/gauge/dataPoints/1" in answer["errorMessage"]
    assert set(found(acme, "web-1")) == {"system.memory.usage"}


@pytest.mark.parametrize(
    "body",
    [7, [], {"resourceMetrics": 7}, {"resourceMetrics": [7]}, {"resourceMetrics": [{"scopeMetrics": 7}]},
     resource(gauge(), attributes=[]), resource(7), {"resourceMetrics": [{}] * 101}],
)  # fmt: skip
def test_what_is_no_otlp_is_422(agent: Api, body: Any) -> None:
    assert export(agent, body).status_code == 422


def test_an_unknown_resource_is_404_without_create(agent: Api) -> None:
    assert export(agent, resource(gauge()), "").status_code == 404


# -- Prometheus


def varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def field(number: int, content: bytes | str) -> bytes:
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def series(values: list[float], at: float | None = None, **labels: str) -> bytes:
    at = at if at is not None else timezone.now().timestamp()
    content = b"".join(field(1, field(1, name) + field(2, text)) for name, text in labels.items())
    for place, value in enumerate(values):
        milliseconds = int((at - len(values) + 1 + place) * 1000) & (1 << 64) - 1
        bits = (
            value.to_bytes(8, "little")
            if isinstance(value, int) and value > 1 << 60
            else struct.pack("<d", value)
        )
        content += field(2, b"\x09" + bits + b"\x10" + varint(milliseconds))
    return field(1, content)


def write(
    agent: Api, body: bytes, query: str = "?create=1", encoding: str = "snappy", packed: bool = True
) -> Any:
    content = bytes(cramjam.snappy.compress_raw(body)) if packed else body
    headers = {"Content-Encoding": encoding, "X-Prometheus-Remote-Write-Version": "0.1.0"}
    path = f"/v1/ingest/prometheus{query}"
    return agent.client.post(path, content, content_type="application/x-protobuf", headers=headers)


def test_what_prometheus_writes_is_stored(acme: Any, agent: Api) -> None:
    body = series([1, 2], __name__="node_load1", instance="web-1:9100", job="node")
    body += series([7], __name__="http_requests_total", instance="web-1:9100", code="200")
    body += series([5e6], __name__="node_memory_MemFree_bytes", instance="web-1:9100")
    body += field(3, b"\x08\x01")  # metadata, and a field that nobody knows
    body += varint(99 << 3 | 5) + b"1234"

    answer = write(agent, body)

    assert answer.status_code == 204, answer.content
    assert found(acme, "web-1") == {
        "node_load1": ({"instance": "web-1:9100", "job": "node"}, "", False, [1, 2]),
        "http_requests_total": ({"instance": "web-1:9100", "code": "200"}, "", True, [7]),
        "node_memory_MemFree_bytes": ({"instance": "web-1:9100"}, "bytes", False, [5e6]),
    }


def test_the_address_or_a_label_may_name_the_host(acme: Any, agent: Api) -> None:
    write(agent, series([1], __name__="a", instance="x:1", host="web-2"))
    write(agent, series([1], __name__="a", instance="x:1"), "?create=1&host=web-3")

    assert set(found(acme, "web-2")) == set(found(acme, "web-3")) == {"a"}


def test_the_end_of_a_series_is_no_value_and_nan_is_told(acme: Any, agent: Api) -> None:
    assert write(agent, series([1, STALE], __name__="a", host="web-1")).status_code == 204

    answer = write(agent, series([NAN], __name__="b", host="web-1") + series([2], __name__="c", host="web-1"))

    assert answer.status_code == 400
    assert "/timeseries/0: Send a finite number" in answer.json()["detail"]
    assert found(acme, "web-1")["c"][3] == [2]


def test_sending_it_again_changes_nothing(acme: Any, agent: Api) -> None:
    body = series([1, 2], __name__="a", host="web-1")
    write(agent, body)

    assert write(agent, body).status_code == 204
    assert found(acme, "web-1")["a"][3] == [1, 2]


@pytest.mark.parametrize(
    ("body", "packed", "encoding", "status"),
    [
        (b"\x0a\xff\xff", True, "snappy", 400),
        (b"\x0f", True, "snappy", 400),
        (b"\xff" * 20, True, "snappy", 400),
        (field(1, field(1, field(1, b"\xff\xfe"))), True, "snappy", 400),
        (b"\x10\x01", True, "snappy", 204),
        (b"\x08\x01", True, "snappy", 400),
        (b"no snappy", False, "snappy", 400),
        (b"\xff\xff\xff\xff\xff", False, "snappy", 400),
        (b"\xff\xff\xff\xff\x0f" + b"\xfe" * 10, False, "snappy", 413),
        (b"x", True, "gzip", 415),
        (series([1], __name__="a"), True, "snappy", 400),
        (series([1], at=1e17, __name__="a", host="x"), True, "snappy", 400),
    ],
    ids=[
        "cut short", "no value", "no number", "nested", "empty", "no series", "not packed", "no length",
        "far too long", "another packing", "no host", "no such time",
    ],
)  # fmt: skip
def test_nothing_that_is_sent_breaks_it(
    agent: Api, body: bytes, packed: bool, encoding: str, status: int
) -> None:
    assert write(agent, body, packed=packed, encoding=encoding).status_code == status
