"""Deadlines of monitors that report in: found once, dated right, and one that fails stops no other."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from incidents.models import Incident
from monitors import deadlines, editing
from monitors.deadlines import Deadlines
from monitors.evaluation import Verdict, evaluate
from monitors.facts import MonitorChangedStatus
from monitors.kinds import KINDS, REPORTING, Reporting
from monitors.models import Monitor
from monitors.probes.settings import Settings
from monitors.telemetry import reports
from monitors.telemetry.models import REPORTED, Status
from monitors.telemetry.reports import DueRow, Reported
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make
from tests.monitors.stepping import head, status
from tests.monitors.test_busy_rows import held


class Silence:
    """A kind of which every missed deadline is a failure; monitors in `broken` cannot be settled."""

    def __init__(self) -> None:
        self.broken: set[int] = set()
        self.settled: list[int] = []

    def settle(self, rows: Sequence[DueRow], now: datetime) -> list[MonitorChangedStatus]:
        if self.broken & {row.monitor_no for row in rows}:
            raise ValueError("cannot be settled")
        missed = []
        for row in rows:
            assert row.due_at is not None
            after, transition = evaluate(row.policy, row.state, Verdict.BAD, row.due_at)
            missed.append(
                Reported(row.monitor_no, row.tenant_no, row.due_at, after, transition, None, False, "silent")
            )
            self.settled.append(row.monitor_no)
        reports.write_states(missed)
        return reports.changes(missed, now)


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Silence:
    found = Silence()
    kind = Reporting("Silence", Settings(dict), {"down_after": 1, "up_after": 1, "degraded_after": 1})
    for table in (KINDS, REPORTING):
        monkeypatch.setitem(table, "silence", kind)
    monkeypatch.setitem(deadlines.SETTLERS, "silence", found.settle)
    return found


def due(organisation: Any, name: str, ago: timedelta = timedelta(seconds=1)) -> tuple[Monitor, datetime]:
    monitor, at = make(organisation, name, kind="silence", target=""), timezone.now() - ago
    with in_tenant(organisation), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_livestate SET next_due_at = %s WHERE monitor_no = %s", [at, monitor.no]
        )
    return monitor, at


def test_a_missed_deadline_is_an_outage_since_the_deadline(acme: Any, silence: Silence) -> None:
    monitor, at = due(acme, "backup", timedelta(minutes=7))

    assert Deadlines().settle() == 1

    row = head(monitor)
    assert (row.location, row.status, row.status_since, row.next_due_at) == (REPORTED, Status.DOWN, at, None)
    with in_tenant(acme):
        incident = Incident.objects.get()
    assert (incident.monitor_no, incident.started_at) == (monitor.no, at)
    assert Deadlines().settle() == 0


def test_one_that_fails_stops_neither_its_siblings_nor_other_organisations(
    acme: Any, globex: Any, silence: Silence
) -> None:
    bad, sibling, stranger = due(acme, "bad")[0], due(acme, "sibling")[0], due(globex, "stranger")[0]
    silence.broken.add(bad.no)
    watch = Deadlines()

    watch.settle()

    assert status(bad) is Status.PENDING
    assert status(sibling) is status(stranger) is Status.DOWN
    assert watch.settle() == 0  # it waits before it is tried again
    silence.broken.clear()
    Deadlines().settle()
    assert status(bad) is Status.DOWN


def test_a_row_that_is_held_waits_and_the_others_do_not(acme: Any, silence: Silence) -> None:
    edited, other = due(acme, "edited")[0], due(acme, "other")[0]
    with held(edited):
        Deadlines().settle()
        assert (status(edited), status(other)) == (Status.PENDING, Status.DOWN)

    Deadlines().settle()

    assert status(edited) is Status.DOWN


def test_workers_beside_each_other_settle_a_deadline_once(acme: Any, silence: Silence) -> None:
    monitors = [due(acme, f"job {number}")[0] for number in range(20)]
    together = threading.Barrier(2)

    def run() -> None:
        together.wait(5)
        Deadlines().settle()
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    Deadlines().settle()
    assert sorted(silence.settled) == sorted(monitor.no for monitor in monitors)


def test_a_paused_monitor_misses_nothing(acme: Any, silence: Silence) -> None:
    monitor, _ = due(acme, "paused")
    with in_tenant(acme):
        editing.pause(acme, monitor, COMMAND_LINE)

    assert Deadlines().settle() == 0
    assert status(monitor) is Status.PENDING


def test_the_thread_settles_by_its_own_clock_and_stops(acme: Any, silence: Silence) -> None:
    monitor, _ = due(acme, "job")
    watch = Deadlines()
    watch.start()
    until = timezone.now() + timedelta(seconds=10)
    while status(monitor) is Status.PENDING and timezone.now() < until:
        threading.Event().wait(0.05)
    assert watch.alive
    watch.stop()
    assert not watch.alive
    assert status(monitor) is Status.DOWN
