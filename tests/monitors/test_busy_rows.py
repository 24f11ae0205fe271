"""An edit that takes long holds back the results of its own monitors only, and loses none of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from monitors import definition, editing
from monitors.models import Monitor
from monitors.probes.outcome import Outcome
from monitors.recording import record
from monitors.telemetry.models import CheckResult, Status
from monitors.telemetry.scheduling import location_no
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, claimed, status, step
from tests.receivers import wait_until

QUICK = {"down_after": 1, "up_after": 1, "degraded_after": 1}


@contextmanager
def held(monitor: Monitor) -> Iterator[None]:
    """Its row of the schedule, by somebody else's open transaction."""
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"]) as other:
        other.execute("SELECT FROM telemetry_livestate WHERE monitor_no = %s FOR UPDATE", [monitor.no])
        yield
        other.rollback()


def kept(monitor: Monitor) -> int:
    with as_pipeline():
        return CheckResult.objects.filter(monitor_no=monitor.no).count()


@pytest.mark.parametrize("outcome", [GOOD, BAD])
def test_a_row_that_is_held_keeps_nobody_else_waiting(acme: Any, globex: Any, outcome: Outcome) -> None:
    edited, other = make(acme, "edited", policy=QUICK), make(globex, "other", policy=QUICK)
    step(edited, GOOD)
    step(other, GOOD)
    results = [claimed(edited, outcome), claimed(other, outcome)]
    with as_pipeline():
        here = location_no()

    with held(edited):
        later = record(results, here)

        assert [result.check.monitor_no for result in later] == [edited.no]
        assert (kept(edited), kept(other)) == (1, 2)
    assert record(later, here) == []
    assert kept(edited) == 2
    assert status(edited) is status(other) is (Status.UP if outcome.ok else Status.DOWN)


def test_what_was_held_and_is_deleted_is_not_tried_again(acme: Any) -> None:
    monitor = make(acme, "gone")
    result = claimed(monitor, GOOD)
    with as_pipeline():
        here = location_no()
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"]) as other:
        other.execute("DELETE FROM telemetry_livestate WHERE monitor_no = %s", [monitor.no])
        later = record([result], here)
        assert later == [result]
        other.commit()

    assert record(later, here) == []
    assert kept(monitor) == 0


def test_a_groups_row_that_is_held_does_not_lose_its_members_outage(acme: Any) -> None:
    member = make(acme, "member", policy=QUICK)
    group = make(acme, "group", kind="group", target="", config={"members": [str(member.pk)]})
    step(member, GOOD)
    result = claimed(member, BAD)
    with as_pipeline():
        here = location_no()

    with held(group):
        assert record([result], here) == [result]
        assert status(member) is Status.UP
    assert record([result], here) == []

    assert status(member) is status(group) is Status.DOWN


def test_deleting_what_somebody_edits_waits_for_the_edit_and_happens_once(acme: Any) -> None:
    monitor = make(acme)
    failed: list[Exception] = []

    def delete() -> None:
        try:
            with in_tenant(acme):
                editing.delete(acme, monitor, COMMAND_LINE)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    deleting = [Thread(target=delete), Thread(target=delete)]
    with in_tenant(acme), transaction.atomic():
        edited = Monitor.objects.select_for_update(no_key=True).get(pk=monitor.pk)
        for each in deleting:
            each.start()
        wait_until(lambda: waiting_for_locks() == 2, 10, "both to wait")
        editing.update(acme, edited, {**definition.as_json(edited), "name": "edited"}, COMMAND_LINE)
    for each in deleting:
        each.join(10)

    assert failed == []
    with in_tenant(acme):
        assert not Monitor.objects.exists()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM tenants_audit WHERE verb = 'deleted' AND object_kind = 'monitor'"
            )
            assert cursor.fetchone() == (1,)


def waiting_for_locks() -> int:
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as onlooker:
        row = onlooker.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return int((row.fetchone() or [0])[0])
