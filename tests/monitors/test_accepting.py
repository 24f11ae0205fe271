"""People say whether a new issuer is the right one: on the monitor's page or by script, and nobody else does."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection

from monitors import editing
from monitors.models import Monitor
from monitors.telemetry.models import Status
from monitors.telemetry.scheduling import location_no
from monitors.telemetry.specs import Specs
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.api.making import UNKNOWN, problem_of
from tests.monitors.issuing import OURS, THEIRS, WANTED, accepted, seen
from tests.monitors.making import make
from tests.monitors.stepping import GOOD, claimed, head, status, step


@pytest.fixture
def watched(acme: Any) -> Monitor:
    return make(acme, kind="tls", target="127.0.0.1:9", config=WANTED)


@pytest.fixture
def changed(watched: Monitor) -> Monitor:
    for issuer in (OURS, THEIRS, THEIRS, THEIRS):
        step(watched, seen(issuer))
    return watched


ACCEPT = "Accept the new issuer"


def asks(client: Any, monitor: Monitor) -> bool:
    """Whether its page, and the part of it that is fetched anew, ask for an answer."""
    path = f"/o/acme/monitors/{monitor.pk}/"
    parts = [client.get(path).content.decode(), client.get(f"{path}issuer/").content.decode()]
    shown = [_opening(part, monitor) for part in parts]
    assert shown[0] == shown[1]
    return "hidden" not in shown[0]


def _opening(page: str, monitor: Monitor) -> str:
    found = re.search(rf'id="monitor_{monitor.pk}_issuer"[^>]*', page)
    assert found
    return found[0].split("aria-label")[1]


def test_the_page_asks_whoever_may_edit_while_the_last_check_says_so(
    as_alice: Any, as_bob: Any, watched: Monitor
) -> None:
    step(watched, seen(OURS))
    assert not asks(as_alice, watched)
    step(watched, seen(THEIRS))
    assert asks(as_alice, watched)
    assert not asks(as_bob, watched)
    step(watched, seen(OURS))
    assert not asks(as_alice, watched)


def test_the_page_asks_when_one_of_several_places_says_so(acme: Any, as_alice: Any) -> None:
    with as_pipeline():
        for code in ("fra", "nyc"):
            location_no(code)
    monitor = make(acme, kind="tls", target="127.0.0.1:9", locations=["fra", "nyc"], config=WANTED)
    for place, issuer in (("fra", OURS), ("nyc", OURS), ("nyc", THEIRS), ("fra", OURS)):
        step(monitor, seen(issuer), place)

    assert asks(as_alice, monitor)


def test_a_monitor_that_does_not_want_it_has_no_such_part(acme: Any, as_alice: Any) -> None:
    monitor = make(acme, kind="tls", target="127.0.0.1:9")

    assert ACCEPT not in as_alice.get(f"/o/acme/monitors/{monitor.pk}/").content.decode()


def test_accepting_takes_the_next_good_check_for_the_right_one(
    acme: Any, as_alice: Any, api: Any, changed: Monitor
) -> None:
    answer = as_alice.post(f"/o/acme/monitors/{changed.pk}/issuer/acceptance/")

    assert answer.status_code == 302
    assert "?awaiting=" in answer["Location"]
    assert accepted(changed) == []
    assert head(changed).asked
    assert not asks(as_alice, changed)
    step(changed, seen(THEIRS))
    step(changed, seen(THEIRS))
    assert accepted(changed) == [(1, THEIRS)]
    assert status(changed) is Status.UP
    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute(
            "SELECT object_kind, data::text, actor_name FROM tenants_audit WHERE verb = 'accepted'"
        )
        kind, data, who = cursor.fetchone()
    assert (kind, json.loads(data), who) == ("issuer", {"instead_of": [OURS]}, "alice@acme.example")


def test_a_worker_that_knew_it_loads_it_anew_once_another_is_accepted(acme: Any, changed: Monitor) -> None:
    specs = Specs()

    def known() -> str | None:
        check = claimed(changed, GOOD).check
        with as_pipeline():
            return specs.of([check], 1)[changed.no].accepted_issuer

    assert known() == OURS
    with in_tenant(acme):
        editing.accept_issuer(acme, changed, COMMAND_LINE)
    assert known() is None


def test_a_script_accepts_it_too(api: Any, changed: Monitor) -> None:
    answer = api.post(f"monitors/{changed.pk}/issuer")

    assert answer.status_code == 200
    assert answer.json()["id"] == str(changed.pk)
    assert accepted(changed) == []


def test_of_a_monitor_that_does_not_want_it_there_is_nothing_to_accept(acme: Any, api: Any) -> None:
    monitor = make(acme, kind="tls", target="127.0.0.1:9")

    assert "issuer_change" in problem_of(api.post(f"monitors/{monitor.pk}/issuer"), 409)["detail"]
    problem_of(api.post(f"monitors/{UNKNOWN}/issuer"), 404)


def test_who_may_not_edit_accepts_nothing(
    globex: Any, as_bob: Any, as_charlie: Any, changed: Monitor
) -> None:
    from tests.conftest import Api

    path = f"monitors/{changed.pk}/issuer/"
    assert as_bob.post(f"/o/acme/{path}acceptance/").status_code == 403
    assert as_charlie.post(f"/o/acme/{path}acceptance/").status_code == 404
    assert as_charlie.post(f"/o/globex/{path}acceptance/").status_code == 404
    assert as_charlie.get(f"/o/globex/{path}").status_code == 404
    assert Api(globex, ["*"]).post(f"monitors/{changed.pk}/issuer").status_code == 404
    assert accepted(changed) == [(1, OURS)]
