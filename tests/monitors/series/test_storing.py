"""Points are stored once, those that make no sense are refused with a reason, and there is an end to series."""

from __future__ import annotations

from datetime import timedelta
from math import inf, nan
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from monitors.series import catalogue, storing
from monitors.series.model import Points, Stored
from monitors.series.reading import series_of, window
from monitors.series.storing import Offer, store_many
from pulse.scoping import as_pipeline, in_tenant
from tests.monitors.making import make
from tests.monitors.series.making import gauge, minute


@pytest.fixture
def shop(acme: Any) -> Any:
    return make(acme)


def store(monitor: Any, organisation: Any, *batch: Points) -> Stored:
    with in_tenant(organisation):
        return storing.store(organisation.no, monitor.no, batch)


def values(monitor: Any, organisation: Any) -> dict[str, list[float]]:
    now = timezone.now()
    with in_tenant(organisation):
        series = series_of(monitor.no, organisation.no)
        found = window([one.no for one in series], now - timedelta(days=7), now + timedelta(minutes=5))
    return {one.name: [value for _, value in found.get(one.no, [])] for one in series}


def test_points_are_stored_under_their_series(acme: Any, shop: Any) -> None:
    stored = store(shop, acme, gauge(1, 2, 3), gauge(7, name="load.1m"))

    assert stored == Stored(accepted=4)
    assert values(shop, acme) == {"cpu.percent": [1, 2, 3], "load.1m": [7]}


def test_a_point_that_comes_again_is_a_duplicate_and_the_first_value_stands(acme: Any, shop: Any) -> None:
    store(shop, acme, gauge(1, 2))

    again = store(shop, acme, gauge(1, 9, 3, end=minute() + timedelta(seconds=15)))

    assert (again.accepted, again.duplicates) == (1, 2)
    assert values(shop, acme) == {"cpu.percent": [1, 2, 3]}


def test_the_same_point_twice_in_a_batch_is_one(acme: Any, shop: Any) -> None:
    stored = store(shop, acme, gauge(1), gauge(1))

    assert (stored.accepted, stored.duplicates) == (1, 1)


def test_labels_make_series(acme: Any, shop: Any) -> None:
    one, other = (("device", "sda"),), (("device", "sdb"),)

    store(shop, acme, gauge(1, labels=one), gauge(2, labels=other), gauge(3))

    with in_tenant(acme):
        assert [series.labels for series in series_of(shop.no, acme.no)] == [one, other, ()]


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (gauge(nan), "NaN"),
        (gauge(inf), "finite"),
        (gauge(-inf), "finite"),
        (gauge(-1, kind="counter"), "counter: it cannot be negative (-1)"),
        (gauge(1, end=minute() + timedelta(hours=1)), "5 minutes ahead"),
        (gauge(1, end=minute() - timedelta(days=8)), "older than samples are kept"),
    ],
)
def test_what_makes_no_sense_is_refused_and_the_rest_is_stored(
    acme: Any, shop: Any, points: Points, reason: str
) -> None:
    stored = store(shop, acme, Points(points.name, [*points.points, (minute(), 5.0)], kind=points.kind))

    assert stored.accepted == 1
    assert [(refused.series, refused.point) for refused in stored.refused] == [(0, 0)]
    assert reason in stored.refused[0].reason


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (gauge(1, name=""), "Name the series"),
        (gauge(1, name="1st"), "Name the series"),
        (gauge(1, name="x" * 121), "1 to 120"),
        (gauge(1, name="a b"), "letters, digits"),
        (gauge(1, labels=(("", "x"),)), "Name the label"),
        (gauge(1, labels=(("a", "x" * 201),)), "at most 200"),
        (gauge(1, labels=(("a", "x\ny"),)), "printable"),
        (gauge(1, labels=tuple((f"l{n:02}", "x") for n in range(17))), "at most 16 labels"),
        (gauge(1, unit="x" * 17), "unit"),
    ],
)
def test_a_name_that_cannot_be_one_is_told(acme: Any, shop: Any, points: Points, reason: str) -> None:
    stored = store(shop, acme, gauge(1, name="good"), points)

    assert stored.accepted == 1
    assert [(refused.series, refused.point) for refused in stored.refused] == [(1, None)]
    assert reason in stored.refused[0].reason


def test_another_unit_or_kind_than_the_series_own_is_refused(acme: Any, shop: Any) -> None:
    store(shop, acme, gauge(1, unit="%"))

    wrong = store(shop, acme, gauge(2, unit="ms"), gauge(2, unit="%", kind="counter"))
    without = store(shop, acme, gauge(3, end=minute() - timedelta(seconds=15)))

    assert "is measured in %, not in ms" in wrong.refused[0].reason
    assert "is a gauge, not a counter" in wrong.refused[1].reason
    assert without.accepted == 1


def test_a_unit_may_come_later(acme: Any, shop: Any) -> None:
    store(shop, acme, gauge(1))
    store(shop, acme, gauge(1, 2, unit="%", end=minute() + timedelta(seconds=15)))

    wrong = store(shop, acme, gauge(2, unit="ms"))

    assert "is measured in %" in wrong.refused[0].reason


def test_a_counter_may_start_again(acme: Any, shop: Any) -> None:
    assert store(shop, acme, gauge(100, 110, 5, kind="counter")).accepted == 3


def test_a_monitor_has_only_so_many_series(acme: Any, shop: Any, settings: Any) -> None:
    settings.PULSE_SERIES_PER_MONITOR = 2

    stored = store(shop, acme, *(gauge(1, name=f"m{n}") for n in range(3)))

    assert stored.accepted == 2
    assert "A monitor has at most 2 series, and this one has 0" in stored.refused[0].reason
    assert store(shop, acme, gauge(2, name="m0", end=minute() - timedelta(minutes=1))).accepted == 1


def test_an_organisation_has_only_so_many_series(acme: Any, shop: Any, settings: Any) -> None:
    settings.PULSE_SERIES_PER_ORGANISATION = 2
    store(make(acme, "other"), acme, gauge(1), gauge(1, name="load.1m"))

    stored = store(shop, acme, gauge(1))

    assert stored.accepted == 0
    assert "The organisation has at most 2 series, and 2 are there" in stored.refused[0].reason


def test_points_of_several_organisations_go_in_together(acme: Any, globex: Any, shop: Any) -> None:
    other = make(globex)

    with as_pipeline():
        stored = store_many([Offer(acme.no, shop.no, [gauge(1)]), Offer(globex.no, other.no, [gauge(2, 3)])])

    assert [one.accepted for one in stored] == [1, 2]
    assert values(other, globex) == {"cpu.percent": [2, 3]}


def test_what_was_rolled_back_is_not_remembered(acme: Any, shop: Any) -> None:
    with in_tenant(acme), transaction.atomic():
        storing.store(acme.no, shop.no, [gauge(1)])
        transaction.set_rollback(True)

    assert store(shop, acme, gauge(1)).accepted == 1
    assert values(shop, acme) == {"cpu.percent": [1]}


def test_another_organisation_sees_none_of_it(acme: Any, globex: Any, shop: Any) -> None:
    store(shop, acme, gauge(1))

    with in_tenant(globex), connection.cursor() as cursor:
        for table in ("telemetry_series", "telemetry_sample", "telemetry_samplestored"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0] == 0


def test_what_another_process_added_is_found(acme: Any, shop: Any) -> None:
    store(shop, acme, gauge(1))
    catalogue.forget_all()

    assert store(shop, acme, gauge(1)).duplicates == 1
