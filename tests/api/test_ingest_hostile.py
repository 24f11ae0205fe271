"""What is sent to break the reading of numbers is answered, and never with a 500."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from monitors.models import Monitor
from pulse.scoping import in_tenant
from tests.conftest import Api


@pytest.fixture
def agent(acme: Any) -> Api:
    return Api(acme, ["ingest"])


@pytest.mark.parametrize("flags", ["x", [], {}, None, 1e400, "9" * 5000])
def test_odd_flags_of_a_point_are_told(agent: Api, flags: Any) -> None:
    point = {"timeUnixNano": "1", "asDouble": 1, "flags": flags}
    attribute = {"key": "host.name", "value": {"stringValue": "web-1"}}
    resource = {
        "resource": {"attributes": [attribute]},
        "scopeMetrics": [{"metrics": [{"name": "a", "gauge": {"dataPoints": [point]}}]}],
    }
    answer = agent.client.post(
        "/v1/ingest/otlp/v1/metrics?create=1",
        json.dumps({"resourceMetrics": [resource]}),
        content_type="application/json",
    )

    assert answer.status_code == 200
    assert answer.json()["partialSuccess"]["rejectedDataPoints"] == "1"


def test_batches_at_the_same_moment_wait_for_each_other_in_no_circle(acme: Any) -> None:
    """New hosts, new series and units that come later, in another order in each batch."""
    agents = [Api(acme, ["ingest"]) for _ in range(4)]
    now = timezone.now().timestamp()

    def push(number: int) -> int:
        shuffled = Random(number)
        hosts, names = [f"web-{one}" for one in range(5)], [f"cpu.{one}" for one in range(20)]
        shuffled.shuffle(hosts)
        shuffled.shuffle(names)
        samples = [
            {"name": name, "value": 1, "at": now, "unit": shuffled.choice(["", "%"])} for name in names
        ]
        body = json.dumps([{"host": host, "samples": samples} for host in hosts])
        client = agents[number % 4].client
        try:
            answer = client.post("/v1/ingest/metrics?create=1", body, content_type="application/json")
        finally:
            connections.close_all()
        return int(answer.json()["accepted"]) if answer.status_code == 200 else -1

    with ThreadPoolExecutor(4) as several:
        accepted = list(several.map(push, range(16)))

    assert min(accepted) >= 0
    assert sum(accepted) == 100
    with in_tenant(acme):
        assert Monitor.objects.filter(kind="host").count() == 5
