"""What is sent to break the reading of numbers is answered, and never with a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest

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
