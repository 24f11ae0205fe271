"""Many messages while a deliveries worker is killed with -9 every two seconds, and Valkey is wiped beside it.

Each transition is told to five receivers. What the product counts as repeats must be no fewer than the receivers saw.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

from bench.places import ROOT, children, pulse
from bench.report import Figure, at_most, info
from bench.telling_site import CELERY, WORKER, Site, left_to_tell, query, site, wait_until_told, wipe

RECEIVERS = 5
WORKERS = 3
KILL_EVERY_S = 2.0
WITH_PARENT = 10
# Transitions are committed no further ahead than that, so that ends seldom overtake their beginnings.
AHEAD = 5_000
# What was folded into the end of its outage is told by that message.
ROWS = """
SELECT d.id, coalesce(f.id, d.id), d.state, d.repeats FROM ledger_delivery d
LEFT JOIN ledger_delivery f ON d.state = 'folded' AND f.no = d.folded_into
"""
DOUBLE = """
SELECT count(*) - count(DISTINCT (incident_id, event, channel_id, recipient, turn)) FROM ledger_delivery
"""


def run(options: argparse.Namespace) -> Iterator[Figure]:
    with site(RECEIVERS) as place:
        done, killed = Event(), Killed()
        beside = [
            Thread(target=killed.run, args=(place.environment, done)),
            Thread(target=wipe, args=(place.environment["REDIS_URL"], done)),
        ]
        for thread in beside:
            thread.start()
        began = monotonic()
        commit(place, options.deliveries, began + options.patience)
        wait_until_told(place.hooks, max(0.0, began + options.patience - monotonic()))
        took = monotonic() - began
        done.set()
        for thread in beside:
            thread.join()
        with pulse(place.environment, *WORKER):  # what the dead ones had leased comes when their leases end
            left = wait_until_told(place.hooks, 180)
        rows, ledger = query(ROWS), place.hooks.ledger()
        double = int(query(DOUBLE)[0][0])
    yield from judge(rows, ledger, left, double)
    yield info("lossless_kills", killed.count, "workers")
    yield info("lossless_took", took, "s")


def commit(place: Site, deliveries: int, until: float) -> None:
    for number in range(deliveries // RECEIVERS):
        while number % 50 == 0 and left_to_tell(place.hooks) > AHEAD and monotonic() < until:
            sleep(0.1)
        place.change()


def judge(
    rows: list[tuple[Any, ...]], ledger: dict[str, list[float]], left: int, double: int
) -> Iterator[Figure]:
    own, told = {f"msg_{row[0].hex}" for row in rows}, [f"msg_{row[1].hex}" for row in rows]
    counted = sum(row[3] for row in rows)
    seen = sum(len(times) - 1 for times in ledger.values())
    yield info("lossless_deliveries", len(rows), "messages")
    yield info("lossless_told_with_the_end", sum(row[2] == "folded" for row in rows), "messages")
    yield at_most("lossless_lost", sum(key not in ledger for key in told) + left, "messages", 0)
    yield at_most("lossless_invented", len(set(ledger) - own), "messages", 0)
    yield at_most("lossless_double_by_key", double, "messages", 0)
    yield info("lossless_repeats_counted", counted, "messages")
    yield info("lossless_repeats_seen", seen, "messages")
    yield at_most("lossless_repeats_uncounted", max(0, seen - counted), "messages", 0)


class Killed:
    """Celery workers as `make run` starts them; every two seconds the child that delivers is killed in one of them.

    The parent starts another one. Every tenth time the parent is killed too, and started anew.
    """

    def __init__(self) -> None:
        self.count = 0

    def run(self, environment: dict[str, str], done: Event) -> None:
        workers = [_start(environment) for _ in range(WORKERS)]
        try:
            for turn in count(1):
                if done.wait(KILL_EVERY_S):
                    return
                place = turn % WORKERS
                found = children(workers[place].pid)
                if turn % WITH_PARENT == 0:
                    workers[place].kill()
                    workers[place].wait()
                    workers[place] = _start(environment)
                for child in found:
                    with suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
                self.count += bool(found)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()


def _start(environment: dict[str, str]) -> subprocess.Popen[Any]:
    return subprocess.Popen([sys.executable, *CELERY], cwd=ROOT, env=os.environ | environment,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
