"""Changes of status at the door: which are held back, and what they carry."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from monitors.facts import MonitorChangedStatus
from monitors.recording import record
from monitors.suppression.telling import suppressed, tell
from monitors.telemetry.models import Status
from monitors.telemetry.scheduling import location_no
from pulse.scoping import as_pipeline, in_tenant
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, claimed, step
from tests.monitors.suppression.scene import depend, held, let_pass, look, open_incidents, stand, window


def change(number: int, before: Status, after: Status) -> MonitorChangedStatus:
    now = timezone.now()
    return MonitorChangedStatus(number, before, after, now, now, "flapping: 9 of 20 changes")


def test_a_parent_and_its_child_in_one_batch_make_one_incident(acme: Any) -> None:
    web, db = make(acme, "web"), make(acme, "db")
    depend(acme, web, db)
    for monitor in (web, db):
        for outcome in (GOOD, BAD, BAD):
            step(monitor, outcome)
    batch = [claimed(web, BAD), claimed(db, BAD)]
    with as_pipeline():
        here = location_no()
    record(batch, here)

    assert (held(acme, web, db), open_incidents(acme)) == (["db"], {"db"})


def test_flapping_is_held_back_too_and_stays_so_when_it_becomes_down(acme: Any) -> None:
    shop = make(acme)
    window(acme)
    stand(acme, shop, Status.FLAPPING)
    with in_tenant(acme), transaction.atomic():
        tell([change(shop.no, Status.UP, Status.FLAPPING)])
        again = suppressed([change(shop.no, Status.FLAPPING, Status.DOWN)], timezone.now())

    assert again[0].suppressed is not None
    assert (held(acme, shop), open_incidents(acme)) == (["Upgrade"], set())
    let_pass(acme, 61)
    look(acme)
    assert open_incidents(acme) == {"shop"}


def test_what_was_down_before_the_window_is_not_held_back_when_it_flaps(acme: Any) -> None:
    shop = make(acme)
    window(acme)
    with in_tenant(acme), transaction.atomic():
        found = suppressed([change(shop.no, Status.DOWN, Status.FLAPPING)], timezone.now())

    assert found[0].suppressed is None
    assert held(acme, shop) == []


def test_an_outage_that_nobody_could_see_for_a_while_stays_held_back(acme: Any) -> None:
    shop = make(acme)
    window(acme)
    with in_tenant(acme), transaction.atomic():
        tell([change(shop.no, Status.UP, Status.DOWN)])
        tell([change(shop.no, Status.DOWN, Status.UNKNOWN)])
        back = suppressed([change(shop.no, Status.UNKNOWN, Status.DOWN)], timezone.now())

    assert back[0].suppressed is not None
    stand(acme, shop, Status.UNKNOWN)
    let_pass(acme, 61)
    look(acme)
    assert open_incidents(acme) == {"shop"}
