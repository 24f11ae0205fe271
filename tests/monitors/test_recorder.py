"""One worker's recorder: nobody's steady results wait for a mass outage of others."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitors.models import Monitor
from monitors.recording import Recorder
from monitors.statuses import Status
from monitors.telemetry.models import CheckResult
from monitors.telemetry.scheduling import location_no
from pulse.scoping import as_pipeline, in_tenant
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, claimed, status, step


def here() -> int:
    with as_pipeline():
        return location_no()


def results(monitor: Monitor) -> int:
    with as_pipeline():
        return CheckResult.objects.filter(monitor_no=monitor.no).count()


def test_steady_results_are_written_before_transitions(acme: Any) -> None:
    steady, failing = make(acme, "steady"), make(acme, "failing", policy={"down_after": 1})
    for monitor in (steady, failing):
        step(monitor, GOOD)
    recorder = Recorder()

    assert recorder.take([claimed(steady, GOOD), claimed(failing, BAD)], here()) == []
    assert (results(steady), results(failing)) == (2, 1)
    assert recorder.is_waiting
    recorder.settle(here())
    assert status(failing) is Status.DOWN
    assert not recorder.is_waiting


def test_what_fails_meanwhile_joins_the_transaction_of_its_organisation(acme: Any, globex: Any) -> None:
    monitors = [make(acme, f"m{number}", policy={"down_after": 1}) for number in range(3)]
    other = make(globex, "other", policy={"down_after": 1})
    for monitor in (*monitors, other):
        step(monitor, GOOD)
    recorder = Recorder()
    recorder.take([claimed(other, BAD), claimed(monitors[0], BAD)], here())
    recorder.take([claimed(monitors[1], BAD), claimed(monitors[2], BAD)], here())

    assert recorder.settle(here(), within_s=0)  # one organisation a call when there is no time
    assert {status(one) for one in monitors} == {Status.DOWN}
    assert status(other) is Status.UP
    recorder.settle(here(), within_s=0)
    assert status(other) is Status.DOWN
    with in_tenant(acme):
        assert {one.incidents.get().part_of_id is not None for one in monitors} == {True}


@pytest.mark.parametrize("each", [1, 12])
def test_steady_results_of_everybody_are_one_statement_that_reads_nothing_but_their_rows(
    acme: Any, globex: Any, each: int
) -> None:
    monitors = [make(owner, f"m{number}") for owner in (acme, globex) for number in range(each)]
    for monitor in monitors:
        step(monitor, GOOD)
    batch = [claimed(monitor, GOOD) for monitor in monitors]

    with CaptureQueriesContext(connection) as captured:
        assert Recorder().take(batch, here()) == []
    sent = [query["sql"].lstrip() for query in captured.captured_queries]
    frame = ("SELECT set_config(", "SET LOCAL", "SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    (only,) = [sql for sql in sent if not sql.startswith(frame) and "telemetry_location" not in sql]
    assert only.startswith("WITH r AS (")
    assert {results(monitor) for monitor in monitors} == {2}


def test_a_result_that_is_an_hour_late_is_stored_as_late_as_can_be_said(acme: Any) -> None:
    monitor = make(acme)
    recorder = Recorder()

    recorder.take([claimed(monitor, GOOD)._replace(lateness_us=3_600_000_000)], here())
    recorder.settle(here())

    with as_pipeline():
        assert CheckResult.objects.get(monitor_no=monitor.no).lateness_us == 2**31 - 1
    assert status(monitor) is Status.UP
