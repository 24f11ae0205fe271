"""What a result costs on disk, fresh and packed, how long packing an hour takes, and reading a month of it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from bench.places import cpu_seconds, servers
from bench.report import Figure, at_most, info

if TYPE_CHECKING:
    from monitors.models import Monitor
    from tenants.models import Organisation

# A service behind TLS as one is asked over the internet: times scatter, one answer of a hundred is slow by far, one
# of two thousand fails, and a tenth of the monitors find several addresses in turn.
FILL = """
INSERT INTO telemetry_checkresult (monitor_no, slot, tenant_no, lateness_us, total_us, dns_us, connect_us, tls_us,
    wait_us, transfer_us, location, error, status_code, ok, soft, address, detail)
SELECT no, slot, 1, 250 + (random() * 900)::int, dns + connect + tls + wait + transfer + 180, dns, connect, tls,
    CASE WHEN ok THEN wait END, CASE WHEN ok THEN transfer END, 1, CASE WHEN ok THEN 0 ELSE 60 END,
    CASE WHEN ok THEN 200 ELSE 503 END, ok, false,
    ('198.51.' || no %% 250 || '.' || CASE WHEN no %% 10 = 0 THEN (random() * 3)::int ELSE 9 END)::inet,
    CASE WHEN ok THEN '' ELSE 'answered 503, wanted 200 to 299' END
FROM (
    SELECT no, (%(hour)s)::timestamptz + make_interval(secs => step * %(interval)s) + make_interval(secs =>
            (no * 7919 %% (%(interval)s * 1000)) / 1000.0) AS slot, random() > 0.0005 AS ok,
        (random() * 1500)::int AS dns, base + (random() * 3000)::int AS connect,
        2 * base + (random() * 5000)::int AS tls,
        4 * base + (random() * random() * 40000)::int + CASE WHEN random() > 0.99 THEN 900000 ELSE 0 END AS wait,
        100 + (random() * 3000)::int AS transfer
    FROM (SELECT no, 8000 + no * 7919 %% 40000 AS base FROM generate_series(1, %(monitors)s) AS no) m,
        generate_series(%(first)s, %(last)s - 1) AS step
) made ORDER BY slot
"""
PARTS = 8  # of the hour; pages of its index fill and split in step, so what a result costs depends on when one looks
SIZE = """
SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
WHERE c.relkind IN ('r', 't') AND c.relname LIKE %s
"""
MONTH = """
INSERT INTO telemetry_packed (tenant_no, monitor_no, location, hour, results, modes, wide, small, kinds, picks)
SELECT tenant_no, monitor_no, location, hour - make_interval(hours => back), results, modes, wide, small, kinds, picks
FROM telemetry_packed, generate_series(1, 719) AS back WHERE monitor_no = 1
"""


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """An hour of so many monitors; the time is told for 100,000 that are checked once a minute."""
    monitors = min(options.monitors, 5_000)
    with servers() as environment:
        os.environ |= environment
        import django

        django.setup()
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
        results = monitors * (3600 // options.interval)
        costs = fill(monitors, options.interval, hour)
        yield at_most("storage_fresh", sum(costs) / len(costs), "bytes/result", 150)
        yield info("storage_fresh_before_pages_fill", max(costs), "bytes/result")
        yield from packing(monitors, results, hour, int(environment["BENCH_POSTGRES_PID"]))
        yield from reading(hour, options.interval)


def fill(monitors: int, interval: int, hour: datetime) -> list[float]:
    """An hour of results; what one cost from the half of it on, in which every page of the index splits once."""
    steps, costs = 3600 // interval, []
    for part in range(PARTS):
        values = {"hour": hour, "interval": interval, "monitors": monitors}
        bounds = {"first": steps * part // PARTS, "last": steps * (part + 1) // PARTS}
        _run(FILL, values | bounds)
        if 2 * (part + 1) > PARTS:
            costs.append(_size("telemetry_checkresult%") / (monitors * bounds["last"]))
    return costs


def packing(monitors: int, results: int, hour: datetime, postgres: int) -> Iterator[Figure]:
    from monitors.results.packing import pack_closed

    empty = _size("telemetry_packed%")
    before, began, own = cpu_seconds(postgres), monotonic(), os.times()
    assert pack_closed(600, hour + timedelta(hours=1)) == results
    took, spent = monotonic() - began, os.times()
    yield at_most("storage_packed", (_size("telemetry_packed%") - empty) / results, "bytes/result", 25)
    yield info("storage_rolled_up", _size("telemetry_resulthour%") / results, "bytes/result")
    yield at_most("storage_packing_100000_monitors", took * 6_000_000 / results, "s", 120)
    yield info("storage_packing_postgres_cpu", (cpu_seconds(postgres) - before) / results * 1e6, "us/result")
    yield info("storage_packing_own_cpu", (spent.user - own.user) / results * 1e6, "us/result")


def reading(hour: datetime, interval: int) -> Iterator[Figure]:
    """A month of one monitor: reading it, and the whole of a back-test over it, as its form and scripts ask for it."""
    from monitors.backtest.running import SPAN, as_json
    from monitors.backtest.running import run as backtest
    from monitors.policy import Policy
    from monitors.results.reading import read
    from pulse.scoping import in_tenant

    _run(MONTH, {})
    organisation, end = _organisation(), hour + timedelta(hours=1)
    with in_tenant(organisation):
        monitor = _monitor(organisation, interval)
        took, results = best(
            lambda: len(read([1], end - SPAN, end, ("ok", "soft", "error", "total_us"))[1, 1])
        )
        yield at_most("storage_reading_86400", took * 1000 * 86_400 / results, "ms", 500)
        draft = Policy(down_after=2, slow_ms=900)
        took, results = best(lambda: as_json(backtest(monitor, draft, 1, end - SPAN, end), end)["results"])
        yield at_most("storage_backtest_86400", took * 86_400 / results, "s", 1)


def best(of: Callable[[], int]) -> tuple[float, int]:
    """Seconds of the fastest of three, and what it answered."""
    found = []
    for _ in range(3):
        began = monotonic()
        answer = of()
        found.append((monotonic() - began, answer))
    return min(found)


def _organisation() -> Organisation:
    from tenants import membership, provisioning
    from tenants.actors import COMMAND_LINE

    owner, _ = membership.find_or_create_user("bench@example.org")
    organisation = provisioning.request_organisation("bench", "Bench", owner, COMMAND_LINE)
    provisioning.provision(organisation)
    assert organisation.no == 1
    return organisation


def _monitor(organisation: Organisation, interval: int) -> Monitor:
    from monitors import definition, editing
    from tenants.actors import COMMAND_LINE

    values = {
        "name": "bench",
        "target": "https://bench.example/",
        "interval_seconds": interval,
        "timeout_seconds": 5,
    }
    monitor = editing.create(organisation, definition.read(values), COMMAND_LINE)
    assert monitor.no == 1
    return monitor


def _size(tables: str) -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(SIZE, [tables])
        return float(cursor.fetchone()[0])


def _run(statement: str, values: dict[str, Any]) -> None:
    from django.db import connection

    from pulse.scoping import as_pipeline

    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute("ANALYZE telemetry_checkresult")
