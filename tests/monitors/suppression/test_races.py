"""What happens at the same moment: nothing is told twice, and nothing is lost."""

from __future__ import annotations

import os
from typing import Any

import psycopg

from monitors.suppression import releasing
from monitors.telemetry.models import Status
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, step
from tests.monitors.suppression.scene import held, let_pass, look, open_incidents, stand, window


def test_a_recovery_that_is_being_written_is_not_overtaken_by_the_release(acme: Any) -> None:
    shop = make(acme)
    step(shop, GOOD)
    window(acme)
    for _ in range(3):
        step(shop, BAD)
    let_pass(acme, 61)

    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"]) as recorder:
        recorder.execute("SELECT FROM telemetry_livestate WHERE monitor_no = %s FOR UPDATE", [shop.no])
        look(acme)
        assert (held(acme, shop), open_incidents(acme)) == (["Upgrade"], set())
        recorder.rollback()
    stand(acme, shop, Status.UP)
    releasing.sweep()

    assert (held(acme, shop), open_incidents(acme)) == ([], set())


def test_several_workers_release_an_outage_once(acme: Any) -> None:
    shop = make(acme)
    step(shop, GOOD)
    window(acme)
    for _ in range(3):
        step(shop, BAD)
    let_pass(acme, 61)
    for _ in range(3):
        look(acme)

    assert open_incidents(acme) == {"shop"}


def test_a_failing_organisation_does_not_keep_others_waiting(acme: Any, globex: Any) -> None:
    from tests.triggers import REFUSE, trouble

    shops = [make(acme), make(globex)]
    for organisation, shop in zip((acme, globex), shops, strict=True):
        step(shop, GOOD)
        window(organisation)
        for _ in range(3):
            step(shop, BAD)
        let_pass(organisation, 61)
    with trouble("telemetry_heldoutage", REFUSE, "DELETE", f"OLD.monitor_no = {shops[0].no}"):
        look(acme)
        look(globex)
        assert (open_incidents(acme), open_incidents(globex)) == (set(), {"shop"})
    look(acme)

    assert open_incidents(acme) == {"shop"}
