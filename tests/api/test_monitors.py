"""`/v1/monitors`: created, read, changed, checked and deleted by a script."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from monitors.models import Monitor
from pulse.scoping import in_tenant
from tests.api.making import MONITOR, UNKNOWN, make_monitor, open_incident, pointers, problem_of

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

# What a monitor is judged by unless its maker says otherwise.
POLICY = {
    "down_after": 3,
    "up_after": 2,
    "degraded_after": 3,
    "window": 0,
    "ratio": 0.6,
    "quiet_seconds": 0,
    "degraded_up_after": None,
    "slow_ms": None,
    "flapping_above": 0.4,
    "flapping_below": 0.2,
}


def test_a_monitor_is_made_with_the_defaults(api: Any) -> None:
    answer = api.post("monitors", MONITOR)

    body = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == body["url"] == f"http://localhost:8000/v1/monitors/{body['id']}"
    assert UUID(body["id"]).version == 7
    assert MOMENT.fullmatch(body["created_at"])
    assert {key: body[key] for key in body if key not in {"id", "url", "created_at", "updated_at"}} == {
        "name": "shop",
        "kind": "http",
        "target": "https://shop.example.com/",
        "config": {},
        "interval_seconds": 60,
        "timeout_seconds": 10,
        "retry_seconds": None,
        "policy": POLICY,
        "upside_down": False,
        "locations": [],
        "quorum": 1,
        "depends_on": [],
        "tags": [],
        "owner": None,
        "notes": "",
        "runbook_url": "",
        "enabled": True,
        "status": "pending",
        "state": "pending",
        "maintenance": None,
        "held_back": None,
        "places": [],
        "last_checked_at": None,
        "ping_url": None,
        "expected_at": None,
        "due_at": None,
        "expires_at": None,
        "snoozed_until": None,
    }
    assert api.get(f"monitors/{body['id']}").json() == body


def test_ids_are_ordered_by_time(api: Any) -> None:
    ids = [UUID(make_monitor(api, name=f"m{n}")["id"]) for n in range(5)]

    assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"name": ""}, "/name"),
        ({"name": "  "}, "/name"),
        ({"name": "x" * 121}, "/name"),
        ({"name": "two\nlines"}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": None}, "/name"),
        ({"kind": "gopher"}, "/kind"),
        ({"kind": ["http"]}, "/kind"),
        ({"target": "shop.example.com"}, "/target"),
        ({"target": "ftp://shop.example.com/"}, "/target"),
        ({"target": "file:///etc/passwd"}, "/target"),
        ({"target": "https://user:secret@shop.example.com/"}, "/target"),
        ({"target": "https://"}, "/target"),
        ({"target": {"url": "x"}}, "/target"),
        ({"kind": "dns", "target": "192.0.2.7"}, "/target"),
        ({"kind": "dns", "target": "fe80::1%eth0", "config": {"record_type": "PTR"}}, "/target"),
        ({"target": "https://shop.example.com/" + "x" * 3000}, "/target"),
        ({"target": "http://169.254.169.254/latest/"}, "/target"),
        ({"target": "http://[::ffff:169.254.169.254]/"}, "/target"),
        ({"target": "http://2130706433/"}, "/target"),
        ({"interval_seconds": 4}, "/interval_seconds"),
        ({"interval_seconds": 86_401}, "/interval_seconds"),
        ({"interval_seconds": 60.5}, "/interval_seconds"),
        ({"interval_seconds": "60"}, "/interval_seconds"),
        ({"interval_seconds": True}, "/interval_seconds"),
        ({"timeout_seconds": 0}, "/timeout_seconds"),
        ({"timeout_seconds": 121}, "/timeout_seconds"),
        ({"timeout_seconds": 60}, "/timeout_seconds"),
        ({"interval_seconds": 10}, "/interval_seconds"),
        ({"policy": {"down_after": 0}}, "/policy/down_after"),
        ({"policy": {"up_after": 21}}, "/policy/up_after"),
        ({"policy": {"soon": 1}}, "/policy/soon"),
        ({"policy": {"window": 1}}, "/policy/window"),
        ({"policy": {"window": 31}}, "/policy/window"),
        ({"policy": {"ratio": 0}}, "/policy/ratio"),
        ({"policy": {"ratio": 60}}, "/policy/ratio"),
        ({"policy": {"quiet_seconds": -1}}, "/policy/quiet_seconds"),
        ({"policy": {"flapping_above": 0.2, "flapping_below": 0.2}}, "/policy/flapping_below"),
        ({"policy": {"slow_ms": 10_000}, "timeout_seconds": 10}, "/policy/slow_ms"),
        ({"policy": 3}, "/policy"),
        ({"config": {"method": "BREW TEA"}}, "/config/method"),
        ({"config": {"expected_status": "2xx"}}, "/config/expected_status"),
        ({"config": {"max_redirects": -1}}, "/config/max_redirects"),
        ({"config": {"a/b~c": 1}}, "/config/a~1b~0c"),
        ({"config": []}, "/config"),
        ({"enabled": "yes"}, "/enabled"),
        ({"interval": 60}, "/interval"),
        ({"schema_name": "o_globex"}, "/schema_name"),
        ({"tenant_no": 2}, "/tenant_no"),
        ({"no": 1}, "/no"),
    ],
)
def test_a_field_that_cannot_be_is_named(api: Any, fields: dict[str, Any], at: str) -> None:
    assert pointers(api.post("monitors", MONITOR | fields)) == [at]
    assert api.get("monitors").json()["results"] == []


def test_all_complaints_come_at_once(api: Any) -> None:
    body = {
        "target": 1,
        "interval_seconds": 1,
        "policy": {"down_after": 0},
        "config": {"method": 1},
        "more": 1,
    }

    assert set(pointers(api.post("monitors", body))) == {
        "/name", "/target", "/interval_seconds", "/policy/down_after", "/config/method", "/more",
    }  # fmt: skip


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1/", "http://10.0.0.7/", "http://[::1]/", "http://192.168.1.1/"]
)
def test_a_private_target_is_refused_with_the_way_out(api: Any, settings: Any, target: str) -> None:
    settings.PULSE_ALLOW_PRIVATE_TARGETS = ""

    answer = api.post("monitors", MONITOR | {"target": target})

    assert pointers(answer) == ["/target"]
    assert "PULSE_ALLOW_PRIVATE_TARGETS" in answer.json()["errors"][0]["detail"]


def test_an_address_is_fine_for_ptr_and_stays_so(api: Any) -> None:
    ptr = {"kind": "dns", "name": "back", "target": "192.0.2.7", "config": {"record_type": "PTR"}}

    made = api.post("monitors", ptr)

    assert made.status_code == 201
    assert pointers(api.patch(f"monitors/{made.json()['id']}", {"config": {"record_type": "A"}})) == [
        "/target"
    ]
    assert api.patch(f"monitors/{made.json()['id']}", {"name": "back again"}).status_code == 200


def test_sending_back_what_was_read_changes_nothing(api: Any, acme: Any) -> None:
    body = make_monitor(api, policy={"down_after": 5}, config={"method": "HEAD"}, interval_seconds=300)

    answer = api.patch(f"monitors/{body['id']}", body)

    assert answer.status_code == 200
    assert answer.json() == body
    with in_tenant(acme):
        assert Monitor.objects.get(pk=body["id"]).version == 1


def test_a_patch_keeps_what_it_does_not_name(api: Any) -> None:
    body = make_monitor(api, policy={"down_after": 5, "up_after": 4})

    changed = api.patch(f"monitors/{body['id']}", {"policy": {"up_after": 1}, "name": " new "}).json()

    assert changed["policy"] == POLICY | {"down_after": 5, "up_after": 1}
    assert changed["name"] == "new"
    assert changed["target"] == body["target"]


def test_a_patch_is_judged_with_what_is_there(api: Any) -> None:
    body = make_monitor(api, interval_seconds=60, timeout_seconds=30)

    assert pointers(api.patch(f"monitors/{body['id']}", {"interval_seconds": 20})) == ["/interval_seconds"]
    assert pointers(api.patch(f"monitors/{body['id']}", {"timeout_seconds": 60})) == ["/timeout_seconds"]
    both = api.patch(f"monitors/{body['id']}", {"interval_seconds": 20, "timeout_seconds": 5})
    assert both.status_code == 200


def test_two_patches_at_once_lose_neither(api: Any) -> None:
    monitor = make_monitor(api)
    changes = [
        {"name": "new"},
        {"policy": {"down_after": 7}},
        {"timeout_seconds": 3},
        {"config": {"method": "HEAD"}},
    ]

    def change(body: dict[str, Any]) -> int:
        from django.db import connection
        from django.test import Client

        try:
            client = Client(headers={"Authorization": f"Bearer {api.key}"})
            answer = client.patch(f"/v1/monitors/{monitor['id']}", body, content_type="application/json")
            return answer.status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(change, changes)) == [200] * 4

    after = api.get(f"monitors/{monitor['id']}").json()
    assert (after["name"], after["timeout_seconds"], after["config"]) == ("new", 3, {"method": "HEAD"})
    assert after["policy"]["down_after"] == 7


@pytest.mark.parametrize(("how", "cause"), [("pause", "paused"), ("delete", "deleted")])
def test_stopping_a_monitor_resolves_its_incident_with_that_cause(
    api: Any, acme: Any, how: str, cause: str
) -> None:
    monitor = make_monitor(api)
    incident = open_incident(acme, monitor)

    if how == "pause":
        assert api.patch(f"monitors/{monitor['id']}", {"enabled": False}).json()["status"] == "paused"
    else:
        assert api.delete(f"monitors/{monitor['id']}").status_code == 204

    ended = api.get(f"incidents/{incident.pk}").json()
    assert (ended["state"], ended["resolution"]) == ("resolved", cause)
    assert ended["timeline"][-1]["by"] == "API key suite"
    assert ended["monitor"]["id"] == monitor["id"]


def test_a_deleted_monitor_is_gone(api: Any) -> None:
    monitor = make_monitor(api)

    assert api.delete(f"monitors/{monitor['id']}").content == b""

    for path in ("", "/results", f"/results/{UNKNOWN}"):
        problem_of(api.get(f"monitors/{monitor['id']}{path}"), 404)
    problem_of(api.delete(f"monitors/{monitor['id']}"), 404)
    assert api.get("monitors").json()["results"] == []


def test_monitors_are_filtered_by_how_they_stand(api: Any) -> None:
    paused = make_monitor(api, enabled=False)
    pending = make_monitor(api)

    def listed(status: str) -> list[str]:
        return [row["id"] for row in api.get("monitors", status=status).json()["results"]]

    assert listed("paused") == [paused["id"]]
    assert listed("pending") == [pending["id"]]
    assert listed("down") == []
