"""`/v1/openapi.json` says what the API does, and the API does what it says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from pulse.api import document
from pulse.wsgi import application
from tests.api.making import (
    make_channel,
    make_delivery,
    make_drill,
    make_monitor,
    make_policy,
    make_rule,
    make_schedule,
    make_window,
    open_incident,
    problem_of,
)
from tests.api.test_isolation import routes

# Set in one place, so that a failing case found here fails again elsewhere.
FEW = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
PARTS = ("monitors", "incidents", "maintenance", "schedules", "policies", "deliveries", "drills")
PROMISES = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def described() -> dict[str, Any]:
    document_: dict[str, Any] = json.loads(document.document())
    return document_


def test_the_document_is_valid_and_complete_without_a_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")

    assert described()["openapi"].startswith("3.1")


def test_anybody_may_read_it_and_only_read(world: None) -> None:
    answer = Client().get("/v1/openapi.json")

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == described()
    problem_of(Client().post("/v1/openapi.json"), 405)


def test_every_address_and_method_is_described() -> None:
    paths = described()["paths"]

    for path, view in routes():
        shown = paths["/v1/" + path.replace("{pk}", "{id}")]
        methods = {name for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)}
        assert set(shown) == methods, path
    assert len(paths) == len(list(routes()))


def test_every_problem_is_described() -> None:
    for path, operations in described()["paths"].items():
        for method, operation in operations.items():
            codes = set(operation["responses"])
            assert {"401", "403"} <= codes
            assert ("{" not in path) or "404" in codes, (method, path)
            assert ("requestBody" not in operation) or {"400", "413", "415", "422"} <= codes, (method, path)
            for code, response in operation["responses"].items():
                if code >= "400":
                    assert set(response["content"]) == {"application/problem+json"}


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [op["operationId"] for ops in described()["paths"].values() for op in ops.values()]

    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in names)
    assert {"list_monitors", "create_rule", "check_monitor", "list_monitors_results"} <= set(names)


@pytest.mark.parametrize("kind", [*PARTS, ""])
def test_whatever_is_sent_the_answer_is_a_described_one(api: Any, acme: Any, kind: str) -> None:
    """schemathesis sends what the document allows and what it does not, to rows that are there and not.

    In parts, one of which is all that has none of its own: they need not wait for each other.
    """
    monitor, channel = make_monitor(api), make_channel(api)
    ids = {
        "monitors": monitor["id"],
        "channels": channel["id"],
        "rules": make_rule(api, channel)["id"],
        "policies": make_policy(api)["id"],
        "deliveries": make_delivery(acme, channel),
        "drills": make_drill(api, monitor)["id"],
        "maintenance": make_window(api)["id"],
        "schedules": make_schedule(api)["id"],
        "incidents": str(open_incident(acme, monitor).pk),
    }
    schema = schemathesis.openapi.from_dict(described())
    schema.app = application
    key = {"Authorization": f"Bearer {api.key}"}
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]
        if kind != (part if (part := operation.path.split("/")[2]) in PARTS else ""):
            continue
        if operation.method == "delete":
            continue  # the rows are wanted by the others; its answers are in the other tests
        if operation.path.endswith("/ingest/prometheus"):
            continue  # no JSON; tests/api/test_ingest_formats.py sends it what breaks others
        for mode in schemathesis.GenerationMode:
            send(operation, mode, ids, key)


def send(operation: Any, mode: Any, ids: dict[str, str], key: dict[str, str]) -> None:
    kind = operation.path.split("/")[2]

    @FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def try_one(case: Any) -> None:
        if case.path_parameters and mode is schemathesis.GenerationMode.POSITIVE:
            case.path_parameters["id"] = ids[kind]
        # Of a host that is not ours there is no API; sometimes one is made up.
        sent = {name: value for name, value in (case.headers or {}).items() if name.lower() != "host"}
        case.headers = {**sent, **key}
        case.call_and_validate(checks=PROMISES)

    try_one()
