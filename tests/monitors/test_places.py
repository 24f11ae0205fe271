"""A monitor that several locations watch: they vote, and one incident tells the vote."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from incidents.models import Incident
from monitors import definition, editing
from monitors.locations import recount_everywhere
from monitors.models import Monitor
from monitors.reading import standings
from monitors.telemetry.claiming import claim
from monitors.telemetry.models import Gap, StateChange, Status
from monitors.telemetry.scheduling import location_no
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, claimed, finish, head, states, status, step

PLACES = ["fra", "nyc", "sin"]
POLICY = {"down_after": 2, "up_after": 1, "degraded_after": 1}


@pytest.fixture
def monitor(acme: Any) -> Monitor:
    with as_pipeline():
        for code in PLACES:
            location_no(code)
    return make(acme, locations=PLACES, quorum=2, policy=POLICY)


def incidents(organisation: Any) -> list[Incident]:
    with in_tenant(organisation):
        return list(Incident.objects.order_by("pk"))


def fail(monitor: Monitor, place: str, times: int = 2) -> None:
    for _ in range(times):
        step(monitor, BAD, place)


def test_each_place_has_a_row_and_one_row_stands_for_all(monitor: Monitor) -> None:
    rows = states(monitor)

    assert [row.is_head for row in rows] == [True, False, False, False]
    assert rows[0].next_due_at is None
    assert all(row.next_due_at for row in rows[1:])


def test_one_place_alone_opens_nothing_two_of_three_open_one_incident(acme: Any, monitor: Monitor) -> None:
    for place in PLACES:
        step(monitor, GOOD, place)
    assert status(monitor) is Status.UP

    fail(monitor, "fra")
    assert (status(monitor), incidents(acme)) == (Status.UP, [])

    fail(monitor, "sin")
    (incident,) = incidents(acme)
    assert status(monitor) is Status.DOWN
    assert incident.cause.startswith("2 of 3 locations: connection refused")

    step(monitor, GOOD, "fra")
    assert status(monitor) is Status.UP
    assert incidents(acme)[0].resolved_at is not None


def test_the_outage_begins_when_enough_places_saw_it(acme: Any, monitor: Monitor) -> None:
    fail(monitor, "fra")
    first = step(monitor, BAD, "nyc")
    step(monitor, BAD, "nyc")

    assert head(monitor).status_since == first.slot
    assert incidents(acme)[0].started_at == first.slot


def test_a_place_without_workers_has_no_vote(acme: Any, monitor: Monitor) -> None:
    for place in PLACES:
        step(monitor, GOOD, place)
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_livestate SET next_due_at = now() - interval '1 minute'"
            " WHERE monitor_no = %s AND location = ANY(%s)",
            [monitor.no, [location_no("nyc"), location_no("sin")]],
        )

    fail(monitor, "fra")

    assert status(monitor) is Status.DOWN


def test_only_the_vote_is_kept_as_history(monitor: Monitor) -> None:
    for place in PLACES:
        step(monitor, GOOD, place)
    fail(monitor, "fra")

    with as_pipeline():
        assert [row.status for row in StateChange.objects.filter(monitor_no=monitor.no)] == [Status.UP]


def test_the_page_and_the_api_tell_each_place(acme: Any, monitor: Monitor, api: Any, as_alice: Any) -> None:
    step(monitor, GOOD, "fra")
    fail(monitor, "nyc")

    places = api.get(f"monitors/{monitor.pk}").json()["places"]
    assert [(place["location"], place["status"]) for place in places] == [
        ("fra", "up"), ("nyc", "down"), ("sin", "pending"),
    ]  # fmt: skip
    page = as_alice.get(f"/o/acme/monitors/{monitor.pk}/").content.decode()
    assert "fra: up" in page
    assert "nyc: down" in page


def test_fewer_places_keep_the_status_of_the_vote(acme: Any, monitor: Monitor) -> None:
    for place in PLACES:
        step(monitor, GOOD, place)
    fail(monitor, "fra")

    with in_tenant(acme):
        monitor = Monitor.objects.get(pk=monitor.pk)
        values = definition.read({"locations": ["fra"], "quorum": 1}, monitor)
        editing.update(acme, monitor, values, COMMAND_LINE)

    (row,) = states(monitor)
    assert (row.is_head, row.status, row.failures) == (True, Status.UP, 0)
    fail(monitor, "fra")
    assert len(incidents(acme)) == 1


def test_a_second_place_keeps_an_outage_that_is_told(acme: Any) -> None:
    with as_pipeline():
        for code in ("default", "fra"):
            location_no(code)
    monitor = make(acme, policy=POLICY)
    fail(monitor, "default")

    with in_tenant(acme):
        values = definition.read({"locations": ["default", "fra"], "quorum": 1}, monitor)
        editing.update(acme, monitor, values, COMMAND_LINE)
        standing = standings([monitor])[monitor.no]

    assert standing.word == "down"
    assert [incident.resolved_at for incident in incidents(acme)] == [None]
    step(monitor, GOOD, "default")
    assert status(monitor) is Status.UP
    assert incidents(acme)[0].resolved_at is not None


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"locations": ["atlantis"]}, "/locations"),
        ({"locations": "fra"}, "/locations"),
        ({"quorum": 2}, "/quorum"),
        ({"quorum": 0}, "/quorum"),
    ],
)
def test_places_that_cannot_be_are_refused(api: Any, fields: dict[str, Any], pointer: str) -> None:
    answer = api.post("monitors", {"name": "a", "target": "http://127.0.0.1:9/"} | fields)

    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def edit(organisation: Any, monitor: Monitor, **changes: Any) -> None:
    with in_tenant(organisation):
        row = Monitor.objects.get(pk=monitor.pk)
        editing.update(organisation, row, definition.read(changes, row), COMMAND_LINE)


def gaps(monitor: Monitor) -> int:
    with as_pipeline():
        return Gap.objects.filter(monitor_no=monitor.no).count()


@pytest.mark.parametrize(("before", "after"), [(["fra", "nyc"], ["fra"]), (["fra"], ["fra", "nyc"])])
def test_a_result_under_way_while_the_rule_changes_counts_for_neither(
    acme: Any, before: list[str], after: list[str]
) -> None:
    with as_pipeline():
        for code in PLACES:
            location_no(code)
    policy = POLICY | {"down_after": 1}
    monitor = make(acme, locations=before, policy=policy)
    for place in before:
        step(monitor, GOOD, place)
    under_way = claimed(monitor, BAD, "fra")

    edit(acme, monitor, locations=after)
    finish(under_way, "fra")
    assert (status(monitor), incidents(acme)) == (Status.UP, [])

    for place in after:
        step(monitor, BAD, place)
    assert status(monitor) is Status.DOWN
    assert len(incidents(acme)) == 1


def test_the_slot_that_was_under_way_then_is_a_gap(acme: Any) -> None:
    with as_pipeline():
        location_no("fra")
    monitor = make(acme, locations=["fra"], policy=POLICY)
    step(monitor, GOOD, "fra")
    under_way = claimed(monitor, GOOD, "fra")

    edit(acme, monitor, locations=["fra", "default"])
    with as_pipeline():
        (again,) = claim(location_no("fra"), 10).checks

    assert again.slot > under_way.check.slot
    assert gaps(monitor) == 1


@pytest.mark.parametrize("changes", [{"locations": ["nyc", "sin"]}, {"quorum": 3}])
def test_an_edit_that_takes_the_votes_away_ends_the_outage(
    acme: Any, monitor: Monitor, changes: dict[str, Any]
) -> None:
    for place in PLACES:
        step(monitor, GOOD, place)
    fail(monitor, "fra")
    fail(monitor, "nyc")
    assert status(monitor) is Status.DOWN

    edit(acme, monitor, **changes)

    assert status(monitor) is Status.UP
    assert incidents(acme)[0].resolved_at is not None


def test_an_edit_that_leaves_only_new_places_keeps_the_outage(acme: Any, monitor: Monitor) -> None:
    fail(monitor, "fra")
    fail(monitor, "nyc")

    edit(acme, monitor, locations=["default", "sin"])

    assert status(monitor) is Status.DOWN
    assert incidents(acme)[0].resolved_at is None


def test_places_that_fall_silent_lose_their_vote_without_anybody_else_changing(
    acme: Any, monitor: Monitor
) -> None:
    step(monitor, GOOD, "sin")
    fail(monitor, "fra")
    fail(monitor, "nyc")
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_livestate SET lease_until = NULL, next_due_at = now() - interval '1 hour'"
            " WHERE monitor_no = %s AND location = ANY(%s)",
            [monitor.no, [location_no("fra"), location_no("nyc")]],
        )

    recount_everywhere()

    assert status(monitor) is Status.UP
    assert incidents(acme)[0].resolved_at is not None
