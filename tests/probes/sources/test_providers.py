"""Polled metrics against local servers that speak the documented interfaces of each provider."""

from __future__ import annotations

from collections.abc import Iterator
from time import time
from typing import Any

import pytest

from monitors.probes.metrics_asking import WAITS
from monitors.probes.metrics_queries import LONGEST_QUERY
from monitors.probes.outcome import ErrorClass, Outcome
from tests.peers import providers
from tests.peers.providers import ACCESS_KEY_ID, APPLICATION_KEY, KEY, Provider, Reply
from tests.probes.asking import Asking

ACCESS: dict[str, dict[str, Any]] = {
    "datadog": {"api_key": KEY, "application_key": APPLICATION_KEY},
    "grafana": {"api_key": KEY, "datasource": "P1234"},
    "newrelic": {"api_key": KEY, "account": "1234567"},
    "pingdom": {"api_key": KEY},
    "cloudwatch": {"api_key": KEY, "access_key_id": ACCESS_KEY_ID, "region": "eu-west-1"},
}
PATHS = {"grafana": "/grafana/"}
QUERY = {
    "datadog": "x = avg:system.cpu.user{*}",
    "grafana": "x = avg(node_load1)",
    "newrelic": "x = SELECT average(duration) FROM Transaction",
    "pingdom": "x = response_time 85975",
    "cloudwatch": "x = AWS/EC2 CPUUtilization Average InstanceId=i-1",
}


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    with Asking() as engine:
        yield engine


@pytest.fixture(params=sorted(ACCESS))
def source(request: Any) -> str:
    return str(request.param)


@pytest.fixture
def provider(source: str) -> Iterator[Provider]:
    with Provider(getattr(providers, source)) as server:
        yield server


def ask(
    asking: Asking, provider: Provider, source: str, *queries: str, timeout_s: float = 5, **more: Any
) -> Outcome:
    config = {"source": source, **ACCESS[source], "queries": list(queries) or [QUERY[source]], **more}
    return asking.ask("metrics", provider.url + PATHS.get(source, ""), config, timeout_s)


def newest(outcome: Outcome) -> dict[str, float]:
    return {
        "|".join([points.name, *(value for _, value in points.labels)]): points.points[-1][1]
        for points in outcome.samples
    }


EXPECTED: list[tuple[str, list[str], dict[str, float]]] = [
    ("datadog", ["cpu = avg:system.cpu.user{*}", "by_host = avg:system.cpu.user{env:a} by {host}"],
     {"cpu": 10, "by_host|web1": 10, "by_host|web2": 20}),
    ("grafana", ["load = avg(node_load1)", 'model = {"expr": "up", "legendFormat": "x"}'],
     {"load|api": 4.5, "model|api": 4.5}),
    ("newrelic",
     ["a = SELECT average(duration) FROM Transaction", "b = SELECT average(duration) FROM Transaction FACET appName",
      "c = SELECT percentile(duration, 95) FROM Transaction",
      "d = SELECT average(duration), count(*) FROM Transaction"],
     {"a": 0.25, "b|shop": 0.25, "b|till": 0.25, "c": 0.75, "d|average.duration": 0.25, "d|count": 7}),
    ("pingdom",
     ["up = status 85975", "ms = response_time 85975", "avg = average 85975", "share = uptime 85975"],
     {"up": 1, "ms": 124, "avg": 300, "share": 90}),
    ("cloudwatch",
     ["cpu = AWS/EC2 CPUUtilization Average InstanceId=i-1 'Image Id=a b'",
      "all = SELECT AVG(CPUUtilization) FROM SCHEMA(\"AWS/EC2\", InstanceId) GROUP BY InstanceId"],
     {"cpu": 20, "all|i-1": 20, "all|i-2": 21}),
]  # fmt: skip


@pytest.mark.parametrize(("source", "queries", "expected"), EXPECTED, indirect=["source"])
def test_every_query_brings_its_values(
    asking: Asking, provider: Provider, source: str, queries: list[str], expected: dict[str, float]
) -> None:
    # The summary of Pingdom has a value an hour.
    more: dict[str, Any] = (
        {"step_seconds": 3600, "thresholds": ["last(avg, 3h) > 900 crit"]} if source == "pingdom" else {}
    )
    outcome = ask(asking, provider, source, *queries, **more)

    assert (outcome.ok, outcome.error) == (True, ErrorClass.NONE), outcome.detail
    assert newest(outcome) == expected
    assert all(KEY not in asked.path for asked in provider.asked)


@pytest.mark.parametrize("source", ["datadog"], indirect=True)
def test_the_longest_query_that_can_be_saved_is_asked(
    asking: Asking, provider: Provider, source: str
) -> None:
    before, after = "avg:system.cpu.user{", "}"
    query = before + ("host:web1," * 500)[: LONGEST_QUERY - len(before + after)] + after

    outcome = ask(asking, provider, source, f"x = {query}")

    assert outcome.ok, outcome.detail
    assert provider.asked[0].query["query"] == query


def test_a_wrong_key_is_refused_by_the_provider_and_said_so(
    asking: Asking, provider: Provider, source: str
) -> None:
    outcome = ask(asking, provider, source, api_key="wrong-key-entirely")

    assert (outcome.is_unknown, outcome.error) == (True, ErrorClass.SOURCE_REFUSED)
    assert outcome.detail.startswith("the source refused the key")
    assert outcome.evidence is not None
    assert "wrong-key" not in str(outcome.evidence()) + outcome.detail


@pytest.mark.parametrize(
    ("source", "query", "words"),
    [
        ("datadog", "x = nonsense", "does not understand x: Error parsing query"),
        ("grafana", "x = boom{", "does not understand x: bad_data: 1:5: parse error"),
        ("newrelic", "x = SELECT NOPE", "does not understand x: NRQL Syntax Error"),
        ("cloudwatch", "x = SEARCH(NOPE)", "does not understand the queries: Error in expression"),
        ("pingdom", "x = status 404", "no such thing at the source (HTTP 404)"),
    ],
    indirect=["source"],
)
def test_a_wrong_query_is_told_in_the_provider_s_words(
    asking: Asking, provider: Provider, source: str, query: str, words: str
) -> None:
    outcome = ask(asking, provider, source, query)

    assert outcome.is_unknown
    assert words in outcome.detail


LIMITS = {
    "datadog": Reply(
        429, {"errors": ["Too many requests"]}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "40"}
    ),
    "grafana": Reply(429, {"message": "Too many requests"}, {"Retry-After": "40"}),
    "newrelic": Reply(200, {"errors": [{"message": "Too many requests", "extensions": {}}]}),
    "pingdom": Reply(429, {"error": {}}, {"Req-Limit-Short": "Remaining: 0 Time until reset: 40"}),
    "cloudwatch": Reply(400, {"__type": "com.amazonaws.cloudwatch#Throttling", "message": "Rate exceeded"}),
}


def test_a_limit_is_respected_by_later_polls_with_the_same_key_only(
    asking: Asking, provider: Provider, source: str
) -> None:
    provider.instead = LIMITS[source]
    first = ask(asking, provider, source)
    wait = "60" if source in ("newrelic", "cloudwatch") else "40"
    assert (first.error, first.detail) == (ErrorClass.SOURCE_LIMITED, f"the source asks to wait for {wait} s")

    provider.instead = None
    count = len(provider.asked)
    second = ask(asking, provider, source)
    assert (second.is_unknown, second.error) == (True, ErrorClass.SOURCE_LIMITED)
    assert len(provider.asked) == count  # it was left alone

    other = ask(asking, provider, source, api_key="another-key")
    assert other.error is ErrorClass.SOURCE_REFUSED  # it was asked


def test_the_last_request_of_a_limit_brings_its_values_and_then_there_is_silence(asking: Asking) -> None:
    with Provider(providers.datadog) as provider:
        reply = providers.datadog
        provider.respond = lambda asked: _used_up(reply(asked))
        assert ask(asking, provider, "datadog").ok
        assert ask(asking, provider, "datadog").error is ErrorClass.SOURCE_LIMITED
        assert len(provider.asked) == 1


def _used_up(reply: Reply) -> Reply:
    reply.headers["X-RateLimit-Remaining"] = "0"
    return reply


HOSTILE = {
    "huge": Reply(raw=b'{"a": "' + b"x" * (5 << 20) + b'"}'),
    "not JSON": Reply(raw=b"<html>hello</html>"),
    "deep": Reply(raw=b"[" * 100_000),
    "a number that is none": Reply(raw=b'{"status": "ok", "series": [{"tag_set": [], "pointlist": [[NaN, 1]]}]}'),
    "a list": Reply(document=[]),
    "null": Reply(document=None),
    "text": Reply(document="ok"),
    "odd inside": Reply(document={
        "status": "success", "series": [7], "results": {"x": {"frames": 7}}, "data": {"actor": 7, "result": 7},
        "MetricDataResults": [{"Id": "q99"}],
    }),
    "times out of range": Reply(document={
        "status": "ok", "series": [{"pointlist": [[1e300, 1]]}], "results": [{"time": 1e300, "status": "up",
        "responsetime": 1}], "MetricDataResults": [{"Id": "q0", "Timestamps": [1e300], "Values": [1]}],
    }),
    "times of many digits": Reply(document={
        "status": "ok", "series": [{"pointlist": [[10**400, 1]]}], "MetricDataResults": [{"Id": "q0", "Timestamps":
        [10**400], "Values": [10**400]}], "results": {"x": {"frames": [{"schema": {"fields": [{"type": "time"},
        {"type": "number", "labels": 7}]}, "data": {"values": [[10**400], [1]]}}]}},
    }),
    "told to wait for no time that is one": Reply(429, {}, {"Retry-After": "Mon, 01 Jan 2026 00:00:00 +9999999999999"}),
    "failing": Reply(500, {"error": "it broke"}),
    "away for a while": Reply(503, {}, {}),
}  # fmt: skip


@pytest.mark.parametrize("how", sorted(HOSTILE))
def test_whatever_a_source_answers_the_result_is_unknown(
    asking: Asking, provider: Provider, source: str, how: str
) -> None:
    provider.instead = HOSTILE[how]

    outcome = ask(asking, provider, source)

    assert outcome.is_unknown, outcome
    assert outcome.error is not ErrorClass.INTERNAL
    assert outcome.detail
    assert outcome.samples == ()


def test_a_redirect_gets_no_key(asking: Asking, provider: Provider, source: str) -> None:
    with Provider(getattr(providers, source)) as other:
        provider.instead = Reply(307, {}, {"Location": f"{other.url}/"})

        outcome = ask(asking, provider, source)

        assert (outcome.error, other.asked) == (ErrorClass.SOURCE_ANSWER, [])
        assert "redirects (HTTP 307), and keys are not sent on" in outcome.detail


def test_a_key_that_is_echoed_as_a_label_is_not_kept(asking: Asking) -> None:
    def echo(asked: providers.Asked) -> Reply:
        tags = [f"key:{asked.headers['dd-api-key']}", "host:web-1"]
        return Reply(
            document={"status": "ok", "series": [{"tag_set": tags, "pointlist": [[time() * 1000, 1.0]]}]}
        )

    with Provider(echo) as provider:
        outcome = ask(asking, provider, "datadog", thresholds=["last(x) > 0.5 crit"])

    assert [points.labels for points in outcome.samples] == [(("host", "web-1"), ("key", "[secret]"))]
    assert KEY not in repr(outcome.samples) + outcome.detail + repr(outcome.evidence and outcome.evidence())


def test_a_source_that_hangs_is_unknown_when_the_time_is_over(asking: Asking) -> None:
    with Provider(providers.datadog) as provider:
        provider.instead = Reply(document={}, hang_s=30)

        outcome = ask(asking, provider, "datadog", timeout_s=0.5)

        assert (outcome.is_unknown, outcome.error) == (True, ErrorClass.SOURCE_UNREACHABLE)
        assert outcome.detail == "the source gave no complete answer within 0.5 s"


def test_more_series_or_values_than_a_monitor_can_hold_are_refused_with_a_remedy(asking: Asking) -> None:
    def flood(asked: providers.Asked) -> Reply:
        rows = [{"tag_set": [f"host:{number}"], "pointlist": [[60_000.0, 1.0]]} for number in range(51)]
        return Reply(document={"status": "ok", "series": rows})

    def many(asked: providers.Asked) -> Reply:
        return Reply(document={"status": "ok", "series": [{"pointlist": [[60_000.0, 1.0]] * 20_001}]})

    with Provider(flood) as provider:
        assert "x brings more than 50 series: aggregate them" in ask(asking, provider, "datadog").detail
        provider.respond = many
        assert "more than 20,000 values" in ask(asking, provider, "datadog").detail


def test_what_is_remembered_of_limits_holds_no_key() -> None:
    assert KEY not in repr(WAITS._until)
