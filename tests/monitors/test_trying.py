"""Try before save: a draft of polled metrics is asked for once, by the rules that saving has."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from monitors import definition, trying
from monitors.models import Monitor
from pulse.fields import ConfigError
from pulse.scoping import in_tenant
from tests.monitors.making import make
from tests.peers.prometheus import PASSWORD, USER, PrometheusPeer, prometheus
from tests.receivers import wait_until

CONFIG = {
    "username": USER, "password": PASSWORD, "queries": ["temperature [°C] = temperature"], "step_seconds": 15,
    "derived": ["half [°C] = temperature / 2"], "thresholds": ["last(temperature) > 40 warn, > 60 crit"],
}  # fmt: skip


@pytest.fixture(scope="module")
def peer() -> Iterator[PrometheusPeer]:
    with prometheus() as server:
        yield server


def form(peer: PrometheusPeer, **more: Any) -> dict[str, Any]:
    config = {
        name: "\n".join(value) if isinstance(value, list) else value
        for name, value in {"source": "prometheus", "no_data": "unknown", **CONFIG, **more}.items()
    }
    return {
        "name": "load", "target": peer.url, "interval_seconds": "60", "timeout_seconds": "10", "down_after": "3",
        "up_after": "2", "degraded_after": "3", "enabled": "on", "tags": "", "owner": "", "runbook_url": "",
        "notes": "", **config,
    }  # fmt: skip


def count(organisation: Any) -> int:
    with in_tenant(organisation):
        return Monitor.objects.count()


def test_the_form_shows_values_charts_and_verdicts_and_saves_nothing(
    acme: Any, as_alice: Any, peer: PrometheusPeer
) -> None:
    answer = as_alice.post("/o/acme/monitors/new/?kind=metrics", {**form(peer), "try": "1"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "What it would show now" in page
    assert "Temperature is 42 °C; warning is &gt; 40." in page
    assert page.count('class="sparkline"') == 2
    assert "21 °C" in page
    assert count(acme) == 0

    saved = as_alice.post("/o/acme/monitors/new/?kind=metrics", form(peer))
    assert saved.status_code == 302
    assert count(acme) == 1


def test_what_the_source_says_of_a_wrong_key_and_a_wrong_query_is_shown(
    acme: Any, as_alice: Any, peer: PrometheusPeer
) -> None:
    wrong = as_alice.post("/o/acme/monitors/new/?kind=metrics", {**form(peer, password="nope"), "try": "1"})
    assert "The source refused the key (HTTP 401)" in wrong.content.decode()

    broken = {**form(peer, queries=["x = sum("], derived=[], thresholds=[]), "try": "1"}
    odd = as_alice.post("/o/acme/monitors/new/?kind=metrics", broken)
    assert "does not understand x" in odd.content.decode()


def test_a_draft_that_could_not_be_saved_is_not_tried(acme: Any, as_alice: Any, peer: PrometheusPeer) -> None:
    answer = as_alice.post("/o/acme/monitors/new/?kind=metrics", {**form(peer, queries=[]), "try": "1"})

    assert answer.status_code == 422
    assert "Write at least one query" in answer.content.decode()


def test_an_edit_is_tried_with_the_key_that_is_kept_but_not_at_another_address(
    acme: Any, as_alice: Any, peer: PrometheusPeer
) -> None:
    monitor = make(acme, "load", kind="metrics", target=peer.url, config=CONFIG)
    path = f"/o/acme/monitors/{monitor.pk}/edit/"

    kept = as_alice.post(path, {**form(peer, password="********"), "try": "1"})
    assert "Temperature is 42 °C" in kept.content.decode()

    moved = as_alice.post(
        path, {**form(peer, password="********"), "target": "http://127.0.0.2:9", "try": "1"}
    )
    assert moved.status_code == 422
    assert "What it would show now" not in moved.content.decode()


def test_the_api_tries_a_draft_and_changes_of_a_monitor(acme: Any, api: Any, peer: PrometheusPeer) -> None:
    draft = {"kind": "metrics", "target": peer.url, "config": CONFIG}
    found = api.post("monitors/trial", draft).json()

    assert (found["status"], found["detail"]) == ("degraded", "temperature is 42 °C; warning is > 40")
    assert {line["name"]: line["points"][-1]["value"] for line in found["series"]} == {
        "temperature": 42,
        "half": 21,
    }
    assert found["thresholds"][0]["level"] == "warning"
    assert count(acme) == 0

    monitor = make(acme, "load", kind="metrics", target=peer.url, config=CONFIG)
    changed = api.post(
        f"monitors/{monitor.pk}/trial", {"config": {**CONFIG, "password": "********", "thresholds": []}}
    )
    assert changed.json()["status"] == "up"
    assert PASSWORD not in changed.content.decode().replace("test_", "")


def test_other_kinds_and_private_addresses_are_refused(acme: Any, api: Any, settings: Any) -> None:
    assert api.post("monitors/trial", {"target": "http://127.0.0.1/"}).status_code == 422

    settings.PULSE_ALLOW_PRIVATE_TARGETS = ""
    answer = api.post("monitors/trial", {"kind": "metrics", "target": "http://10.0.0.1", "config": CONFIG})
    assert answer.status_code == 422
    assert "Use a public address" in answer.content.decode()


def test_one_at_a_time_for_each_organisation(acme: Any, peer: PrometheusPeer) -> None:
    with in_tenant(acme):
        values = definition.read({"name": "x", "kind": "metrics", "target": peer.url, "config": CONFIG})
        with trying._alone(acme.no):
            refused: list[str] = []

            def second() -> None:
                try:
                    trying.try_out(acme, values)
                except ConfigError as error:
                    refused.append(str(error))

            thread = threading.Thread(target=second)
            thread.start()
            thread.join(5)
        assert "try again in a few seconds" in refused[0]
        assert trying.try_out(acme, values).status == "degraded"


def test_a_stranger_can_try_nothing_of_another(acme: Any, as_charlie: Any, peer: PrometheusPeer) -> None:
    assert (
        as_charlie.post("/o/acme/monitors/new/?kind=metrics", {**form(peer), "try": "1"}).status_code == 404
    )


def test_a_worker_polls_stores_judges_and_tells_what_it_saw(
    acme: Any, api: Any, as_alice: Any, checker: Any, peer: PrometheusPeer
) -> None:
    config = {**CONFIG, "thresholds": ["last(temperature) > 40 crit"]}
    policy = {"down_after": 1, "up_after": 1, "degraded_after": 1}
    draft = {"name": "load", "kind": "metrics", "target": peer.url, "config": config, "policy": policy}
    monitor = api.post("monitors", draft).json()
    path = f"monitors/{monitor['id']}"
    wait_until(lambda: api.get(path).json()["status"] == "down", 10, "a verdict")

    (incident,) = api.get("incidents?state=open").json()["results"]
    assert incident["cause"] == "temperature is 42 °C; critical is > 40"
    series = {one["name"]: one for one in api.get(f"{path}/series").json()["results"]}
    assert {name: one["unit"] for name, one in series.items()} == {"temperature": "°C", "half": "°C"}

    # The key is changed at the source: nobody knows any more, and the incident stays as it is.
    api.patch(path, {"config": {**config, "password": "another"}})
    api.post(f"{path}/check", {})
    wait_until(lambda: api.get(path).json()["status"] == "unknown", 10, "that it is unknown")
    assert len(api.get("incidents?state=open").json()["results"]) == 1
    page = as_alice.get(f"/o/acme/monitors/{monitor['id']}/").content.decode()
    assert "The source refused the key (HTTP 401)" in page

    api.patch(path, {"config": CONFIG})
    api.post(f"{path}/check", {})
    wait_until(lambda: api.get(path).json()["status"] == "degraded", 10, "that it is known again")
    assert api.get("incidents?state=open").json()["results"] == []
