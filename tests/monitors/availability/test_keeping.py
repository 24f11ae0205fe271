"""Days of uptime are kept as the changes of state tell them, also when one is dated back."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from monitors.availability.course import course
from monitors.availability.reading import days_of, first_day, uptimes
from monitors.availability.rolling import TODAY, months, roll
from monitors.models import Monitor
from monitors.statuses import Status
from monitors.uptime import DAY, Stretch, Uptime, by_day, measure, without
from pulse.scoping import in_tenant
from tests.monitors.making import CHANGE, make

UP, DOWN, DEGRADED = Status.UP, Status.DOWN, Status.DEGRADED
HOUR = timedelta(hours=1)
GAP = """
INSERT INTO telemetry_gap (monitor_no, slot, until, tenant_no, location, reason) VALUES (%s, %s, %s, %s, 1, 1)
"""


def change(organisation: Any, monitor: Monitor, at: datetime, status: Status) -> None:
    with in_tenant(organisation), connection.cursor() as cursor:
        cursor.execute(CHANGE, [monitor.no, at, organisation.no, int(status)])


def gap(organisation: Any, monitor: Monitor, start: datetime, end: datetime) -> None:
    with in_tenant(organisation), connection.cursor() as cursor:
        cursor.execute(GAP, [monitor.no, start, end, organisation.no])


@pytest.fixture
def today() -> datetime:
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def early(today: datetime) -> datetime:
    """A time of today that has been, also shortly after midnight."""
    return min(timezone.now(), today + timedelta(minutes=90))


@pytest.fixture
def monitor(acme: Any, today: datetime) -> Monitor:
    """Up for ten days, down for two hours over a midnight, degraded for an hour, blind for three."""
    monitor = make(acme)
    change(acme, monitor, today - 10 * DAY, UP)
    change(acme, monitor, today - 5 * DAY - HOUR, DOWN)
    change(acme, monitor, today - 5 * DAY + HOUR, UP)
    change(acme, monitor, today - 3 * DAY + HOUR, DEGRADED)
    change(acme, monitor, today - 3 * DAY + 2 * HOUR, UP)
    gap(acme, monitor, today - 2 * DAY + HOUR, today - 2 * DAY + 4 * HOUR)
    return monitor


def told(organisation: Any, monitor: Monitor, days: int, now: datetime) -> Uptime:
    """From the changes themselves."""
    with in_tenant(organisation):
        first = first_day(days, now)
        return measure(course([monitor.no], first, now)[monitor.no])


def kept(organisation: Any, monitor: Monitor, days: int, now: datetime) -> Uptime:
    with in_tenant(organisation):
        return uptimes([monitor.no], days, now)[monitor.no]


@pytest.mark.parametrize("days", [1, 2, 3, 4, 6, 7, 11, 30, 90, 365])
def test_what_is_kept_is_what_the_changes_tell(
    days: int, acme: Any, monitor: Monitor, today: datetime
) -> None:
    now = today + timedelta(minutes=10)
    assert kept(acme, monitor, days, now) == told(acme, monitor, days, now)

    assert roll() > 0

    assert kept(acme, monitor, days, now) == told(acme, monitor, days, now)


def test_kept_uptime_is_one_query(
    acme: Any, monitor: Monitor, today: datetime, django_assert_num_queries: Any
) -> None:
    roll()

    with in_tenant(acme):
        uptimes([monitor.no], 1, today)
        with django_assert_num_queries(1):
            found = uptimes([monitor.no], 90, today + HOUR)

    assert found[monitor.no].down == 2 * HOUR
    assert found[monitor.no].degraded == HOUR
    assert found[monitor.no].turns == 2


def test_days_tell_when_it_was_down_and_when_nobody_looked(
    acme: Any, early: datetime, monitor: Monitor, today: datetime
) -> None:
    now = early
    with in_tenant(acme):
        before = days_of(monitor.no, 12, now)
    roll()
    with in_tenant(acme):
        after = days_of(monitor.no, 12, now)

    assert after == before
    assert [day.at for day in after] == [(today - number * DAY).date() for number in reversed(range(12))]
    by_age = [day.uptime for day in reversed(after)]
    assert by_age[0] == Uptime(up=early - today)
    assert by_age[2] == Uptime(up=21 * HOUR, unknown=3 * HOUR)
    assert by_age[3] == Uptime(up=DAY, degraded=HOUR)
    assert by_age[5] == Uptime(up=23 * HOUR, down=HOUR, turns=1)
    assert by_age[6] == Uptime(up=23 * HOUR, down=HOUR, turns=1)
    assert by_age[11] == Uptime(unknown=DAY)


def test_a_change_that_is_dated_back_counts_at_once_and_is_kept(
    acme: Any, monitor: Monitor, today: datetime
) -> None:
    roll()
    now = min(timezone.now(), today + timedelta(minutes=5))

    change(acme, monitor, today - 6 * HOUR, DOWN)

    assert kept(acme, monitor, 90, now).down == 8 * HOUR + (now - today)
    assert roll() == 1
    assert kept(acme, monitor, 90, now) == told(acme, monitor, 90, now)
    with in_tenant(acme):
        assert days_of(monitor.no, 2, now)[0].uptime.down == 6 * HOUR


def test_a_gap_that_is_written_down_late_counts_at_once_and_is_kept(
    acme: Any, monitor: Monitor, today: datetime
) -> None:
    roll()
    now = today + timedelta(minutes=5)

    gap(acme, monitor, today - 4 * DAY, now)

    assert kept(acme, monitor, 7, now).unknown == 4 * DAY + timedelta(minutes=5)
    assert roll() == 1
    assert kept(acme, monitor, 7, now).unknown == 4 * DAY + timedelta(minutes=5)


def test_rolling_again_does_nothing(acme: Any, monitor: Monitor) -> None:
    assert roll() > 0

    assert roll() == 0


def test_who_began_today_is_looked_at_once_and_not_until_the_time_is_over(
    acme: Any, early: datetime, today: datetime
) -> None:
    one, other = make(acme, "one"), make(acme, "other")
    change(acme, one, timezone.now(), UP)
    change(acme, other, today - DAY + HOUR, UP)

    assert roll(for_seconds=5) == 2
    assert roll(for_seconds=5) == 0
    assert kept(acme, one, 2, early).up <= early - today
    assert kept(acme, other, 2, early).up == 23 * HOUR + (early - today)


def test_uptime_of_others_is_not_told(acme: Any, globex: Any, monitor: Monitor, today: datetime) -> None:
    roll()

    with in_tenant(globex):
        assert uptimes([monitor.no], 90, today + HOUR)[monitor.no].share is None
        assert {day.uptime.measured for day in days_of(monitor.no, 5, today + HOUR)} == {timedelta()}


def test_sums_begin_anew_with_each_month() -> None:
    days = [Uptime(up=DAY, turns=1), Uptime(up=HOUR, down=HOUR), Uptime(down=DAY)]

    found = months(date(2026, 1, 30), days, [[5] * 10, [0] * 10, [0] * 10, [2] * 10])

    assert found == [
        (
            date(2026, 1, 1),
            [5] * 29 + [8_640_005, 9_000_005],
            [0] * 31,
            [0] * 30 + [360_000],
            [2] * 29 + [3, 3],
        ),
        (date(2026, 2, 1), [0], [0], [8_640_000], [0]),
    ]


def test_the_error_is_an_interval_for_each_turn() -> None:
    uptime = Uptime(up=9 * HOUR, down=HOUR, turns=4)

    assert uptime.error(timedelta(minutes=3)) == pytest.approx(0.02)
    assert Uptime().error(timedelta(minutes=3)) == 0


def test_what_is_excluded_is_neither_up_nor_down_nor_unknown() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    (day,) = by_day([], start, 1)
    covered = course_of(start)

    left = measure(without(covered, [Stretch(start + HOUR, start + 4 * HOUR)]))

    assert day == Uptime(unknown=DAY)
    assert (left.up, left.down, left.unknown) == (HOUR, 2 * HOUR, timedelta())


def course_of(start: datetime) -> Any:
    from monitors.uptime import Span

    return [Span(start, start + 2 * HOUR, UP), Span(start + 2 * HOUR, start + 6 * HOUR, DOWN)]


@pytest.mark.parametrize(("clock", "over"), [("23:59:59", 9), ("00:00:30", 9), ("00:01:01", 10)])
def test_a_day_is_kept_when_all_that_began_in_it_is_written(world: None, clock: str, over: int) -> None:
    day = 9 if clock.startswith("23") else 10
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"]) as database:
        database.execute("CREATE SCHEMA stopped")
        database.execute(
            "CREATE FUNCTION stopped.now() RETURNS timestamptz LANGUAGE sql"
            f" AS $$ SELECT '2027-01-{day:02} {clock}Z'::timestamptz $$"
        )
        database.execute("SET LOCAL search_path = stopped, pg_catalog, public")
        (row,) = database.execute(TODAY).fetchall()
        database.rollback()

    assert row[0] == datetime(2027, 1, over, tzinfo=UTC)
