"""Claims: each due slot ends as a result or in one gap row, whatever happened meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from monitors import definition, editing
from monitors.judging import Result
from monitors.models import Monitor
from monitors.policy import Policy
from monitors.probes.outcome import ErrorClass, Outcome
from monitors.recording import record
from monitors.telemetry.claiming import Claimed, claim
from monitors.telemetry.models import CheckResult, Gap, GapReason, LiveState, Status
from monitors.telemetry.scheduling import location_no, phase_ms
from monitors.telemetry.specs import Spec, Specs
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE

INTERVAL = 60


@pytest.fixture
def monitor(acme: Any) -> Monitor:
    return make(acme)


def make(organisation: Any, **more: Any) -> Monitor:
    with in_tenant(organisation):
        values = {"name": "shop", "target": "http://127.0.0.1:9/", "interval_seconds": INTERVAL} | more
        return editing.create(organisation, definition.read(values), COMMAND_LINE)


def claim_all() -> list[Claimed]:
    with as_pipeline():
        return claim(location_no(), 100).checks


def shift(column: str, seconds: float) -> None:
    """Move a time of the schedule, as waiting would move now()."""
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE telemetry_livestate SET {column} = {column} + make_interval(secs => %s)", [seconds]
        )


def on_grid(monitor: Monitor) -> datetime:
    """Put the monitor on its newest slot, as if it had been checked all along; return that slot."""
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_livestate SET lease_until = NULL, slot = coalesce(slot, to_timestamp(0)),"
            " next_due_at = date_bin(make_interval(secs =>"
            " interval_seconds), now(), to_timestamp(phase_ms / 1000.0)) RETURNING next_due_at"
        )
        row = cursor.fetchone()
    assert isinstance(row[0], datetime)
    return row[0]


def finish(check: Claimed, ok: bool = True) -> None:
    outcome = Outcome(ok, ErrorClass.NONE if ok else ErrorClass.BAD_STATUS, "said", 200, total_us=1000)
    spec = Spec(1, "http", "http://127.0.0.1:9/", None, 10, Policy())
    record([Result(check, spec, outcome, 0)], location_no())


def rows(model: Any) -> list[Any]:
    with as_pipeline():
        return list(model.objects.order_by("slot"))


def test_a_new_monitor_is_due_at_once_and_claimed_once(monitor: Monitor) -> None:
    assert [check.monitor_no for check in claim_all()] == [monitor.no]
    assert claim_all() == []


def test_the_next_slot_lies_on_the_monitors_own_grid(monitor: Monitor) -> None:
    claim_all()

    with as_pipeline():
        due = LiveState.objects.get().next_due_at
    assert due is not None
    assert int(due.timestamp() * 1000) % (INTERVAL * 1000) == phase_ms(monitor.no, INTERVAL)


def test_a_new_monitor_that_nobody_could_claim_at_first_has_missed_nothing(monitor: Monitor) -> None:
    shift("next_due_at", -5 * INTERVAL)

    assert len(claim_all()) == 1
    assert rows(Gap) == []


def test_what_is_due_at_the_same_moment_goes_to_a_worker_organisation_by_organisation(
    acme: Any, globex: Any
) -> None:
    for number in range(6):
        make((acme, globex)[number % 2], name=f"shop {number}")
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute("UPDATE telemetry_livestate SET next_due_at = date_trunc('second', now())")

    with as_pipeline():
        claims = [claim(location_no(), 3).checks for _ in range(2)]

    assert [{check.tenant_no for check in checks} for checks in claims] == [{acme.no}, {globex.no}]


def test_an_outage_of_the_workers_is_one_gap_up_to_the_newest_slot(monitor: Monitor) -> None:
    newest = on_grid(monitor)
    shift("next_due_at", -3 * INTERVAL)

    (check,) = claim_all()

    (gap,) = rows(Gap)
    assert check.slot == newest
    assert (gap.slot, gap.until, gap.reason) == (
        newest - timedelta(seconds=3 * INTERVAL),
        newest,
        GapReason.NOT_CLAIMED,
    )


def test_a_slot_whose_worker_died_is_a_gap_and_its_late_result_is_refused(monitor: Monitor) -> None:
    on_grid(monitor)
    (lost,) = claim_all()
    for column in ("slot", "next_due_at", "lease_until"):
        shift(column, -2 * INTERVAL)

    (taken,) = claim_all()
    finish(lost)

    (gap,) = rows(Gap)
    assert (gap.until, gap.reason) == (taken.slot, GapReason.LEASE_EXPIRED)
    assert rows(CheckResult) == []
    finish(taken)
    assert [row.slot for row in rows(CheckResult)] == [taken.slot]


def test_recording_twice_writes_once(monitor: Monitor) -> None:
    (check,) = claim_all()

    finish(check)
    finish(check)

    assert len(rows(CheckResult)) == 1


def test_a_check_asked_for_by_hand_costs_no_slot_of_the_grid(acme: Any, monitor: Monitor) -> None:
    on_grid(monitor)
    (first,) = claim_all()
    finish(first)
    with in_tenant(acme):
        asked = editing.check_now(acme, monitor, COMMAND_LINE)
    (by_hand,) = claim_all()
    finish(by_hand)

    with as_pipeline():
        due = LiveState.objects.get().next_due_at
    assert asked
    assert by_hand.slot == asked[0]
    assert due == first.slot + timedelta(seconds=INTERVAL)
    assert rows(Gap) == []


def test_a_paused_monitor_is_not_checked_and_its_pause_is_no_gap(acme: Any, monitor: Monitor) -> None:
    (check,) = claim_all()
    finish(check)
    with in_tenant(acme):
        paused = editing.pause(acme, monitor, COMMAND_LINE)
        assert editing.check_now(acme, monitor, COMMAND_LINE) is None
    assert claim_all() == []

    with in_tenant(acme):
        editing.resume(acme, paused, COMMAND_LINE)

    assert len(claim_all()) == 1
    assert rows(Gap) == []


def test_a_result_that_comes_in_after_the_pause_does_not_count(acme: Any, monitor: Monitor) -> None:
    (check,) = claim_all()
    with in_tenant(acme):
        editing.pause(acme, monitor, COMMAND_LINE)

    finish(check)

    assert rows(CheckResult) == []


def test_editing_keeps_status_and_streaks(acme: Any, monitor: Monitor) -> None:
    for ok in (True, False, False):
        on_grid(monitor)
        (check,) = claim_all()
        finish(check, ok)
        shift("slot", -INTERVAL)
        with as_pipeline(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM telemetry_checkresult")
    with in_tenant(acme):
        values = definition.read({"target": "http://127.0.0.1:10/"}, monitor)
        editing.update(acme, monitor, values, COMMAND_LINE)

    with as_pipeline():
        state = LiveState.objects.get()
    assert (state.status, state.failures) == (Status.UP, 2)


def test_a_shorter_interval_is_never_due_later_than_before(acme: Any, monitor: Monitor) -> None:
    claim_all()
    with as_pipeline():
        before = LiveState.objects.get().next_due_at
    with in_tenant(acme):
        values = definition.read({"interval_seconds": 5, "timeout_seconds": 2}, monitor)
        editing.update(acme, monitor, values, COMMAND_LINE)

    with as_pipeline():
        after = LiveState.objects.get().next_due_at
    assert before is not None
    assert after is not None
    assert after <= before


def test_a_deleted_monitor_is_never_claimed_again(acme: Any, monitor: Monitor) -> None:
    with in_tenant(acme):
        editing.delete(acme, monitor, COMMAND_LINE)

    assert claim_all() == []


def test_a_result_that_cannot_be_recorded_is_set_aside_visibly(monitor: Monitor) -> None:
    (check,) = claim_all()
    other = Claimed(10**6, check.tenant_no, check.slot, 1, 1, check.state)
    spec = Spec(1, "http", "http://127.0.0.1:9/", None, 10, Policy())
    poison = Outcome(True, ErrorClass.NONE, "", 200, total_us=2**40)
    good = Outcome(True, ErrorClass.NONE, "", 200, total_us=1000)

    record([Result(check, spec, poison, 0), Result(other, spec, good, 0)], location_no())

    (gap,) = rows(Gap)
    assert gap.reason == GapReason.SET_ASIDE
    with as_pipeline():
        assert LiveState.objects.get().lease_until is None


def test_phases_spread_evenly() -> None:
    phases = sorted(phase_ms(number, 60) for number in range(1, 6001))
    for quarter in range(4):
        share = sum(quarter * 15_000 <= phase < (quarter + 1) * 15_000 for phase in phases)
        assert 1350 < share < 1650


def test_a_spec_that_cannot_be_read_stops_no_other_monitor(acme: Any, monitor: Monitor) -> None:
    other = make(acme, name="other")
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            'UPDATE telemetry_probespec SET spec = \'{"kind": "gone"}\' WHERE monitor_no = %s', [monitor.no]
        )
    claimed = claim_all()

    with as_pipeline():
        specs = Specs().of(claimed)

    assert len(claimed) == 2
    assert list(specs) == [other.no]
