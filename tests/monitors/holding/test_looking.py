"""What is held is passed over by other workers for as long as its worker lives and keeps to its lease."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from monitors.holding import Holding
from monitors.models import Monitor
from monitors.telemetry import holding as telemetry
from monitors.telemetry.models import Gap, GapReason, LiveState
from monitors.telemetry.scheduling import location_no
from pulse.scoping import as_pipeline
from tests.monitors.holding.steps import (
    bring_near,
    claimed,
    due,
    finish,
    held,
    looking,
    state,
)
from tests.monitors.stepping import shift
from tests.receivers import wait_until


def test_claimers_pass_over_what_is_held_and_its_indexed_columns_stay(
    monitor: Monitor, worker: Holding
) -> None:
    """In each five minutes: so PostgreSQL rewrites the row in place."""
    first = looking(held(monitor, worker))
    bring_near(monitor.no, worker)
    second = looking(finish(due(worker)[0], worker))

    ends = [
        monitor.no % 300 + 300 * (1 + (seconds(row) - monitor.no % 300) // 300) for row, _ in (first, second)
    ]
    assert [look_at.timestamp() for _, look_at in (first, second)] == ends


def seconds(row: LiveState) -> int:
    assert row.next_due_at is not None
    return math.floor(row.next_due_at.timestamp())


def test_what_is_not_held_is_looked_at_when_it_is_due(monitor: Monitor, worker: Holding) -> None:
    check = claimed()[0]
    row, look_at = looking(state(monitor.no))
    assert look_at == row.next_due_at

    finish(check, worker, lateness_us=6_000_000)
    row, look_at = looking(state(monitor.no))
    assert look_at == row.next_due_at


def live_and_die(act: Callable[[Holding], object]) -> None:
    """A worker on a connection of its own, which is closed after `act`."""

    def live() -> None:
        worker = Holding()
        with as_pipeline():
            worker.attend(location_no())
        act(worker)
        connection.close()

    thread = threading.Thread(target=live)
    thread.start()
    thread.join()


# The server gives up a closed connection a moment later: until then its worker lives, and siblings look again.


def test_a_sibling_inherits_from_the_dead(monitor: Monitor) -> None:
    slots: list[Any] = []
    live_and_die(lambda worker: slots.append(held(monitor, worker).slot))

    def inherited() -> bool:
        with as_pipeline():
            Holding().attend(location_no())
        return state(monitor.no).lease_until is None

    try:
        wait_until(inherited, 10, "the slot of the dead worker")
        assert state(monitor.no).next_due_at == slots[0]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")


@pytest.mark.parametrize("seconds_ago", [-0.5, 2])
def test_what_the_dead_had_begun_is_begun_anew_at_once(monitor: Monitor, seconds_ago: float) -> None:
    slots: list[Any] = []

    def begin(worker: Holding) -> None:
        held(monitor, worker)
        bring_near(monitor.no, worker, in_seconds=-seconds_ago)
        slots.append(state(monitor.no).slot)

    def inherited() -> int:
        with as_pipeline():
            return telemetry.inherit(location_no())

    live_and_die(begin)
    wait_until(inherited, 10, "the slot of the dead worker")

    assert [check.slot for check in claimed()] == slots


def test_what_a_worker_holds_beyond_its_lease_is_anybodys(monitor: Monitor, worker: Holding) -> None:
    """It hangs while its connection lives, or never heard that its commit succeeded."""
    before = held(monitor, worker)
    shift(-timedelta(minutes=1))

    with as_pipeline():
        Holding().attend(location_no())

    row, look_at = looking(state(monitor.no))
    assert look_at == row.next_due_at
    [check] = claimed()
    assert check.token == before.fencing_token + 1
    with as_pipeline():
        gap = Gap.objects.get()
    assert (gap.slot, gap.reason) == (before.slot - timedelta(minutes=1), GapReason.LEASE_EXPIRED)  # type: ignore[operator]


def test_the_living_are_not_inherited_from(monitor: Monitor, worker: Holding) -> None:
    before = held(monitor, worker)
    sibling = Holding()

    def look() -> None:
        with as_pipeline():
            sibling.attend(location_no())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert state(monitor.no).lease_until == before.lease_until
