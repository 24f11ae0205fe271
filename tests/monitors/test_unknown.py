"""Results that say nothing: the monitor becomes unknown, nobody is told, and an outage is not over by that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from incidents.models import Incident
from monitors import definition, editing, history
from monitors.evaluation import combine
from monitors.models import Monitor
from monitors.probes.outcome import ErrorClass, Outcome
from monitors.reading import standings
from monitors.telemetry.models import Status
from monitors.telemetry.scheduling import location_no
from monitors.uptime import Change, measure, spans
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, head, status, step

POLICY = {"down_after": 2, "up_after": 1, "degraded_after": 1}
LOST = Outcome(False, ErrorClass.SOURCE_REFUSED, "the source refused the key")


@pytest.fixture
def monitor(acme: Any) -> Monitor:
    return make(acme, policy=POLICY)


def incidents(organisation: Any) -> list[Incident]:
    with in_tenant(organisation):
        return list(Incident.objects.order_by("pk"))


def walk(monitor: Monitor, *outcomes: Outcome, location: str | None = None) -> Status:
    for outcome in outcomes:
        step(monitor, outcome, location)
    return status(monitor)


def test_a_source_that_tells_nothing_makes_it_unknown_and_opens_nothing(acme: Any, monitor: Monitor) -> None:
    assert walk(monitor, GOOD, LOST) is Status.UP
    assert walk(monitor, LOST) is Status.UNKNOWN
    assert incidents(acme) == []
    assert walk(monitor, GOOD) is Status.UP


def test_an_open_incident_stays_open_and_says_so_and_the_next_good_result_resolves_it(
    acme: Any, monitor: Monitor
) -> None:
    assert walk(monitor, GOOD, BAD, BAD, LOST, LOST) is Status.UNKNOWN
    (incident,) = incidents(acme)
    assert incident.resolved_at is None
    with in_tenant(acme):
        told = list(incident.timeline.values_list("text", flat=True))
    assert "Its state is unknown from here on: the source refused the key" in told

    assert walk(monitor, GOOD) is Status.UP
    assert incidents(acme)[0].resolved_at is not None


def test_an_outage_that_goes_on_after_it_was_unknown_is_the_same_incident(
    acme: Any, monitor: Monitor
) -> None:
    assert walk(monitor, GOOD, BAD, BAD, LOST, LOST, BAD) is Status.DOWN
    (incident,) = incidents(acme)
    assert incident.resolved_at is None


def test_one_that_was_up_before_needs_its_failures_to_be_down(acme: Any, monitor: Monitor) -> None:
    assert walk(monitor, GOOD, LOST, LOST, BAD) is Status.UNKNOWN
    assert walk(monitor, BAD) is Status.DOWN
    assert len(incidents(acme)) == 1


def test_pages_say_unknown_and_why(acme: Any, monitor: Monitor, as_alice: Any) -> None:
    walk(monitor, GOOD, LOST)
    page = as_alice.get(f"/o/acme/monitors/{monitor.pk}/").content.decode()
    assert "1 of 2 results said nothing: the source refused the key." in page

    walk(monitor, LOST)
    page = as_alice.get(f"/o/acme/monitors/{monitor.pk}/").content.decode()
    assert 'data-status="unknown"' in page
    assert "Unknown for" in page
    assert "The source refused the key." in page
    listed = as_alice.get("/o/acme/monitors/?status=unknown").content.decode()
    assert "the source refused the key" in listed
    assert "Nothing is known of 1 monitor" in as_alice.get("/o/acme/monitors/summary/").content.decode()
    with in_tenant(acme):
        standing = standings([monitor])[monitor.no]
    assert (standing.word, standing.successes) == ("unknown", 0)


def test_the_api_says_unknown_of_the_monitor_and_of_the_result(acme: Any, monitor: Monitor, api: Any) -> None:
    walk(monitor, GOOD, LOST, LOST)

    assert api.get(f"monitors/{monitor.pk}").json()["status"] == "unknown"
    assert [row["id"] for row in api.get("monitors?status=unknown").json()["results"]] == [str(monitor.pk)]
    newest, _, oldest = api.get(f"monitors/{monitor.pk}/results").json()["results"]
    assert (newest["ok"], newest["unknown"], newest["error"]) == (False, True, "source_refused")
    assert newest["detail"] == "the source refused the key"
    assert (oldest["ok"], oldest["unknown"]) == (True, False)


def test_nobody_is_told_when_it_becomes_unknown(acme: Any, monitor: Monitor) -> None:
    def told() -> list[str]:
        with in_tenant(acme), connection.cursor() as cursor:
            cursor.execute("SELECT kind FROM outbox_fact WHERE tenant_no = %s ORDER BY no", [acme.no])
            return [row[0] for row in cursor.fetchall()]

    walk(monitor, GOOD, LOST, LOST)
    assert told() == []
    walk(monitor, BAD, BAD, LOST, LOST)
    assert told() == ["incident.opened"]
    walk(monitor, GOOD)
    assert told() == ["incident.opened", "incident.resolved"]


def test_time_without_knowledge_is_neither_up_nor_down(monitor: Monitor) -> None:
    start = head(monitor).status_since
    hour = timedelta(hours=1)
    changes = [
        Change(start, Status.UP),
        Change(start + hour, Status.UNKNOWN),
        Change(start + 2 * hour, Status.UP),
    ]
    found = measure(spans(changes, [], start, start + 3 * hour))
    assert (found.up, found.down, found.unknown) == (2 * hour, timedelta(), hour)
    assert found.share == 1.0


def test_failures_in_a_chart_do_not_count_results_that_say_nothing(acme: Any, monitor: Monitor) -> None:
    walk(monitor, GOOD, LOST, BAD)
    now = timezone.now()
    with in_tenant(acme):
        start, end = now - timedelta(minutes=5), now + timedelta(minutes=1)
        buckets = history.buckets(monitor.no, timedelta(minutes=1), start, end)
    assert sum(bucket.failed for bucket in buckets) == 1


def test_a_place_that_is_unknown_has_no_vote_and_all_of_them_make_it_unknown(acme: Any) -> None:
    with as_pipeline():
        for code in ("fra", "nyc"):
            location_no(code)
    monitor = make(acme, "two", locations=["fra", "nyc"], quorum=2, policy=POLICY)
    walk(monitor, GOOD, location="fra")
    assert walk(monitor, GOOD, location="nyc") is Status.UP
    walk(monitor, BAD, BAD, location="fra")
    assert walk(monitor, BAD, BAD, location="nyc") is Status.DOWN
    assert walk(monitor, LOST, LOST, location="nyc") is Status.DOWN
    assert walk(monitor, LOST, LOST, location="fra") is Status.UNKNOWN
    assert head(monitor).last_detail == "the source refused the key"
    (incident,) = incidents(acme)
    assert incident.resolved_at is None
    assert walk(monitor, GOOD, location="nyc") is Status.UP
    assert incidents(acme)[0].resolved_at is not None
    assert combine([Status.UNKNOWN, Status.DOWN], 2) is Status.DOWN


def test_a_group_of_which_nothing_is_known_is_unknown(acme: Any, monitor: Monitor) -> None:
    members = {"kind": "group", "name": "both", "config": {"rule": "all", "members": [str(monitor.pk)]}}
    with in_tenant(acme):
        group = editing.create(acme, definition.read(members), COMMAND_LINE)
    walk(monitor, GOOD)
    assert status(group) is Status.UP
    walk(monitor, LOST, LOST)
    assert status(group) is Status.UNKNOWN
    walk(monitor, GOOD)
    assert status(group) is Status.UP


def test_upside_down_does_not_turn_over_what_nobody_knows(acme: Any) -> None:
    monitor = make(acme, "closed", policy=POLICY, upside_down=True)
    assert walk(monitor, BAD) is Status.UP
    assert walk(monitor, LOST, LOST) is Status.UNKNOWN


def test_what_this_machine_cannot_check_is_unknown_and_nobody_s_outage(acme: Any, monitor: Monitor) -> None:
    impossible = Outcome(False, ErrorClass.NOT_POSSIBLE_HERE, "no raw sockets")
    walk(monitor, GOOD)

    assert walk(monitor, impossible, impossible) is Status.UNKNOWN
    assert incidents(acme) == []
