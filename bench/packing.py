"""Packing an hour of 100,000 monitors while as many are checked once a minute, on the same servers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep

from bench.pipeline import WINDOW, at_work, query
from bench.places import bench_server
from bench.report import Figure, at_least, at_most, info
from bench.storage import fill

MONITORS = 5_000  # whose hour is packed; the time is told for 100,000
INTERVAL = 60


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """50,000 monitors every 30 s unless told: as many checks as 100,000 a minute."""
    with bench_server("target.py") as port, at_work(options, port):
        from monitors.results.packing import pack_closed

        now = datetime.now(UTC)
        hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
        fill(MONITORS, INTERVAL, hour)
        start, began = datetime.now(UTC), monotonic()
        assert pack_closed(600, hour + timedelta(hours=1)) == MONITORS * 3600 // INTERVAL
        took, end = monotonic() - began, datetime.now(UTC)
        yield at_most("packing_100000_monitors_beside_checks", took * 100_000 / MONITORS, "s", 120)
        yield from _meanwhile(options, start, end)


def _meanwhile(options: argparse.Namespace, start: datetime, end: datetime) -> Iterator[Figure]:
    sleep(8)  # the last slots end within their timeout
    count, p99_us, _, _ = query(WINDOW, [start, end])
    rate = count / (end - start).total_seconds()
    yield at_least("packing_checks_meanwhile", rate, "checks/s", 0.95 * options.monitors / options.interval)
    yield info("packing_lateness_p99", p99_us / 1000, "ms")
