"""kill -9 at every step of the path: nothing lost, nothing doubled but what the receiver can tell by its key."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from monitors.telemetry.models import CheckResult, LiveState
from monitors.telemetry.scheduling import location_no
from pulse.failpoints import STEPS
from pulse.scoping import as_pipeline
from tests.faults.processes import Worker
from tests.faults.verifying import verify
from tests.receivers import WebhookReceiver, wait_until
from tests.test_story import hurry, make_channel, make_monitor, status_of

CHECKS = [step for step in STEPS if step.startswith(("claim", "record", "incident.placed"))]
DELIVERIES = [step for step in STEPS if step.startswith(("relay", "delivery"))]
# What goes out at once is never claimed; what waits for its rule's delay is.
AT_ONCE = [(step, 0) for step in DELIVERIES if step not in ("delivery.leased", "delivery.attempted")]
CLAIMED = [(step, 1) for step in DELIVERIES if step.startswith("delivery")]


def expire_leases() -> None:
    """What time would do: let every lease of the dead worker run out."""
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        superuser.execute("UPDATE telemetry_livestate SET lease_until = now() WHERE lease_until IS NOT NULL")
        superuser.execute("UPDATE outbox_fact SET lease_until = now() WHERE lease_until IS NOT NULL")
        superuser.execute("UPDATE ledger_delivery SET lease_until = now() WHERE lease_until IS NOT NULL")


@pytest.mark.parametrize("step", CHECKS)
def test_checks_worker_killed_at(
    step: str, acme: Any, api: Any, target: Any, receiver: WebhookReceiver, courier: Any, tmp_path: Path
) -> None:
    prepare(api, receiver)
    monitor = make_monitor(api, target.url)
    transition_needed = step in {"incident.placed", "record.transition", "record.committed"}
    if transition_needed:
        with Worker("run_checks"):
            wait_until(lambda: status_of(api, monitor) == "up", 15, "the monitor to be up")
        target.status = 503
    hurry(api, monitor)
    Worker("run_checks", step).start().wait_until_killed(20)
    expire_leases()

    with Worker("run_checks", log=tmp_path / "checks.log"):
        if not transition_needed:
            wait_until(lambda: status_of(api, monitor) == "up", 15, "the monitor to be up")
            target.status = 503
        wait_until(lambda: hurry(api, monitor) and receiver.ledger, 15, "the outage to be told")
        target.status = 200
        wait_until(lambda: hurry(api, monitor) and told(api), 15, "both deliveries to be recorded")

    verify(acme, receiver.ledger, outages=1, repeats_allowed=0)


def test_checks_worker_killed_while_an_incident_ends(
    acme: Any, api: Any, target: Any, receiver: WebhookReceiver, courier: Any
) -> None:
    prepare(api, receiver)
    monitor = make_monitor(api, target.url)
    target.status = 503
    with Worker("run_checks"):
        wait_until(lambda: hurry(api, monitor) and receiver.ledger, 15, "the outage to be told")
    target.status = 200
    hurry(api, monitor)
    Worker("run_checks", "incident.ended").start().wait_until_killed(20)
    expire_leases()

    with Worker("run_checks"):
        wait_until(lambda: hurry(api, monitor) and told(api), 15, "both deliveries to be recorded")

    verify(acme, receiver.ledger, outages=1, repeats_allowed=0)


@pytest.mark.parametrize("aim", [*AT_ONCE, *CLAIMED])
def test_delivery_worker_killed_at(
    aim: tuple[str, int],
    acme: Any,
    api: Any,
    target: Any,
    receiver: WebhookReceiver,
    checker: Any,
    tmp_path: Path,
) -> None:
    step, delay = aim
    prepare(api, receiver, delay)
    monitor = make_monitor(api, target.url)
    wait_until(lambda: status_of(api, monitor) == "up", 15, "the monitor to be up")
    target.status = 503
    hurry(api, monitor)
    Worker("run_deliveries", step).start().wait_until_killed(20)
    expire_leases()

    with Worker("run_deliveries", log=tmp_path / "deliveries.log"):
        wait_until(lambda: hurry(api, monitor) and receiver.ledger, 15, "the outage to be told")
        target.status = 200
        wait_until(lambda: hurry(api, monitor) and told(api), 15, "both deliveries to be recorded")

    # Only a crash between "the receiver has it" and "we committed that" may send twice.
    verify(acme, receiver.ledger, outages=1, repeats_allowed=1 if step == "delivery.sent" else 0)
    if step == "delivery.sent":
        assert len(receiver.ledger) == 3


@pytest.mark.parametrize("step", ["claim.committed", "record.transition"])
def test_worker_of_one_place_killed_at(
    step: str, acme: Any, api: Any, target: Any, receiver: WebhookReceiver, courier: Any
) -> None:
    """Of a monitor that only both places together can call down, and that is a member of a group."""
    prepare(api, receiver)
    with as_pipeline():
        places = {code: location_no(code) for code in ("fra", "nyc")}
    monitor = make_monitor(api, target.url, locations=list(places), quorum=2)
    group = {"name": "all", "kind": "group", "config": {"members": [monitor["id"]], "rule": "all"}}
    assert api.post("monitors", group).status_code == 201
    with Worker("run_checks", PULSE_LOCATION="nyc"):
        with Worker("run_checks", PULSE_LOCATION="fra"):
            wait_until(lambda: hurry(api, monitor) and have_looked(places), 15, "both places to have looked")
        target.status = 503
        hurry(api, monitor)
        Worker("run_checks", step, PULSE_LOCATION="fra").start().wait_until_killed(20)
        expire_leases()
        with Worker("run_checks", PULSE_LOCATION="fra"):
            wait_until(
                lambda: hurry(api, monitor) and len(receiver.ledger) == 2, 15, "both outages to be told"
            )
            target.status = 200
            wait_until(lambda: hurry(api, monitor) and told_in_all(api) == 4, 15, "all to be recorded")

    verify(acme, receiver.ledger, outages=2, repeats_allowed=0)


def test_a_sibling_soon_checks_what_a_killed_worker_held(acme: Any, api: Any, target: Any) -> None:
    monitor = make_monitor(api, target.url, interval_seconds=5)
    with Worker("run_checks") as first:
        wait_until(held_slot, 15, "the monitor to be held")
        with Worker("run_checks"):
            wait_until(lambda: workers() == 2, 15, "the sibling to work")
            wait_until(held_slot, 15, "the monitor to be held")
            slot = held_slot() or newest_slot()
            first.process.kill()
            first.process.wait()

            wait_until(lambda: newest_slot() > slot, 15, "the next check")

    assert newest_slot() - slot < timedelta(seconds=10)
    assert status_of(api, monitor) == "up"


def held_slot() -> Any:
    with as_pipeline():
        row = LiveState.objects.filter(lease_until__isnull=False, holder__isnull=False).first()
    return row and row.slot is not None and row.slot > timezone.now() + timedelta(seconds=1) and row.slot


def newest_slot() -> Any:
    with as_pipeline():
        return CheckResult.objects.latest("slot").slot


def workers() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM telemetry_worker WHERE location = %s", [location_no()])
        return int(cursor.fetchone()[0])


def have_looked(places: dict[str, int]) -> bool:
    with as_pipeline():
        return set(CheckResult.objects.values_list("location", flat=True)) == set(places.values())


def prepare(api: Any, receiver: WebhookReceiver, delay: int = 0) -> None:
    channel = make_channel(api, receiver)
    rule = {"name": "all", "channels": [channel["id"]], "on": ["down", "up"], "delay_seconds": delay}
    assert api.post("rules", rule).status_code == 201


def told(api: Any) -> bool:
    return told_in_all(api) == 2


def told_in_all(api: Any) -> int:
    return sum(
        entry["kind"] == "told"
        for incident in api.get("incidents").json()["results"]
        for entry in api.get(f"incidents/{incident['id']}").json()["timeline"]
    )
