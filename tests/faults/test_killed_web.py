"""Pings when their web process dies, or loses the database: what was answered is there."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import requests

from pulse.failpoints import STEPS
from tests.faults.processes import ROOT
from tests.monitors.heartbeats.serving import ask, heartbeat, rows_of, served, token_of
from tests.ports import free_port
from tests.receivers import wait_until

CUT = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = %s AND pid <> pg_backend_pid()"


@contextmanager
def web(failpoint: str) -> Iterator[tuple[str, subprocess.Popen[Any]]]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "pulse.asgi:application",
        "--port",
        str(port),
        "--log-level",
        "error",
    ]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PULSE_FAILPOINT": failpoint})
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/health"), 20, "the web process")
        yield f"http://127.0.0.1:{port}/ping", process
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return ask(url).status_code == 200
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize("step", [step for step in STEPS if step.startswith("ping.")])
def test_a_ping_whose_server_dies_is_not_answered_and_counts_when_sent_again(acme: Any, step: str) -> None:
    monitor = heartbeat(acme)
    token = token_of(acme, monitor)
    with web(step) as (pings, process):
        with pytest.raises(requests.ConnectionError):
            ask(f"{pings}/{token}/7")
        process.wait(10)
    with served() as address:
        assert ask(f"{address}/ping/{token}/7").text == "OK"
    assert len(rows_of(monitor)) == (2 if step == "ping.committed" else 1)


def test_what_was_answered_while_connections_are_cut_is_there(acme: Any, pings: str) -> None:
    monitors = [heartbeat(acme, f"job {number}") for number in range(8)]
    urls = [f"{pings}/{token_of(acme, monitor)}" for monitor in monitors]
    done = threading.Event()

    def report(number: int) -> list[str]:
        accepted = []
        while not done.is_set():
            rid = str(uuid.uuid4())
            if ask(f"{urls[number]}?rid={rid}").status_code == 200:
                accepted.append(rid)
        return accepted

    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        role = os.environ["DATABASE_URL"].split("://")[1].split(":")[0].split("@")[0]
        with ThreadPoolExecutor(8) as jobs:
            running = [jobs.submit(report, number) for number in range(8)]
            cuts = 0
            for _ in range(5):
                done.wait(0.15)
                cuts += superuser.execute(CUT, [role]).fetchone()[0]  # type: ignore[index]
            done.wait(0.3)
            done.set()
            accepted = [job.result() for job in running]
    _reconnect()

    assert cuts >= 2
    for monitor, rids in zip(monitors, accepted, strict=True):
        assert rids
        assert set(rids) <= set(rows_of(monitor, "rid::text"))


def test_while_the_database_is_away_senders_are_asked_to_come_again(
    acme: Any, pings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = heartbeat(acme)
    url = f"{pings}/{token_of(acme, monitor)}"
    monkeypatch.setattr("monitors.heartbeats.writing.PATIENCE_S", 0.4)
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"]) as superuser:
        superuser.execute("LOCK TABLE telemetry_heartbeat IN ACCESS EXCLUSIVE MODE")
        refused = ask(url)
        superuser.rollback()
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert rows_of(monitor) == []
    assert ask(url).text == "OK"


def _reconnect() -> None:
    from django.db import connections

    connections.close_all()
