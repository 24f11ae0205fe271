"""The database's clock is set an hour forward, and back: checks go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from monitors.clock import Clock
from monitors.evaluation import State
from monitors.models import Monitor
from monitors.telemetry.claiming import claim
from monitors.telemetry.models import CheckResult, Gap, LiveState, Status
from monitors.telemetry.scheduling import location_no
from pulse.scoping import as_pipeline
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, claimed, finish, shift, status, step

HOUR = timedelta(hours=1)


@pytest.fixture
def monitor(acme: Any) -> Monitor:
    monitor = make(acme, policy={"down_after": 2})
    step(monitor, GOOD)
    return monitor


def row(monitor: Monitor) -> LiveState:
    with as_pipeline():
        return LiveState.objects.get(monitor_no=monitor.no)


def test_set_back_by_an_hour_nothing_waits_for_it(monitor: Monitor) -> None:
    clock = Clock()
    with as_pipeline():
        clock.look(location_no())
    due = row(monitor).next_due_at
    shift(HOUR)
    with as_pipeline():
        Clock().look(location_no())

    assert due is not None
    assert row(monitor).next_due_at in (due, due + timedelta(seconds=60))


def test_what_is_held_ahead_is_taken_back(monitor: Monitor) -> None:
    held = claimed(monitor, BAD)
    shift(HOUR)
    with as_pipeline():
        Clock().look(location_no())
    finish(held)

    assert row(monitor).failures == 0
    assert row(monitor).lease_until is None


def test_a_good_clock_moves_nothing(monitor: Monitor) -> None:
    clock = Clock()
    with as_pipeline():
        clock.look(location_no())
    before = row_values()
    clock._look_at = 0.0
    with as_pipeline():
        clock.look(location_no())
    assert row_values() == before


def row_values() -> list[Any]:
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute("SELECT next_due_at, fencing_token, slot FROM public.telemetry_livestate")
        return list(cursor.fetchall())


def test_a_slot_that_comes_again_keeps_its_first_result_and_the_state_goes_on(monitor: Monitor) -> None:
    first = step(monitor, BAD)
    again = claimed(monitor, BAD)
    repeated = again.check.__class__(
        again.check.monitor_no, again.check.tenant_no, first.slot, again.check.token, again.check.spec_version,
        again.check.state,
    )  # fmt: skip
    finish(again.__class__(repeated, again.spec, again.outcome, 0))

    assert status(monitor) is Status.DOWN
    with as_pipeline():
        assert CheckResult.objects.filter(monitor_no=monitor.no, slot=first.slot).count() == 1


def test_set_forward_by_an_hour_is_one_gap_and_no_outage(monitor: Monitor) -> None:
    shift(-HOUR)
    with as_pipeline():
        (check,) = claim(location_no(), 10).checks
        (gap,) = Gap.objects.filter(monitor_no=monitor.no)
    assert check.state == State(Status.UP, flaps=check.state.flaps)
    assert timedelta(minutes=57) < gap.until - gap.slot <= HOUR
