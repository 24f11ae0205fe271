"""The panel beside the policy, and the same for scripts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from monitors.models import Monitor
from pulse.scoping import in_tenant
from tests.api.making import pointers
from tests.monitors.making import make, result


def store(organisation: Any, monitor: Monitor, answers: str, end: datetime) -> None:
    """One result a minute up to `end`."""
    first = end - timedelta(minutes=len(answers))
    for place, answer in enumerate(answers):
        result(organisation, monitor, first + timedelta(minutes=place), ok=answer == "+")


@pytest.fixture
def monitor(acme: Any) -> Monitor:
    monitor = make(acme, policy={"down_after": 2, "flapping_above": 0.0})
    store(acme, monitor, "+" * 10 + "--" + "+" * 10 + "-----" + "+" * 10, timezone.now())
    return monitor


def test_the_panel_compares_what_is_typed_with_what_holds(acme: Any, as_alice: Any, monitor: Monitor) -> None:
    page = as_alice.post(
        f"/o/acme/monitors/{monitor.pk}/backtest/", {"down_after": "4", "flapping_above": "0"}
    )

    text = page.content.decode()
    assert page.status_code == 200
    assert "this rule would have opened 1 incident; today&#x27;s rule opens 2." in text
    assert "only today" in text
    assert 'aria-label="This rule: opens 1 incident"' in text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"down_after": "many"}, "Use a whole number of results from 1 to 20."),
        ({"flapping_above": "10", "flapping_below": "30"}, "Use less than flapping_above"),
        ({"window": "1"}, "Use 0 for none, or 2 to 30 results."),
    ],
)
def test_a_draft_that_cannot_be_says_what_to_write(
    as_alice: Any, monitor: Monitor, typed: dict[str, str], words: str
) -> None:
    page = as_alice.post(f"/o/acme/monitors/{monitor.pk}/backtest/", typed)
    assert words in page.content.decode()


def test_who_may_not_edit_replays_nothing_and_a_stranger_sees_nothing(
    as_bob: Any, as_charlie: Any, monitor: Monitor
) -> None:
    assert as_bob.post(f"/o/acme/monitors/{monitor.pk}/backtest/").status_code == 403
    assert as_charlie.post(f"/o/acme/monitors/{monitor.pk}/backtest/").status_code == 404
    assert as_charlie.post(f"/o/globex/monitors/{monitor.pk}/backtest/").status_code == 404


def test_scripts_get_each_outage(api: Any, monitor: Monitor) -> None:
    answer = api.post(f"monitors/{monitor.pk}/backtest", {"policy": {"down_after": 4}})

    body = answer.json()
    assert answer.status_code == 200
    assert body["results"] == 37
    assert (body["draft"]["opened"], body["today"]["opened"]) == (1, 2)
    assert [one["seconds"] for one in body["only_today"]] == [180]
    assert body["draft"]["outages"][0]["ended"] is not None
    assert body["policy"]["down_after"] == 4


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"policy": {"down_after": 0}}, "/policy/down_after"),
        ({"policy": {"soon": 1}}, "/policy/soon"),
        ({"policy": 3}, "/policy"),
        ({"quorum": 2}, "/quorum"),
        ({"from": "yesterday"}, "/from"),
        ({"from": "2026-03-01T00:00:00"}, "/from"),
        ({"from": "2030-03-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"}, "/from"),
        ({"from": "2000-03-01T00:00:00Z"}, "/from"),
        ({"since": 1}, "/since"),
    ],
)
def test_a_request_that_cannot_be_names_its_field(
    api: Any, monitor: Monitor, fields: dict[str, Any], pointer: str
) -> None:
    assert pointers(api.post(f"monitors/{monitor.pk}/backtest", fields)) == [pointer]


def test_what_leaves_no_results_is_refused(acme: Any, api: Any) -> None:
    beat = make(acme, "backup", kind="heartbeat", target="", config={"period_seconds": 60})
    answer = api.post(f"monitors/{beat.pk}/backtest", {})
    assert answer.status_code == 422
    assert "leaves no results" in answer.content.decode()


def test_globex_replays_nothing_of_acme(globex_api: Any, monitor: Monitor) -> None:
    assert globex_api.post(f"monitors/{monitor.pk}/backtest", {}).status_code == 404


def test_nothing_is_saved_by_it(acme: Any, api: Any, monitor: Monitor) -> None:
    api.post(f"monitors/{monitor.pk}/backtest", {"policy": {"down_after": 9}})
    with in_tenant(acme):
        assert Monitor.objects.get(pk=monitor.pk).down_after == 2
