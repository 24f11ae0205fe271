"""One worker's recorder: nobody's steady results wait for a mass outage of others."""

from __future__ import annotations

from typing import Any

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
