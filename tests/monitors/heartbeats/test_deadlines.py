"""Heartbeats that fall silent, with their rows: found at their deadline, through edits and pauses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from django.db import connection
from django.utils import timezone

from incidents.models import Incident
from monitors import definition, editing
from monitors.deadlines import Deadlines
from monitors.models import Monitor
from monitors.telemetry.models import Status
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.heartbeats.serving import ask, heartbeat, token_of
from tests.monitors.stepping import head, status


def back(monitor: Monitor, by: timedelta) -> None:
    """As if all that is known of it had happened so much earlier."""
    seconds = by.total_seconds()
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_heartbeat SET anchor = anchor - make_interval(secs => %s),"
            " expected_at = expected_at - make_interval(secs => %s) WHERE monitor_no = %s",
            [seconds, seconds, monitor.no],
        )
        cursor.execute(
            "UPDATE telemetry_livestate SET next_due_at = next_due_at - make_interval(secs => %s),"
            " status_since = status_since - make_interval(secs => %s) WHERE monitor_no = %s",
            [seconds, seconds, monitor.no],
        )


def reported(organisation: Any, pings: str, **config: Any) -> tuple[Monitor, datetime]:
    """A heartbeat that reported just now, and its deadline."""
    monitor = heartbeat(organisation, config={"period_seconds": 600, "grace_seconds": 60, **config})
    assert ask(f"{pings}/{token_of(organisation, monitor)}").text == "OK"
    due = head(monitor).next_due_at
    assert due is not None
    return monitor, due


def test_silence_is_an_outage_since_the_deadline(acme: Any, pings: str) -> None:
    monitor, due = reported(acme, pings)
    assert Deadlines().settle() == 0
    back(monitor, timedelta(minutes=11, seconds=5))

    assert Deadlines().settle() == 1

    row = head(monitor)
    assert (row.status, row.next_due_at) == (Status.DOWN, None)
    assert row.status_since == due - timedelta(minutes=11, seconds=5)
    assert row.last_detail.startswith("no ping by ")
    with in_tenant(acme):
        assert Incident.objects.get().started_at == row.status_since
    assert ask(f"{pings}/{token_of(acme, monitor)}").text == "OK"
    assert status(monitor) is Status.UP
    with in_tenant(acme):
        assert Incident.objects.get().resolved_at is not None


def test_a_deadline_that_passed_while_pulse_was_away_is_waited_for_once_more(acme: Any, pings: str) -> None:
    monitor, due = reported(acme, pings)
    back(monitor, timedelta(minutes=20))

    assert Deadlines().settle() == 1

    later = head(monitor).next_due_at
    assert later is not None
    assert (status(monitor), timedelta(0) < later - timezone.now() <= timedelta(minutes=1)) == (
        Status.UP,
        True,
    )
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute("UPDATE telemetry_livestate SET next_due_at = now() - interval '1 s'")
    Deadlines().settle()
    assert (status(monitor), head(monitor).status_since) == (Status.DOWN, due - timedelta(minutes=20))


def test_a_new_heartbeat_waits_for_its_first_ping(acme: Any) -> None:
    monitor = heartbeat(acme)
    assert (head(monitor).next_due_at, status(monitor)) == (None, Status.PENDING)


def test_a_pause_forgets_what_was_expected(acme: Any, pings: str) -> None:
    monitor, _ = reported(acme, pings)
    with in_tenant(acme):
        editing.pause(acme, monitor, COMMAND_LINE)
    back(monitor, timedelta(days=1))
    with in_tenant(acme):
        editing.resume(acme, Monitor.objects.get(), COMMAND_LINE)
    assert Deadlines().settle() == 0
    assert (head(monitor).next_due_at, status(monitor)) == (None, Status.PENDING)


@pytest.mark.parametrize("change", [{"notes": "new"}, {"name": "another"}])
def test_an_edit_of_something_else_leaves_the_deadline(acme: Any, pings: str, change: dict[str, str]) -> None:
    monitor, due = reported(acme, pings)
    edit(acme, monitor, change)
    assert head(monitor).next_due_at == due


def test_a_changed_schedule_holds_from_the_edit_on(acme: Any, pings: str) -> None:
    monitor, _ = reported(acme, pings, period_seconds=86_400)
    back(monitor, timedelta(hours=5))
    edit(acme, monitor, {"config": {"period_seconds": 3600, "grace_seconds": 60}})

    assert Deadlines().settle() == 0
    due = head(monitor).next_due_at
    assert due is not None
    assert timedelta(minutes=60) < due - timezone.now() <= timedelta(minutes=61)


def test_a_kind_that_changes_takes_the_address_along(acme: Any, pings: str) -> None:
    monitor, _ = reported(acme, pings)
    token = token_of(acme, monitor)
    edit(acme, monitor, {"kind": "http", "target": "https://shop.example.com/", "config": {}})
    assert ask(f"{pings}/{token}").status_code == 404


def test_an_unknown_method_of_the_server_does_not_ping(acme: Any, pings: str) -> None:
    monitor, due = reported(acme, pings)
    assert requests.request("BREW", f"{pings}/{token_of(acme, monitor)}", timeout=5).status_code >= 400
    assert head(monitor).next_due_at == due


def edit(organisation: Any, monitor: Monitor, change: dict[str, Any]) -> None:
    with in_tenant(organisation):
        monitor = Monitor.objects.get(pk=monitor.pk)
        editing.update(organisation, monitor, definition.read(change, monitor), COMMAND_LINE)
