"""Heartbeats by the API: made, pinged, read, and given a new address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from monitors.models import Monitor
from pulse.scoping import in_tenant
from tests.api.making import made, make_monitor, problem_of
from tests.conftest import Api
from tests.monitors.heartbeats.serving import ask, served
from tests.monitors.heartbeats.test_deadlines import back

BACKUP = {"name": "backup", "kind": "heartbeat", "config": {"period_seconds": "1 d", "grace_seconds": 1800}}


def test_a_heartbeat_is_made_pinged_and_read(api: Any, acme: Any) -> None:
    monitor = made(api.post("monitors", BACKUP))
    assert (monitor["status"], monitor["expected_at"], monitor["target"]) == ("pending", None, "")
    assert monitor["config"]["period_seconds"] == 86_400
    believed = {"down_after": 1, "up_after": 1, "degraded_after": 1, "flapping_above": 0.0}
    assert believed.items() <= monitor["policy"].items()

    with served() as address:
        url = monitor["ping_url"].replace("http://localhost:8000", address)
        ask(f"{url}/start")
        ask(f"{url}/3", "POST", b"disk full")
        ask(url)

    read = api.get(f"monitors/{monitor['id']}").json()
    assert (read["status"], read["ping_url"]) == ("up", monitor["ping_url"])
    assert read["expected_at"] < read["due_at"]
    first = api.get(f"monitors/{monitor['id']}/pings", limit=2).json()
    assert [(ping["n"], ping["kind"], ping["exit_status"]) for ping in first["results"]] == [
        (3, "success", None),
        (2, "fail", 3),
    ]
    older = api.client.get(first["next"].removeprefix("http://localhost:8000")).json()
    assert [ping["kind"] for ping in older["results"]] == ["start"]
    assert older["next"] is None
    body = api.get(f"monitors/{monitor['id']}/pings/2/body")
    assert (body.content, body["Content-Type"]) == (b"disk full", "application/octet-stream")
    assert api.get(f"monitors/{monitor['id']}/pings/2").json()["duration_ms"] > 0
    for nothing in ("pings/3/body", "pings/9", "pings/x", "pings/9/body"):
        problem_of(api.get(f"monitors/{monitor['id']}/{nothing}"), 404)
    problem_of(api.get(f"monitors/{monitor['id']}/pings", after="x"), 422)


def test_late_is_a_status_of_its_own(api: Any, acme: Any) -> None:
    monitor = made(api.post("monitors", BACKUP))
    with served() as address:
        ask(monitor["ping_url"].replace("http://localhost:8000", address))
    with in_tenant(acme):
        row = Monitor.objects.get()
    back(row, timedelta(days=1, minutes=5))
    assert api.get(f"monitors/{monitor['id']}").json()["status"] == "late"
    assert [one["id"] for one in api.get("monitors", status="late").json()["results"]] == [monitor["id"]]


def test_a_key_that_only_reads_is_not_told_the_address(api: Any, acme: Any) -> None:
    monitor = made(api.post("monitors", BACKUP))
    reads = Api(acme, ["monitors:read"])
    assert reads.get(f"monitors/{monitor['id']}").json()["ping_url"] is None
    problem_of(reads.post(f"monitors/{monitor['id']}/rotate"), 403)


def test_an_address_is_rotated_and_only_that_of_a_heartbeat(api: Any) -> None:
    monitor = made(api.post("monitors", BACKUP))
    rotated = api.post(f"monitors/{monitor['id']}/rotate").json()
    assert rotated["ping_url"] != monitor["ping_url"]
    assert api.get(f"monitors/{monitor['id']}").json()["ping_url"] == rotated["ping_url"]
    problem_of(api.post(f"monitors/{make_monitor(api)['id']}/rotate"), 409)
    assert "reports in by itself" in problem_of(api.post(f"monitors/{monitor['id']}/check"), 409)["detail"]


def test_settings_that_do_not_go_together_are_told_by_their_place(api: Any) -> None:
    wrong = api.post("monitors", {**BACKUP, "config": {"schedule": "cron", "calendar": ["61 * * * *"]}})
    problem = problem_of(wrong, 422)
    assert [error["pointer"] for error in problem["errors"]] == ["/config/calendar"]


def test_what_was_read_can_be_sent_back(api: Any) -> None:
    monitor = made(api.post("monitors", BACKUP))
    assert (
        api.client.patch(
            f"/v1/monitors/{monitor['id']}", monitor | {"notes": "new"}, content_type="application/json"
        ).json()["notes"]
        == "new"
    )
