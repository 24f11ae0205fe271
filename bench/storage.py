"""What a result costs on disk, fresh and packed, how long packing an hour takes, and reading a month of it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from bench.places import cpu_seconds, servers
from bench.report import Figure, at_most, info

# A service behind TLS as one is asked over the internet: times scatter, one answer of a hundred is slow by far, one
# of two thousand fails, and a tenth of the monitors find several addresses in turn.
FILL = """
INSERT INTO telemetry_checkresult (monitor_no, slot, tenant_no, lateness_us, total_us, dns_us, connect_us, tls_us,
    wait_us, transfer_us, location, error, status_code, ok, soft, address, detail)
SELECT no, slot, 1, 250 + (random() * 900)::int, dns + connect + tls + wait + transfer + 180, dns, connect, tls,
    CASE WHEN ok THEN wait END, CASE WHEN ok THEN transfer END, 1, CASE WHEN ok THEN 0 ELSE 60 END,
    CASE WHEN ok THEN 200 ELSE 503 END, ok, false,
    ('198.51.' || no %% 250 || '.' || CASE WHEN no %% 10 = 0 THEN (random() * 3)::int ELSE 9 END)::inet,
    CASE WHEN NOT ok THEN 'answered 503, wanted 200 to 299' END
FROM (
    SELECT no, (%(hour)s)::timestamptz + make_interval(secs => step * %(interval)s) + make_interval(secs =>
            (no * 7919 %% (%(interval)s * 1000)) / 1000.0) AS slot, random() > 0.0005 AS ok,
        (random() * 1500)::int AS dns, base + (random() * 3000)::int AS connect,
        2 * base + (random() * 5000)::int AS tls,
        4 * base + (random() * random() * 40000)::int + CASE WHEN random() > 0.99 THEN 900000 ELSE 0 END AS wait,
        100 + (random() * 3000)::int AS transfer
    FROM (SELECT no, 8000 + (random() * 40000)::int AS base FROM generate_series(1, %(monitors)s) AS no) m,
        generate_series(0, 3600 / %(interval)s - 1) AS step
) made ORDER BY slot
"""
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
    """An hour of so many monitors; the time is told for 100,000 of them."""
    monitors = min(options.monitors, 5_000)
    with servers() as environment:
        os.environ |= environment
        import django

        django.setup()
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
        results = monitors * (3600 // options.interval)
        _run(FILL, {"hour": hour, "interval": options.interval, "monitors": monitors})
        yield at_most("storage_fresh", _size("telemetry_checkresult%") / results, "bytes/result", 150)
        yield from packing(monitors, results, hour, int(environment["BENCH_POSTGRES_PID"]))
        yield from reading(hour)


def packing(monitors: int, results: int, hour: datetime, postgres: int) -> Iterator[Figure]:
    from monitors.results.packing import pack_closed

    empty = _size("telemetry_packed%")
    before, began, own = cpu_seconds(postgres), monotonic(), os.times()
    assert pack_closed(600, hour + timedelta(hours=1)) == results
    took, spent = monotonic() - began, os.times()
    yield at_most("storage_packed", (_size("telemetry_packed%") - empty) / results, "bytes/result", 25)
    yield info("storage_rolled_up", _size("telemetry_resulthour%") / results, "bytes/result")
    yield at_most("storage_packing_100000_monitors", took * 100_000 / monitors, "s", 120)
    yield info("storage_packing_postgres_cpu", (cpu_seconds(postgres) - before) / results * 1e6, "us/result")
    yield info("storage_packing_own_cpu", (spent.user - own.user) / results * 1e6, "us/result")


def reading(hour: datetime) -> Iterator[Figure]:
    """What a back-test reads: a month of one monitor."""
    from monitors.results.reading import read
    from pulse.scoping import in_tenant

    _run(MONTH, {})
    with in_tenant(_Bench()):
        took, found = [], 0
        for _ in range(3):
            began = monotonic()
            read_ = read(
                [1], hour - timedelta(days=31), hour + timedelta(hours=1), ("ok", "soft", "error", "total_us")
            )
            took.append(monotonic() - began)
            found = len(read_[1, 1])
    yield at_most("storage_reading_86400", min(took) * 1000 * 86_400 / found, "ms", 500)


class _Bench:
    schema_name, no = "o_bench", 1


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
