"""Silence says nothing while nobody takes reports: no job is called down because Pulse did not answer it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection

from monitors.deadlines import Deadlines
from monitors.telemetry import reception
from monitors.telemetry.models import Status
from pulse.scoping import as_pipeline
from tests.monitors.heartbeats.serving import served
from tests.monitors.heartbeats.test_deadlines import back, reported
from tests.monitors.stepping import head
from tests.receivers import wait_until


def away_for(seconds: float) -> None:
    """Nothing has taken reports for so long."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO telemetry_reception AS r (seen_at) VALUES (now() - make_interval(secs => %s))"
            " ON CONFLICT (one) DO UPDATE SET seen_at = excluded.seen_at",
            [seconds],
        )


def settle() -> int:
    return Deadlines().settle()


def test_a_web_process_says_that_it_is_there(acme: Any) -> None:
    with served(lifespan="on"):
        wait_until(seen, 10, "the web process to say so")


def seen() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT seen_at FROM telemetry_reception")
        return bool(cursor.fetchall())


def test_nobody_is_late_while_nobody_listens(acme: Any, pings: str) -> None:
    monitor, _ = reported(acme, pings)
    back(monitor, timedelta(minutes=11, seconds=5))
    away_for(1000)

    assert settle() == 0
    assert head(monitor).status == Status.UP


def test_what_passed_unheard_is_waited_for_once_more(acme: Any, pings: str) -> None:
    monitor, due = reported(acme, pings)
    back(monitor, timedelta(minutes=11, seconds=20))
    with as_pipeline():
        away_for(60)
        reception.mark()

    assert settle() == 1

    row = head(monitor)
    assert row.status == Status.UP
    assert row.next_due_at is not None
    back(monitor, timedelta(seconds=62))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE telemetry_reception SET returned_at = returned_at - interval '62 s'")
    assert settle() == 1
    assert head(monitor).status == Status.DOWN
    assert head(monitor).status_since < due


def test_what_passed_before_is_judged_as_ever(acme: Any, pings: str) -> None:
    monitor, _ = reported(acme, pings)
    back(monitor, timedelta(minutes=11, seconds=40))
    with as_pipeline():
        away_for(20)
        reception.mark()

    assert settle() == 1
    assert head(monitor).status == Status.DOWN
