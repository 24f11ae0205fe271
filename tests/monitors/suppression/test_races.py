"""What happens at the same moment: nothing is told twice, and nothing is lost."""

from __future__ import annotations

import os
from threading import Thread
from typing import Any

import psycopg
from django.db import connection, transaction

from monitors import definition, editing
from monitors.models import Monitor
from monitors.suppression import releasing
from monitors.telemetry.models import LiveState, Status
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, step
from tests.monitors.suppression.scene import depend, held, let_pass, look, open_incidents, stand, window
from tests.receivers import wait_until


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


def is_waiting_for_a_lock() -> bool:
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as onlooker:
        found = onlooker.execute("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone()
    return found is not None


def test_pausing_a_child_while_somebody_edits_what_others_depend_on(acme: Any) -> None:
    db, one, two = (make(acme, name) for name in ("db", "one", "two"))
    for monitor in (db, one, two):
        step(monitor, GOOD)
    depend(acme, one, db)
    depend(acme, two, db)
    stand(acme, db, Status.DOWN)
    for monitor in (one, two):
        for _ in range(3):
            step(monitor, BAD)
    assert held(acme, one, two) == ["db", "db"]
    failed: list[Exception] = []

    def edit() -> None:
        try:
            with in_tenant(acme):
                values = {**definition.as_json(Monitor.objects.get(pk=two.pk)), "depends_on": []}
                editing.update(acme, two, values, COMMAND_LINE)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    with in_tenant(acme), transaction.atomic():
        list(LiveState.objects.select_for_update().filter(monitor_no=one.no, tenant_no=acme.no))
        editor = Thread(target=edit)
        editor.start()
        wait_until(lambda: not editor.is_alive() or is_waiting_for_a_lock(), 10, "the edit to come so far")
        editing.pause(acme, Monitor.objects.get(pk=one.pk), COMMAND_LINE)
    editor.join(10)
    releasing.sweep()

    assert failed == []
    assert (held(acme, one, two), open_incidents(acme)) == ([], {"two"})
