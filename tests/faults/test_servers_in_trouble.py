"""The broker gone or wiped, database connections cut, two of every worker: the promise holds."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
import redis

from pulse.tasks import wake
from tests.faults.processes import Worker
from tests.faults.test_killed_workers import prepare, told, told_in_all
from tests.faults.verifying import told_at_all, verify
from tests.receivers import WebhookReceiver, wait_until
from tests.test_story import hurry, make_monitor, status_of


def live_through_an_outage(api: Any, target: Any, receiver: WebhookReceiver, monitor: dict[str, Any]) -> None:
    wait_until(lambda: hurry(api, monitor) and status_of(api, monitor) == "up", 20, "the monitor to be up")
    target.status = 503
    wait_until(lambda: hurry(api, monitor) and receiver.ledger, 20, "the outage to be told")
    target.status = 200
    wait_until(lambda: hurry(api, monitor) and told(api), 20, "both deliveries to be recorded")


def test_everything_works_with_no_broker_at_all(
    acme: Any, api: Any, target: Any, receiver: WebhookReceiver, tmp_path: Path
) -> None:
    nowhere = f"unix://{tmp_path}/nobody-listens?db=0"
    prepare(api, receiver)
    monitor = make_monitor(api, target.url)

    with Worker("run_checks", REDIS_URL=nowhere), Worker("run_deliveries", REDIS_URL=nowhere):
        live_through_an_outage(api, target, receiver, monitor)

    verify(acme, receiver.ledger, outages=1, repeats_allowed=0)


def test_a_broker_that_is_wiped_again_and_again_loses_nothing(
    acme: Any, api: Any, target: Any, receiver: WebhookReceiver, checker: Any, courier: Any
) -> None:
    prepare(api, receiver)
    monitor = make_monitor(api, target.url)
    done = Event()

    def wipe() -> None:
        client = redis.Redis.from_url(os.environ["REDIS_URL"])
        while not done.wait(0.05):
            client.flushall()
        client.close()

    wiping = Thread(target=wipe)
    wiping.start()
    try:
        live_through_an_outage(api, target, receiver, monitor)
    finally:
        done.set()
        wiping.join()

    verify(acme, receiver.ledger, outages=1, repeats_allowed=0)


def test_two_of_every_worker_share_the_work_and_double_nothing(
    acme: Any, api: Any, target: Any, receiver: WebhookReceiver
) -> None:
    prepare(api, receiver)
    monitors = [make_monitor(api, target.url, name=f"shop {number}") for number in range(8)]

    with ExitStack() as stack:
        for command in ("run_checks", "run_checks", "run_deliveries", "run_deliveries"):
            stack.enter_context(Worker(command))
        hurry_all(api, monitors)
        for monitor in monitors:
            wait_until(lambda it=monitor: status_of(api, it) == "up", 20, "up")  # type: ignore[misc]
        target.status = 503
        hurry_all(api, monitors)
        for monitor in monitors:
            wait_until(lambda it=monitor: status_of(api, it) == "down", 20, "down")  # type: ignore[misc]
        target.status = 200
        hurry_all(api, monitors)
        for monitor in monitors:
            wait_until(lambda it=monitor: status_of(api, it) == "up", 20, "up again")  # type: ignore[misc]
        wait_until(lambda: told_in_all(api) == 2 * told_at_all(acme), 10, "all deliveries to be recorded")

    verify(acme, receiver.ledger, outages=8, repeats_allowed=0)


def test_cut_database_connections_are_made_anew(
    acme: Any, api: Any, target: Any, receiver: WebhookReceiver, tmp_path: Path
) -> None:
    prepare(api, receiver)
    monitor = make_monitor(api, target.url)

    with Worker("run_checks", log=tmp_path / "log"), Worker("run_deliveries", log=tmp_path / "log"):
        wait_until(lambda: hurry(api, monitor) and status_of(api, monitor) == "up", 20, "up")
        target.status = 503
        for _ in range(5):
            cut_connections("pulse fault test")
            hurry(api, monitor)
        wait_until(lambda: hurry(api, monitor) and receiver.ledger, 25, "the outage to be told")
        cut_connections("pulse fault test")
        target.status = 200
        wait_until(lambda: hurry(api, monitor) and told(api), 25, "both deliveries to be recorded")

    # A connection cut while an outcome is being committed leaves it unknown: that one may be repeated.
    verify(acme, receiver.ledger, outages=1, repeats_allowed=2)


def test_bells_may_ring_twice_late_or_for_nothing(
    acme: Any, api: Any, target: Any, receiver: WebhookReceiver, checker: Any, courier: Any
) -> None:
    prepare(api, receiver)
    monitor = make_monitor(api, target.url)
    for bell in ("checks", "notifications", "default", "checks", "notifications") * 3:
        wake(bell=bell)

    live_through_an_outage(api, target, receiver, monitor)

    verify(acme, receiver.ledger, outages=1, repeats_allowed=0)


def hurry_all(api: Any, monitors: list[dict[str, Any]]) -> None:
    for monitor in monitors:
        assert hurry(api, monitor)


def cut_connections(application_name: str) -> None:
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            [application_name],
        )
