"""A worker that hears nothing while messages wait is ended; silence alone proves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from signal import SIGTERM
from uuid import uuid4

import pytest
import redis

from tests.receivers import wait_until

ROOT = Path(__file__).resolve().parents[2]
# Like a Celery worker: a parent, and a child that watches itself. The child says each time that it has looked.
WORKER = """
import os, signal, sys, threading, time
import django
django.setup()
from pulse import watchdog
queue, engine = sys.argv[1:]
watchdog.SILENT_FOR_S, watchdog.LOOK_EVERY_S = 0.2, 0.05
parent = os.getpid()
if os.fork():
    while True:
        signal.pause()
def alive():
    os.write(1, b".")
    return engine == "alive"
watchdog.watch(queue, alive)
while os.getppid() == parent:
    time.sleep(0.02)
"""


@pytest.fixture
def queue() -> Iterator[str]:
    name = f"suite-{uuid4().hex}"
    yield name
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.delete(name)


def worker(queue: str, log: Path, engine: str = "alive") -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-c", WORKER, queue, engine], cwd=ROOT, stdout=output, stderr=output
        )


def test_a_deaf_worker_is_ended_only_while_messages_wait(queue: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = worker(queue, log)
    try:
        wait_until(lambda: log.read_bytes().count(b".") > 12, 20, "a long silence")
        assert process.poll() is None
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            client.rpush(queue, b"a bell")

        assert process.wait(10) == -SIGTERM
    finally:
        process.kill()
        process.wait()
    assert b"it hears no bell while messages wait" in log.read_bytes()


def test_a_worker_without_its_engine_is_ended(queue: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = worker(queue, log, "dead")
    try:
        assert process.wait(20) == -SIGTERM
    finally:
        process.kill()
        process.wait()
    assert b"its engine has died" in log.read_bytes()
