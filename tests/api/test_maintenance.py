"""`/v1/maintenance`: planned, read, changed, ended and left out by scripts."""

from __future__ import annotations

from typing import Any

from tests.api.making import UNKNOWN, make_monitor, make_window, pointers, problem_of
from tests.conftest import Api
from tests.monitors.stepping import BAD, GOOD, step
from tests.monitors.suppression.scene import look

READ_BACK = (
    "name",
    "notes",
    "zone",
    "start",
    "duration_minutes",
    "rule",
    "everything",
    "tags",
    "monitors",
    "paused",
)


def test_a_window_is_planned_read_changed_and_deleted(api: Any, acme: Any) -> None:
    monitor = make_monitor(api)
    body = {
        "name": "Patches", "zone": "Europe/Vienna", "start": "2027-03-28T02:30", "duration_minutes": 90,
        "rule": "RRULE:freq=weekly;byday=su", "monitors": [monitor["id"]], "tags": ["EU"],
    }  # fmt: skip
    answer = api.post("maintenance", body)
    made = answer.json()
    assert (answer.status_code, answer["Location"]) == (201, made["url"])
    assert (made["rule"], made["start"], made["tags"]) == (
        "FREQ=WEEKLY;BYDAY=SU",
        "2027-03-28T02:30:00",
        ["eu"],
    )
    assert made["state"] == "planned"
    assert made["next"]["start"] == "2027-03-28T01:00:00.000Z"

    sent_back = {name: made[name] for name in READ_BACK}
    same = api.patch(f"maintenance/{made['id']}", sent_back).json()
    assert {name: same[name] for name in READ_BACK} == sent_back
    assert (
        api.patch(f"maintenance/{made['id']}", made).status_code == 200
    )  # what is read may be sent back whole
    shown = api.get(f"maintenance/{made['id']}/occurrences").json()
    assert shown["last_30_days"] == {"outages": 0, "held_back": 0, "told_after": 0}
    found = shown["results"]
    assert len(found) == 10
    assert "Clocks jump over 02:30" in found[0]["note"]
    assert api.patch(f"maintenance/{made['id']}", {"paused": True}).json()["state"] == "paused"
    assert [row["id"] for row in api.get("maintenance", state="paused").json()["results"]] == [made["id"]]
    assert api.get("maintenance", state="running").json()["results"] == []
    assert api.delete(f"maintenance/{made['id']}").status_code == 204
    problem_of(api.get(f"maintenance/{made['id']}"), 404)


def test_monitors_say_that_they_are_in_maintenance_and_what_is_held_back(api: Any, acme: Any) -> None:
    from monitors.models import Monitor
    from pulse.scoping import in_tenant

    body = make_monitor(api)
    with in_tenant(acme):
        monitor = Monitor.objects.get(pk=body["id"])
    step(monitor, GOOD)
    window = make_window(api)
    for _ in range(3):
        step(monitor, BAD)

    shown = api.get(f"monitors/{monitor.pk}").json()
    assert (shown["status"], shown["state"]) == ("maintenance", "down")
    assert shown["maintenance"]["id"] == window["id"] == shown["held_back"]["by_id"]
    assert [row["id"] for row in api.get("monitors", status="maintenance").json()["results"]] == [
        str(monitor.pk)
    ]
    assert api.get("monitors", status="down").json()["results"] == []
    assert api.post(f"maintenance/{window['id']}/end").json()["state"] == "planned"
    look(acme)
    shown = api.get(f"monitors/{monitor.pk}").json()
    assert (shown["status"], shown["maintenance"], shown["held_back"]) == ("down", None, None)
    assert len(api.get("incidents", state="open").json()["results"]) == 1


def test_what_is_under_way_is_extended_ended_and_the_next_left_out_once(api: Any) -> None:
    address = f"maintenance/{make_window(api)['id']}"
    before = api.get(address).json()

    assert api.post(f"{address}/extend", {"minutes": 30}).json()["running_until"] > before["running_until"]
    assert "23 h" not in problem_of(api.post(f"{address}/extend", {"minutes": 1440}), 409)["detail"]
    assert pointers(api.post(f"{address}/extend", {"minutes": 0})) == ["/minutes"]
    assert pointers(api.post(f"{address}/extend", {})) == ["/minutes"]
    assert api.post(f"{address}/skip").json()["next"]["start"] > before["next"]["start"]
    assert api.post(f"{address}/end").json()["running_until"] is None
    problem_of(api.post(f"{address}/end"), 409)


def test_bad_input_is_answered_with_what_to_change(api: Any) -> None:
    assert sorted(pointers(api.post("maintenance", {}))) == [
        "/duration_minutes",
        "/monitors",
        "/name",
        "/start",
    ]
    fine = {"name": "x", "start": "2027-01-01T00:00", "duration_minutes": 60, "everything": True}
    for changes, pointer in (
        ({"rule": "FREQ=SECONDLY"}, "/rule"),
        ({"rule": "FREQ=DAILY", "duration_minutes": 1440}, "/duration_minutes"),
        ({"zone": None}, "/zone"),
        ({"start": 5}, "/start"),
        ({"name": ["x"]}, "/name"),
        ({"notes": 7}, "/notes"),
        ({"rule": 5}, "/rule"),
        ({"monitors": [UNKNOWN], "everything": False}, "/monitors"),
    ):
        assert pointers(api.post("maintenance", fine | changes)) == [pointer]
    problem_of(api.get("maintenance", state="gone"), 422)


def test_a_key_needs_the_scope(acme: Any, api: Any) -> None:
    window = make_window(api)
    reader, stranger = Api(acme, ["maintenance:read"]), Api(acme, ["monitors:write"])

    assert reader.get(f"maintenance/{window['id']}").status_code == 200
    problem_of(reader.post(f"maintenance/{window['id']}/end"), 403)
    problem_of(stranger.get("maintenance"), 403)
