"""What is checked often is held from slot to slot, and given up as soon as anything about it changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from monitors import definition, editing
from monitors.holding import Holding
from monitors.models import Monitor
from monitors.telemetry.scheduling import location_no
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.holding.steps import (
    INTERVAL,
    bring_near,
    claimed,
    due,
    finish,
    held,
    make,
    start_soon,
    starts_in,
    state,
)
from tests.monitors.stepping import BAD, GOOD


def test_a_result_claims_the_slot_after_it(monitor: Monitor, worker: Holding) -> None:
    check = claimed()[0]

    row = finish(check, worker)

    assert row.slot is not None
    assert row.last_slot == check.slot
    assert 0 < (row.slot - check.slot).total_seconds() <= INTERVAL
    assert (row.next_due_at - row.slot).total_seconds() == INTERVAL  # type: ignore[operator]
    assert (row.lease_until - row.slot).total_seconds() == 15  # type: ignore[operator]
    assert row.fencing_token == check.token + 1
    assert claimed() == []


def test_a_held_slot_starts_when_it_is_near(monitor: Monitor, worker: Holding) -> None:
    row = held(monitor, worker)
    assert due(worker) == []
    bring_near(monitor.no, worker)

    checks = due(worker)

    assert [(check.monitor_no, check.token) for check in checks] == [(monitor.no, row.fencing_token)]
    after = finish(checks[0], worker)
    assert after.last_slot == checks[0].slot
    assert after.lease_until is not None


def test_the_state_goes_along_with_what_is_held(monitor: Monitor, worker: Holding) -> None:
    held(monitor, worker)
    bring_near(monitor.no, worker)
    finish(due(worker)[0], worker, BAD)
    bring_near(monitor.no, worker)

    row = finish(due(worker)[0], worker, BAD)

    assert row.failures == 2


@pytest.mark.parametrize("more", [{"interval_seconds": 31}, {"retry_seconds": 5}])
def test_what_is_checked_seldom_or_wants_confirmation_is_not_held(
    acme: Any, worker: Holding, more: dict[str, Any]
) -> None:
    make(acme, **more)
    outcome = BAD if "retry_seconds" in more else GOOD

    assert finish(claimed()[0], worker, outcome).lease_until is None


def test_a_worker_that_is_late_lets_go(monitor: Monitor, worker: Holding) -> None:
    assert finish(claimed()[0], worker, lateness_us=6_000_000).lease_until is None


def test_now_and_then_a_monitor_is_let_go(monitor: Monitor, worker: Holding) -> None:
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute("UPDATE telemetry_livestate SET fencing_token = 15")

    assert finish(claimed()[0], worker).lease_until is None


def edited(acme: Any, monitor: Monitor) -> None:
    values = {**definition.as_json(monitor), "target": "http://127.0.0.1:10/"}
    editing.update(acme, monitor, definition.read(values, monitor), COMMAND_LINE)


CHANGES: dict[str, Callable[[Any, Monitor], object]] = {
    "edited": edited,
    "paused": lambda acme, monitor: editing.pause(acme, monitor, COMMAND_LINE),
    "asked for": lambda acme, monitor: editing.check_now(acme, monitor, COMMAND_LINE),
    "deleted": lambda acme, monitor: editing.delete(acme, monitor, COMMAND_LINE),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_takes_it_back(acme: Any, monitor: Monitor, worker: Holding, change: str) -> None:
    number, before = monitor.no, held(monitor, worker)
    with in_tenant(acme):
        CHANGES[change](acme, monitor)
    start_soon(worker)

    assert due(worker) == []
    if change == "edited":
        row = state(number)
        assert (row.next_due_at, row.lease_until, row.slot) == (before.slot, None, before.last_slot)
    if change == "asked for":
        assert [check.asked for check in claimed()] == [True]
        assert state(number).next_due_at == before.slot


def test_an_edit_in_the_last_second_brings_its_settings(acme: Any, monitor: Monitor, worker: Holding) -> None:
    held(monitor, worker)
    bring_near(monitor.no, worker)
    with in_tenant(acme):
        edited(acme, monitor)

    assert [check.spec_version for check in due(worker)] == [2]


def test_what_was_taken_back_does_not_take_along_what_came_after(
    acme: Any, monitor: Monitor, worker: Holding
) -> None:
    held(monitor, worker)
    with in_tenant(acme):
        editing.check_now(acme, monitor, COMMAND_LINE)
    row = finish(claimed()[0], worker)
    bring_near(monitor.no, worker)

    assert [check.token for check in due(worker)] == [row.fencing_token]


@pytest.mark.parametrize(("late_s", "is_started"), [(9, True), (11, False)])
def test_what_is_late_starts_until_its_next_slot_has_come(
    monitor: Monitor, worker: Holding, late_s: float, is_started: bool
) -> None:
    held(monitor, worker)
    bring_near(monitor.no, worker)
    starts_in(worker, -late_s)

    assert bool(due(worker)) is is_started
    assert bool(claimed()) is not is_started


def test_what_found_no_room_is_given_back(monitor: Monitor, worker: Holding) -> None:
    held(monitor, worker)
    bring_near(monitor.no, worker)

    with as_pipeline():
        assert worker.due(0, location_no())[0] == []

    assert [check.monitor_no for check in claimed()] == [monitor.no]


def test_a_worker_that_stops_leaves_nothing_behind(monitor: Monitor, worker: Holding) -> None:
    before = held(monitor, worker)
    with as_pipeline():
        worker.release(location_no())

    row = state(monitor.no)

    assert (row.next_due_at, row.lease_until) == (before.slot, None)


def test_a_worker_whose_old_connection_lingers_has_a_new_number(acme: Any, worker: Holding) -> None:
    before = worker.holder

    def come_back() -> None:
        with as_pipeline():
            worker.attend(location_no())
        connection.close()

    thread = threading.Thread(target=come_back)
    thread.start()
    thread.join()

    assert worker.holder != before


def test_a_held_slot_of_a_broken_transaction_is_not_held(monitor: Monitor, worker: Holding) -> None:
    """Its token is not the database's: it is passed over."""
    row = held(monitor, worker)
    bring_near(monitor.no, worker)
    start_soon(worker, token=row.fencing_token + 1)

    assert due(worker) == []
