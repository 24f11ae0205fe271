"""Samples are rolled up to five minutes and hours, again when late ones come, and read in any width."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from monitors.series import storing
from monitors.series.model import Points
from monitors.series.reading import Bucket, read, series_of, width_for
from monitors.series.rollups import roll_up
from pulse.scoping import as_pipeline, in_tenant
from tests.cleaning import superuser
from tests.monitors.making import make

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(acme: Any) -> Any:
    return make(acme)


@pytest.fixture
def start() -> datetime:
    """A full hour, three hours ago."""
    return timezone.now().replace(minute=0, second=0, microsecond=0) - 3 * HOUR


def store(organisation: Any, monitor: Any, start: datetime, *values: float, step: int = 60) -> None:
    points = [(start + timedelta(seconds=step * place), value) for place, value in enumerate(values)]
    with in_tenant(organisation):
        storing.store(organisation.no, monitor.no, [Points("load.1m", points)])


def rolled(table: str) -> list[tuple[Any, ...]]:
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(f"SELECT at, samples, total, least, most, last FROM telemetry_{table} ORDER BY at")
        return list(cursor.fetchall())


def buckets(organisation: Any, monitor: Any, start: datetime, end: datetime, width: int) -> list[Bucket]:
    with in_tenant(organisation):
        (series,) = series_of(monitor.no, organisation.no)
        return list(read([series.no], start, end, width)[series.no])


def test_samples_become_five_minutes_and_hours(acme: Any, shop: Any, start: datetime) -> None:
    store(acme, shop, start, 1, 2, 3, 4, 5, 10)

    assert roll_up() == 2

    five = timedelta(minutes=5)
    assert rolled("rollupfive") == [(start, 5, 15, 1, 5, 5), (start + five, 1, 10, 10, 10, 10)]
    assert rolled("rolluphour") == [(start, 6, 25, 1, 10, 10)]
    assert roll_up() == 0


def test_late_samples_change_what_was_rolled_up(acme: Any, shop: Any, start: datetime) -> None:
    store(acme, shop, start, 1, 2)
    roll_up()

    store(acme, shop, start + timedelta(seconds=90), 30)
    roll_up()

    assert rolled("rollupfive") == [(start, 3, 33, 1, 30, 30)]
    assert rolled("rolluphour") == [(start, 3, 33, 1, 30, 30)]


def test_a_bucket_that_still_fills_is_left_alone(acme: Any, shop: Any) -> None:
    store(acme, shop, timezone.now(), 1)

    assert roll_up() == 0


@pytest.mark.parametrize("rolled_up", [False, True])
@pytest.mark.parametrize("length", [5 * HOUR, 12 * HOUR, 30 * 24 * HOUR])
def test_a_chart_reads_the_same_from_samples_and_from_rollups(
    acme: Any, shop: Any, start: datetime, length: timedelta, rolled_up: bool
) -> None:
    store(acme, shop, start, *range(120))
    if rolled_up:
        roll_up()
    end = timezone.now()

    found = buckets(acme, shop, end - length, end, 3600)

    assert [(one.at, one.samples, one.least, one.most, one.last) for one in found] == [
        (start, 60, 0, 59, 59),
        (start + HOUR, 60, 60, 119, 119),
    ]
    assert found[0].mean == 29.5


def test_what_is_not_yet_rolled_up_is_in_the_chart(acme: Any, shop: Any, start: datetime) -> None:
    store(acme, shop, start, 1, 2)
    roll_up()
    store(acme, shop, start + timedelta(minutes=2), 9)
    store(acme, shop, timezone.now() - timedelta(seconds=1), 5)

    found = buckets(acme, shop, timezone.now() - 12 * HOUR, timezone.now(), 300)

    assert [one.last for one in found] == [9, 5]


@pytest.mark.parametrize(
    ("hours", "width"), [(1, 15), (3, 60), (6, 120), (12, 300), (24, 300), (7 * 24, 3600), (90 * 24, 43_200)]
)
def test_the_width_of_buckets_fits_the_time_shown(hours: int, width: int) -> None:
    end = timezone.now()

    assert width_for(end - timedelta(hours=hours), end) == width


def test_nobody_rolls_up_twice_at_once(acme: Any, shop: Any, start: datetime) -> None:
    from monitors.series import rollups

    store(acme, shop, start, 1)
    with superuser() as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(%s)", [rollups.LOCK])
        assert roll_up() == 0

    assert roll_up() == 1
