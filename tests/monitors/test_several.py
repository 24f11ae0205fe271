"""One change for several monitors, from the page."""

from __future__ import annotations

from typing import Any

import pytest

from monitors.models import Monitor
from pulse.scoping import in_tenant
from tests.monitors.making import make

URL = "/o/acme/monitors/several/"


@pytest.fixture
def three(acme: Any) -> list[str]:
    return [str(make(acme, name, tags=["old"]).pk) for name in ("shop", "till", "stock")]


def now(organisation: Any) -> list[Monitor]:
    with in_tenant(organisation):
        return list(Monitor.objects.order_by("no"))


@pytest.mark.parametrize(
    ("posted", "field", "before", "after"),
    [
        ({"action": "pause"}, "enabled", True, False),
        ({"action": "add_tags", "tags": "New, old"}, "tags", ["old"], ["old", "new"]),
        ({"action": "remove_tags", "tags": "old"}, "tags", ["old"], []),
        ({"action": "interval", "interval_seconds": "300"}, "interval_seconds", 60, 300),
        ({"action": "owner", "owner": "alice@acme.example"}, "owner_name", "", "alice@acme.example"),
    ],
)
def test_what_is_ticked_is_changed_and_nothing_else(
    acme: Any, as_alice: Any, three: list[str], posted: dict[str, Any], field: str, before: Any, after: Any
) -> None:
    answer = as_alice.post(URL, posted | {"monitors": three[:2]})

    assert answer.status_code == 302, answer.context["form"].errors
    assert [getattr(one, field) for one in now(acme)] == [after, after, before]


def test_deleting_several(acme: Any, as_alice: Any, three: list[str]) -> None:
    as_alice.post(URL, {"action": "delete", "monitors": three[1:]})

    assert [one.name for one in now(acme)] == ["shop"]


def test_an_interval_is_nothing_for_what_reports_by_itself(
    acme: Any, as_alice: Any, three: list[str]
) -> None:
    job = str(make(acme, "job", kind="heartbeat", target="", config={}).pk)

    answer = as_alice.post(URL, {"action": "interval", "interval_seconds": "300", "monitors": [*three, job]})

    assert answer.status_code == 422
    assert "job: Remove it: a heartbeat is not checked at an interval" in answer.content.decode()
    assert {one.interval_seconds for one in now(acme)} == {60}


def test_what_cannot_be_for_one_changes_none(acme: Any, as_alice: Any, three: list[str]) -> None:
    slow = str(make(acme, "slow", timeout_seconds=50).pk)

    answer = as_alice.post(URL, {"action": "interval", "interval_seconds": "20", "monitors": [*three, slow]})

    assert answer.status_code == 422
    assert "slow: " in answer.content.decode()
    assert {one.interval_seconds for one in now(acme)} == {60}


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"action": "pause"}, "monitors"),
        ({"action": "explode"}, "action"),
        ({"action": "add_tags", "tags": " , "}, "tags"),
    ],
)
def test_what_is_missing_is_said(as_alice: Any, three: list[str], posted: dict[str, Any], field: str) -> None:
    chosen = {} if field == "monitors" else {"monitors": three}

    answer = as_alice.post(URL, posted | chosen)

    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_only_what_the_search_found_is_offered(acme: Any, as_alice: Any, three: list[str]) -> None:
    make(acme, "gate", tags=["edge"])

    page = as_alice.get(URL + "?q=tag:edge")

    assert [name for _, name in page.context["form"].fields["monitors"].choices] == ["gate"]
    refused = as_alice.post(URL + "?q=tag:edge", {"action": "delete", "monitors": three})
    assert refused.status_code == 422
    assert len(now(acme)) == 4


def test_a_strangers_monitor_is_not_there(acme: Any, globex: Any, as_charlie: Any, three: list[str]) -> None:
    answer = as_charlie.post("/o/globex/monitors/several/", {"action": "delete", "monitors": three})

    assert answer.status_code == 422
    assert len(now(acme)) == 3
