"""Hosts push their numbers: what is good is stored, what is not is told, and a stranger sees none of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from monitors.models import Monitor
from monitors.series.reading import series_of, window
from pulse.scoping import in_tenant
from tests.conftest import Api
from tests.monitors.making import make

SAMPLES = [
    {"name": "cpu.percent", "value": 12.5, "unit": "%"},
    {"name": "disk.used", "value": 7_000_000, "unit": "bytes", "labels": {"mount": "/"}},
]


@pytest.fixture
def agent(acme: Any) -> Api:
    """A script with nothing but the scope to push."""
    return Api(acme, ["ingest"])


def push(agent: Api, body: Any, query: str = "?create=1", **more: Any) -> Any:
    text = body if isinstance(body, bytes) else json.dumps(body)
    return agent.client.post(f"/v1/ingest/metrics{query}", text, content_type="application/json", **more)


def host(acme: Any, name: str = "web-1", **config: Any) -> Monitor:
    return make(acme, name, kind="host", target="", config=config)


def values(organisation: Any, monitor: Monitor) -> dict[str, list[float]]:
    now = timezone.now()
    with in_tenant(organisation):
        series = series_of(monitor.no, organisation.no)
        found = window([one.no for one in series], now - timedelta(days=7), now + timedelta(minutes=5))
    return {one.name: [value for _, value in found.get(one.no, [])] for one in series}


def test_samples_are_stored_for_their_host(acme: Any, agent: Api) -> None:
    monitor = host(acme)

    answer = push(agent, {"host": "web-1", "samples": SAMPLES}, "")

    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 2, "duplicates": 0, "refused": 0, "errors": [],
        "hosts": [{"id": str(monitor.pk), "name": "web-1", "created": False,
                   "url": f"http://localhost:8000/v1/monitors/{monitor.pk}"}],
    }  # fmt: skip
    assert values(acme, monitor) == {"cpu.percent": [12.5], "disk.used": [7_000_000]}


def test_a_host_is_found_by_its_id_before_its_name_in_any_case(acme: Any, agent: Api) -> None:
    monitor = host(acme, "The web server", reports_as="I-0AB1")
    host(acme, "web-1")

    push(agent, {"host": {"id": "i-0ab1", "name": "web-1"}, "samples": SAMPLES}, "")

    assert set(values(acme, monitor)) == {"cpu.percent", "disk.used"}


def test_an_unknown_host_is_404_without_create(acme: Any, agent: Api) -> None:
    answer = push(agent, {"host": "web-9", "samples": SAMPLES}, "")

    assert answer.status_code == 404
    assert answer.json()["errors"][0]["pointer"] == "/host"
    assert "?create=1" in answer.json()["errors"][0]["detail"]


def test_an_unknown_host_is_added_once_with_create(acme: Any, agent: Api) -> None:
    first = push(agent, {"host": {"id": "i-1", "name": "web-9"}, "samples": SAMPLES}).json()
    second = push(agent, {"host": {"id": "i-1", "name": "web-9"}, "samples": SAMPLES}).json()

    assert [first["hosts"][0]["created"], second["hosts"][0]["created"]] == [True, False]
    with in_tenant(acme):
        monitor = Monitor.objects.get()
    assert (monitor.kind, monitor.name, monitor.config) == ("host", "web-9", {"reports_as": "i-1"})


def test_hosts_are_added_up_to_a_number(acme: Any, agent: Api, settings: Any) -> None:
    settings.PULSE_HOSTS_PER_ORGANISATION = 1
    push(agent, {"host": "web-1", "samples": SAMPLES})

    answer = push(agent, {"host": "web-2", "samples": SAMPLES})

    assert answer.status_code == 422
    assert "up to 1, and 1 are there" in answer.json()["errors"][0]["detail"]


def test_two_hosts_cannot_report_as_the_same(acme: Any, api: Api) -> None:
    host(acme)

    answer = api.post("monitors", {"name": "again", "kind": "host", "config": {"reports_as": "WEB-1"}})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/config/reports_as"


def test_a_deleted_host_can_come_back(acme: Any, api: Api, agent: Api) -> None:
    api.delete(f"monitors/{host(acme).pk}")

    assert push(agent, {"host": "web-1", "samples": SAMPLES}).json()["hosts"][0]["created"]


def test_several_hosts_in_one_request(acme: Any, agent: Api) -> None:
    answer = push(agent, [{"host": f"web-{n}", "samples": SAMPLES} for n in range(3)]).json()

    assert answer["accepted"] == 6
    assert [one["name"] for one in answer["hosts"]] == ["web-0", "web-1", "web-2"]


def test_one_unknown_host_does_not_keep_out_the_others(acme: Any, agent: Api) -> None:
    host(acme)

    answer = push(agent, [{"host": "web-9", "samples": SAMPLES}, {"host": "web-1", "samples": SAMPLES}], "")

    assert answer.status_code == 200
    assert (answer.json()["accepted"], answer.json()["refused"]) == (2, 2)
    assert answer.json()["errors"][0]["pointer"] == "/0/host"


def test_bad_samples_are_told_and_the_good_ones_stored(acme: Any, agent: Api) -> None:
    now = timezone.now()
    samples = [
        {"name": "a", "value": 1},
        {"name": "a", "value": "1"},
        {"name": 7, "value": 1},
        {"name": "a b", "value": 1},
        {"name": "a", "value": float("nan")},
        {"name": "a", "value": float("inf")},
        {"name": "a", "value": 10**400},
        {"name": "a", "value": True},
        {"name": "c", "value": -1, "kind": "counter"},
        {"name": "a", "value": 1, "at": "yesterday"},
        {"name": "a", "value": 1, "at": "2026-01-01T00:00:00"},
        {"name": "a", "value": 1, "at": (now + timedelta(minutes=6)).isoformat()},
        {"name": "a", "value": 1, "at": (now - timedelta(days=8)).timestamp()},
        {"name": "a", "value": 1, "at": 1e300},
        {"name": "a", "value": 1, "labels": {"x": 1}},
        {"name": "a", "value": 1, "unit": 5},
        {"name": "a", "value": 1, "kind": "histogram"},
        {"name": "a", "value": 1, "colour": "red"},
        "a",
        {"name": "a", "value": 2, "at": (now - timedelta(minutes=1)).timestamp() * 1000},
    ]

    answer = push(agent, {"host": "web-1", "samples": samples})

    told = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert answer.status_code == 200
    assert (answer.json()["accepted"], answer.json()["refused"]) == (2, 18)
    assert told["/samples/1/value"] == "Send a number."
    assert set(told) >= {
        "/samples/2/name",
        "/samples/9/at",
        "/samples/10/at",
        "/samples/13/at",
        "/samples/18",
    }
    assert "NaN" in told["/samples/4"]
    assert "NaN" in told["/samples/6"]
    assert "cannot be negative" in told["/samples/8"]
    assert "minutes ahead" in told["/samples/11"]
    assert "older than samples are kept" in told["/samples/12"]


def test_a_request_of_which_nothing_is_good_is_422(acme: Any, agent: Api) -> None:
    answer = push(agent, {"host": "web-1", "samples": [{"name": "a b", "value": 1}]})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/samples/0"


def test_a_wrong_unit_is_told(acme: Any, agent: Api) -> None:
    push(agent, {"host": "web-1", "samples": [{"name": "a", "value": 1, "unit": "s"}]})

    answer = push(agent, {"host": "web-1", "samples": [{"name": "a", "value": 1, "unit": "ms"}]})

    assert "measured in s, not in ms" in answer.json()["errors"][0]["detail"]


def test_a_batch_that_comes_again_is_stored_once(acme: Any, agent: Api) -> None:
    body = {"host": "web-1", "samples": SAMPLES, "batch": str(uuid4())}
    push(agent, body)

    again = push(agent, body).json()

    assert (again["accepted"], again["duplicates"]) == (0, 2)


def test_the_batch_of_another_organisation_is_another(agent: Api, globex: Any) -> None:
    body = {"host": "web-1", "samples": SAMPLES, "batch": str(uuid4())}
    push(agent, body)

    assert push(Api(globex, ["ingest"]), body).json()["accepted"] == 2


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (7, ""),
        ({"samples": []}, "/host"),
        ({"host": {}, "samples": []}, "/host"),
        ({"host": {"id": 7}, "samples": []}, "/host"),
        ({"host": "x" * 201, "samples": []}, "/host"),
        ({"host": "x\ny", "samples": []}, "/host"),
        ({"host": "web-1"}, "/samples"),
        ({"host": "web-1", "samples": [], "batch": "7"}, "/batch"),
        ({"host": "web-1", "samples": [], "more": 1}, "/more"),
        ([{"host": "web-1", "samples": []}, 7], "/1"),
        ([{"host": "web-1", "samples": []}] * 101, ""),
        ({"host": "web-1", "samples": [0] * 20_001}, ""),
    ],
)
def test_what_is_no_batch_is_422_with_its_place(agent: Api, body: Any, pointer: str) -> None:
    answer = push(agent, body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_malformed_json_is_400_with_its_position(agent: Api) -> None:
    answer = push(agent, b'{"host": "web-1",\n "samples": [}')

    assert answer.status_code == 400
    assert "line 2, column 14" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"\xff", b"[" * 100_000, b"1" * 5000])
def test_no_json_breaks_it(agent: Api, body: bytes) -> None:
    assert push(agent, body).status_code == 400


def test_only_keys_with_the_scope_may_push(acme: Any, api: Api) -> None:
    body = {"host": "web-1", "samples": SAMPLES}

    assert push(Api(acme, ["monitors:write"]), body).status_code == 403
    assert push(api, body).status_code == 200


def test_a_key_that_may_push_may_do_nothing_else(agent: Api) -> None:
    assert agent.get("monitors").status_code == 403
    assert agent.post("monitors", {"name": "x"}).status_code == 403


def test_a_stranger_pushes_into_his_own_organisation_only(acme: Any, globex: Any) -> None:
    monitor = host(acme)

    answer = push(Api(globex, ["ingest"]), {"host": "web-1", "samples": SAMPLES}, "")

    assert answer.status_code == 404
    assert values(acme, monitor) == {}


def test_a_paused_host_keeps_its_numbers_and_is_not_judged(acme: Any, api: Api, agent: Api) -> None:
    monitor = host(acme)
    api.patch(f"monitors/{monitor.pk}", {"enabled": False})

    assert push(agent, {"host": "web-1", "samples": SAMPLES}).json()["accepted"] == 2
    assert api.get(f"monitors/{monitor.pk}").json()["status"] == "paused"
