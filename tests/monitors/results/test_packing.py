"""Closed hours are packed; whoever reads sees each result once, before, while and after."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import transaction
from django.utils import timezone

from monitors.models import Monitor
from monitors.results import packing
from monitors.results.packing import pack_closed
from monitors.results.reading import microseconds, read
from monitors.telemetry.models import CheckResult
from pulse.scoping import as_pipeline, in_tenant
from tests.faults.processes import Worker
from tests.monitors.making import make, result
from tests.monitors.stepping import GOOD, step

HOUR = timedelta(hours=1)


@pytest.fixture
def hour() -> datetime:
    """The beginning of an hour that is over."""
    return timezone.now().replace(minute=0, second=0, microsecond=0) - 3 * HOUR


def fill(organisation: Any, monitor: Monitor, start: datetime, count: int = 60) -> list[int]:
    """A result a minute; every seventh failed. Returns their slots."""
    slots = [start + timedelta(minutes=place, seconds=7) for place in range(count)]
    for place, slot in enumerate(slots):
        result(organisation, monitor, slot, total_us=70_000 + place, ok=place % 7 != 3)
    return [microseconds(slot) for slot in slots]


def found(organisation: Any, monitor: Monitor, start: datetime, end: datetime) -> Any:
    with in_tenant(organisation):
        return read([monitor.no], start, end).get((monitor.no, 1))


def fresh() -> int:
    with as_pipeline():
        return CheckResult.objects.count()


def another() -> psycopg.Connection:
    """A connection beside the test's, as another process has it."""
    return psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"])


def test_packed_results_are_read_as_they_were(acme: Any, hour: datetime) -> None:
    monitor = make(acme)
    slots = fill(acme, monitor, hour, 120)
    before = found(acme, monitor, hour, hour + 2 * HOUR)

    assert pack_closed(before=hour + 2 * HOUR) == 120

    assert fresh() == 0
    after = found(acme, monitor, hour, hour + 2 * HOUR)
    assert after == before
    assert after.slot == slots
    assert (after.total_us[3], after.ok[3], after.error[3], after.status_code[3]) == (70_003, False, 60, 503)


def test_a_stretch_over_the_border_of_packed_and_fresh_has_neither_gap_nor_double(
    acme: Any, hour: datetime
) -> None:
    monitor = make(acme)
    slots = fill(acme, monitor, hour, 150)
    assert pack_closed(before=hour + 2 * HOUR) == 120

    part = found(acme, monitor, hour + timedelta(minutes=10), hour + timedelta(minutes=140))

    assert part.slot == slots[10:140]
    assert part.total_us == [70_000 + place for place in range(10, 140)]


def test_an_open_hour_stays_fresh(acme: Any) -> None:
    monitor, now = make(acme), timezone.now()
    result(acme, monitor, now)

    assert pack_closed() == 0

    assert fresh() == 1


def test_a_late_result_of_a_packed_hour_is_read_at_once_and_packed_next_time(
    acme: Any, hour: datetime
) -> None:
    monitor = make(acme)
    slots = fill(acme, monitor, hour, 30)
    pack_closed(before=hour + HOUR)
    late = hour + timedelta(minutes=4, seconds=30)
    result(acme, monitor, late, total_us=9)
    wanted = sorted([*slots, microseconds(late)])

    assert found(acme, monitor, hour, hour + HOUR).slot == wanted
    assert pack_closed(before=hour + HOUR) == 1

    together = found(acme, monitor, hour, hour + HOUR)
    assert together.slot == wanted
    assert together.total_us[wanted.index(microseconds(late))] == 9
    assert fresh() == 0


def test_packing_again_changes_nothing(acme: Any, hour: datetime) -> None:
    monitor = make(acme)
    fill(acme, monitor, hour)
    pack_closed(before=hour + HOUR)
    once = found(acme, monitor, hour, hour + HOUR)

    assert pack_closed(before=hour + HOUR) == 0

    assert found(acme, monitor, hour, hour + HOUR) == once


def test_a_worker_killed_while_packing_loses_and_doubles_nothing(acme: Any, hour: datetime) -> None:
    monitor = make(acme)
    slots = fill(acme, monitor, hour)

    Worker("pack_results", "pack.taken").start().wait_until_killed(30)

    assert found(acme, monitor, hour, hour + HOUR).slot == slots
    with Worker("pack_results") as worker:
        assert worker.process.wait(30) == 0
    assert fresh() == 0
    assert found(acme, monitor, hour, hour + HOUR).slot == slots


def test_what_another_worker_packs_is_left_to_it(acme: Any, hour: datetime) -> None:
    monitor = make(acme)
    fill(acme, monitor, hour)
    with another() as other:
        place = monitor.no // packing.MONITORS_AT_ONCE
        other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [packing.LOCK, place])

        assert pack_closed(before=hour + HOUR) == 0

    assert pack_closed(before=hour + HOUR) == 60


def test_an_hour_that_is_done_is_not_looked_at_again(
    acme: Any, hour: datetime, django_assert_num_queries: Any
) -> None:
    monitor = make(acme)
    fill(acme, monitor, hour)
    assert pack_closed() == 60

    with django_assert_num_queries(2):  # the scope, and whether it is done
        assert pack_closed() == 0


def test_results_of_others_are_not_read(acme: Any, globex: Any, hour: datetime) -> None:
    theirs, ours = make(acme), make(globex)
    fill(acme, theirs, hour, 5)
    fill(globex, ours, hour, 5)
    pack_closed(before=hour + HOUR)

    with in_tenant(globex):
        assert list(read([theirs.no, ours.no], hour, hour + HOUR)) == [(ours.no, 1)]


def test_readers_see_every_result_once_while_it_is_packed(acme: Any, hour: datetime) -> None:
    monitor = make(acme)
    slots = fill(acme, monitor, hour)
    with another() as other:
        other.execute("DELETE FROM telemetry_checkresult WHERE monitor_no = %s", [monitor.no])

        assert found(acme, monitor, hour, hour + HOUR).slot == slots
        other.rollback()
    with transaction.atomic():
        pack_closed(before=hour + HOUR)
        assert found(acme, monitor, hour, hour + HOUR).slot == slots


def test_a_good_answer_is_stored_without_words_and_without_nulls(acme: Any, hour: datetime) -> None:
    monitor = make(acme)
    step(monitor, GOOD)
    with as_pipeline():
        slot = CheckResult.objects.get(monitor_no=monitor.no, detail="").slot
        CheckResult.objects.filter(monitor_no=monitor.no).update(slot=hour)

    fresh_one = found(acme, monitor, hour, hour + HOUR)
    assert (len(fresh_one), fresh_one.detail) == (1, [None])
    assert slot > hour
    pack_closed(before=hour + HOUR)
    assert found(acme, monitor, hour, hour + HOUR) == fresh_one
