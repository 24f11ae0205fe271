"""`/v1/policies` and who would be told: made, read and changed by scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.api.making import (
    UNKNOWN,
    make_channel,
    make_monitor,
    make_policy,
    make_rule,
    make_schedule,
    pointers,
    problem_of,
)
from tests.conftest import Api


def target(kind: str, identity: str) -> dict[str, str]:
    return {"kind": kind, "id": identity}


def test_a_policy_is_made_read_changed_and_deleted(api: Any, alice: Any) -> None:
    channel, schedule = make_channel(api), make_schedule(api)
    steps = [
        {"targets": [target("schedule", schedule["id"])], "wait_seconds": 60},
        {"targets": [target("person", str(alice.pk)), target("channel", channel["id"])], "round_robin": True},
    ]
    answer = api.post("policies", {"name": "Ops", "steps": steps, "repeat": 3})
    made = answer.json()

    assert (answer.status_code, answer["Location"]) == (201, made["url"])
    assert [(step["wait_seconds"], step["round_robin"]) for step in made["steps"]] == [
        (60, False),
        (300, True),
    ]
    assert api.patch(f"policies/{made['id']}", made).json() == made  # what is read may be sent back whole
    assert api.patch(f"policies/{made['id']}", {"repeat": 0}).json() == made | {"repeat": 0}
    assert [row["id"] for row in api.get("policies").json()["results"]] == [made["id"]]
    assert api.delete(f"policies/{made['id']}").status_code == 204
    problem_of(api.get(f"policies/{made['id']}"), 404)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"repeat": 10}, "/repeat"),
        ({"repeat": "often"}, "/repeat"),
        ({"steps": []}, "/steps"),
        ({"steps": "all"}, "/steps"),
        ({"steps": [{}]}, "/steps/0/targets"),
        ({"steps": [{"targets": []}]}, "/steps/0/targets"),
        ({"steps": [{"targets": [{"kind": "person"}]}]}, "/steps/0/targets"),
        ({"steps": [{"targets": [{"kind": "pigeon", "id": UNKNOWN}]}]}, "/steps/0/targets"),
        ({"steps": [{"targets": [{"kind": "person", "id": UNKNOWN}]}]}, "/steps/0/targets"),
        (
            {"steps": [{"targets": [{"kind": "channel", "id": UNKNOWN}], "wait_seconds": 9}]},
            "/steps/0/wait_seconds",
        ),
        ({"steps": [{"targets": [{"kind": "channel", "id": UNKNOWN}]}] * 21}, "/steps"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_what_cannot_be_is_refused_field_by_field(api: Any, change: dict[str, Any], pointer: str) -> None:
    policy = make_policy(api)
    body = {"name": policy["name"], "steps": policy["steps"]} | change

    assert pointer in pointers(api.post("policies", body))
    assert pointer in pointers(api.patch(f"policies/{policy['id']}", change))
    assert api.get(f"policies/{policy['id']}").json() == policy


def test_nobody_of_another_organisation_can_be_named(api: Any, globex_api: Any, charlie: Any) -> None:
    foreign = {
        "person": str(charlie.pk),
        "channel": make_channel(globex_api)["id"],
        "schedule": make_schedule(globex_api)["id"],
    }
    for kind, identity in foreign.items():
        unknown, theirs = (
            problem_of(api.post("policies", {"name": "x", "steps": [{"targets": [target(kind, one)]}]}), 422)
            for one in (UNKNOWN, identity)
        )
        assert str(theirs).replace(identity, UNKNOWN) == str(unknown)


def test_a_rule_names_a_policy_and_outlives_it(api: Any) -> None:
    policy, channel = make_policy(api), make_channel(api)
    rule = make_rule(api, channel, policy=policy["id"])

    api.delete(f"policies/{policy['id']}")

    assert rule["policy"] == policy["id"]
    assert api.get(f"rules/{rule['id']}").json()["policy"] is None


def test_a_key_needs_the_scope_and_a_stranger_finds_nothing(acme: Any, api: Any, globex_api: Any) -> None:
    policy = make_policy(api)
    reader = Api(acme, ["rules:read"])

    assert reader.get(f"policies/{policy['id']}").status_code == 200
    assert reader.post("policies", {}).status_code == 403
    assert reader.delete(f"policies/{policy['id']}").status_code == 403
    assert Api(acme, ["channels:write"]).get("policies").status_code == 403
    for answer in (
        globex_api.get(f"policies/{policy['id']}"),
        globex_api.patch(f"policies/{policy['id']}", {"name": "mine"}),
        globex_api.delete(f"policies/{policy['id']}"),
    ):
        problem_of(answer, 404)
    assert globex_api.get("policies").json()["results"] == []


def test_who_would_be_told_is_said_with_the_times_and_the_reasons(
    api: Any, alice: Any, globex_api: Any
) -> None:
    monitor, channel = make_monitor(api), make_channel(api)
    steps = [
        {"targets": [target("person", str(alice.pk))], "wait_seconds": 120},
        {"targets": [target("channel", channel["id"])]},
    ]
    policy = make_policy(api, steps=steps)
    make_rule(api, name="call", policy=policy["id"], delay_seconds=60)
    path = f"monitors/{monitor['id']}/told"

    lines = api.get(path).json()["lines"]

    assert [(line["after_seconds"], line["who"], line["how"]) for line in lines] == [
        (60, "alice@acme.example", "E-mail of the account"), (180, "ops", "Webhook"),
    ]  # fmt: skip
    assert lines[0]["why"] == "step 1 of Ops, rule call, after 60 s"
    assert pointers(api.get(path, severity="worst")) == ["/severity"]
    problem_of(globex_api.get(path), 404)


def test_that_nobody_would_be_told_is_said_with_the_reason(api: Any) -> None:
    monitor = make_monitor(api)

    told = api.get(f"monitors/{monitor['id']}/told").json()

    assert told["lines"] == []
    assert "nobody is told" in told["because"]


def test_a_gap_on_call_is_a_line_that_reaches_nobody(api: Any, alice: Any) -> None:
    start = (timezone.now() + timedelta(days=300)).date().isoformat()
    schedule = make_schedule(api, name="Later", layers=[{"people": [str(alice.pk)], "start": start}])
    policy = make_policy(api, steps=[{"targets": [target("schedule", schedule["id"])]}])
    make_rule(api, name="call", policy=policy["id"])

    (line,) = api.get(f"monitors/{make_monitor(api)['id']}/told").json()["lines"]

    assert line["nobody"]
    assert "nobody is on call by Later" in line["who"]
