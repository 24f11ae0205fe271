"""What is written ahead of windows, what is kept of them, and who is told that they begin and end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from monitors.maintenance import editing, occurring, planning
from monitors.maintenance.comparing import Comparison, count, earlier
from monitors.maintenance.recurring import Schedule, between
from monitors.suppression import releasing
from monitors.suppression.reading import covering
from monitors.telemetry.models import Status
from monitors.uptime import Change, Stretch
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make
from tests.monitors.suppression.scene import let_pass, window


def covered(organisation: Any) -> set[int]:
    with in_tenant(organisation):
        return set(covering(None, timezone.now()))


def test_a_window_covers_from_its_first_moment_whenever_a_worker_wakes(acme: Any, globex: Any) -> None:
    shop, theirs = make(acme), make(globex)
    window(acme, starts_in=5, rule="FREQ=DAILY")
    assert covered(acme) == set()

    let_pass(acme, 6)
    assert covered(acme) == {shop.no}
    assert covered(globex) == set()
    assert theirs.no not in covered(acme)
    let_pass(acme, 60)
    assert covered(acme) == set()


def test_when_one_begins_the_next_is_planned(acme: Any) -> None:
    make(acme)
    planned = window(acme, starts_in=5, rule="FREQ=DAILY")
    let_pass(acme, 6)
    releasing.sweep()

    with in_tenant(acme):
        begun = planning.newest(planned.pk)
        assert begun is not None
        # Time went on for its row only: by the rule it comes in five minutes.
        assert len(occurring.running(timezone.now() + timedelta(minutes=10))) == 2


def test_a_worker_that_was_away_begins_and_ends_what_it_missed(acme: Any) -> None:
    make(acme)
    planned = window(acme, starts_in=5, rule="FREQ=DAILY")
    let_pass(acme, 120)
    releasing.sweep()

    with in_tenant(acme):
        begun = planning.newest(planned.pk)
        assert begun is not None
        assert begun.ends < timezone.now()


def test_the_past_stays_as_it_took_effect_whatever_becomes_of_the_window(acme: Any) -> None:
    shop, other = make(acme, "shop"), make(acme, "other")
    planned = window(acme, monitors=[str(shop.pk)])
    with in_tenant(acme):
        editing.end_now(acme, planned, COMMAND_LINE)
        ended = timezone.now()
        editing.delete(acme, planned, COMMAND_LINE)
        now = timezone.now()
        found = occurring.stretches([shop.no, other.no], now - timedelta(days=1), now)

    assert found[other.no] == []
    assert len(found[shop.no]) == 1
    assert found[shop.no][0].end <= ended


def test_what_is_left_out_covers_nothing_and_is_no_past(acme: Any) -> None:
    shop = make(acme)
    planned = window(acme, starts_in=5, rule="FREQ=DAILY")
    with in_tenant(acme):
        editing.skip(acme, planned, COMMAND_LINE)
    let_pass(acme, 6)
    releasing.sweep()

    assert covered(acme) == set()
    with in_tenant(acme):
        now = timezone.now()
        assert occurring.stretches([shop.no], now - timedelta(days=1), now) == {shop.no: []}


def test_what_a_window_would_have_held_back_is_counted() -> None:
    now = timezone.now()

    def ago(minutes: int) -> Any:
        return now - timedelta(minutes=minutes)

    changes = {
        1: [Change(ago(600), Status.DOWN), Change(ago(590), Status.UP), Change(ago(95), Status.DOWN)],
        2: [Change(ago(110), Status.FLAPPING), Change(ago(100), Status.UP)],
    }
    windows = [Stretch(ago(120), ago(60))]

    assert count(changes, windows, now) == Comparison(outages=3, held=2, told_after=1)
    assert count({}, windows, now).words == "What it covers had no outage in the last 30 days."
    assert count(changes, windows, now).words == (
        "In the last 30 days it would have held back 2 of 3 outages, and told 1 of them when it ended."
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;COUNT=3", 30),
        ("FREQ=WEEKLY;BYDAY=SU;UNTIL=20991231", 4),
        ("FREQ=MONTHLY", 1),
        ("FREQ=DAILY;INTERVAL=7", 4),
    ],
)
def test_it_is_compared_as_if_it_had_always_been_there(rule: str, expected: int) -> None:
    now = timezone.now().replace(month=6, day=20, hour=12)
    schedule = Schedule(
        (now + timedelta(days=30)).replace(tzinfo=None, hour=3), "UTC", timedelta(hours=1), rule
    )
    start = now - timedelta(days=30)

    found = between(earlier(schedule, start), start, now)

    assert abs(len(found) - expected) <= 1
