"""Numbers at the edge of what a float holds: they must not stop the roll-ups of everybody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from monitors.series import storing
from monitors.series.model import LARGEST, Points
from monitors.series.reading import read, series_of
from monitors.series.rollups import roll_up
from pulse.scoping import in_tenant
from tests.monitors.making import make

HOURS = timedelta(hours=3)


def test_numbers_that_cannot_be_added_up_are_refused(globex: Any) -> None:
    monitor, now = make(globex), timezone.now()
    with in_tenant(globex):
        stored = storing.store(globex.no, monitor.no, [Points("a", [(now, 1.7e308), (now, -1.7e308)])])

    assert stored.accepted == 0
    assert [one.reason for one in stored.refused] == [
        "Send a number between -1e+250 and 1e+250: 1.7e+308 is beyond.",
        "Send a number between -1e+250 and 1e+250: -1.7e+308 is beyond.",
    ]


def test_the_largest_of_one_stop_no_roll_up_of_another(acme: Any, globex: Any) -> None:
    hostile, good = make(globex), make(acme)
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - HOURS
    offers = (globex, hostile, "up", LARGEST), (globex, hostile, "down", -LARGEST), (acme, good, "fine", 1.0)
    for organisation, monitor, name, value in offers:
        points = [(start + timedelta(seconds=second), value) for second in range(100)]
        with in_tenant(organisation):
            storing.store(organisation.no, monitor.no, [Points(name, points)])

    assert roll_up() == 2

    with in_tenant(acme):
        (series,) = series_of(good.no, acme.no)
        for width in (60, 300, 3600):
            assert (
                sum(bucket.samples for bucket in read([series.no], start, start + HOURS, width)[series.no])
                == 100
            )
