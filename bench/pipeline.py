"""The path of a check, end to end with storage and evaluation: 50,000 monitors every 30 s, targets by name."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from bench.places import bench_server, cpu_seconds, pulse, servers
from bench.report import Figure, at_least, at_most, info

ORGANISATIONS = 50
DEAD_PERCENT = 5

MONITORS = """
INSERT INTO {schema}.monitors_monitor (id, name, kind, target, config, interval_seconds, timeout_seconds,
    down_after, up_after, degraded_after, enabled, snoozed_by, version, created_at, created_by, updated_at,
    sealed_secrets, tags, owner_name, notes, runbook_url, locations, quorum, upside_down)
SELECT gen_random_uuid(), 'bench ' || n, 'http',
    'http://n' || %(first)s + n || CASE WHEN n %% 100 < %(dead)s THEN '.dead' ELSE '.up' END
        || '.bench:' || %(port)s || '/',
    '{{}}', %(interval)s, 5, 3, 2, 3, true, '', 1, now(), 'bench', now(),
    '', '{{}}', '', '', '', '{{}}', 1, false
FROM generate_series(1, %(count)s) AS n
"""
STATES = """
INSERT INTO telemetry_livestate (monitor_no, tenant_no, location, interval_seconds, timeout_seconds, phase_ms,
    spec_version, status_since, next_due_at)
SELECT no, %(tenant)s, %(location)s, interval_seconds, timeout_seconds, phase, 1, now(),
    date_bin(make_interval(secs => %(interval)s), now(), to_timestamp(phase / 1000.0))
        + make_interval(secs => %(interval)s)
FROM (SELECT *, (no * 7919 %% (%(interval)s * 1000))::int AS phase FROM {schema}.monitors_monitor) m
"""
SPECS = """
INSERT INTO telemetry_probespec (monitor_no, tenant_no, version, spec)
SELECT no, %(tenant)s, 1, jsonb_build_object('kind', kind, 'target', target, 'config', config, 'timeout',
    timeout_seconds, 'policy', jsonb_build_object('down_after', down_after, 'up_after', up_after))
FROM {schema}.monitors_monitor
"""
WINDOW = """
SELECT count(*), coalesce(percentile_cont(0.99) WITHIN GROUP (ORDER BY lateness_us), 0), coalesce(max(lateness_us), 0),
    count(*) FILTER (WHERE NOT ok)
FROM telemetry_checkresult WHERE slot >= %s AND slot < %s
"""


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """The figures of one run; the window starts after one warm interval."""
    with (
        servers() as environment,
        bench_server("target.py") as port,
        bench_server("dns.py", "--ttl", "30") as dns,
    ):
        os.environ |= environment
        import django

        django.setup()
        fill(options, port)
        environment |= {"PULSE_NAMESERVERS": f"127.0.0.1:{dns}", "PULSE_ROLE": "checks"}
        log = Path(options.log) if options.log else None
        with pulse(environment, "manage.py", "run_checks", log=log) as worker:
            sleep(options.interval + 5)
            yield from measure(options, worker.pid, int(environment["BENCH_POSTGRES_PID"]))


def fill(options: argparse.Namespace, port: int) -> None:
    from django.db import connection

    from monitors.telemetry.scheduling import location_no
    from pulse.scoping import in_tenant
    from tenants import membership, provisioning
    from tenants.actors import COMMAND_LINE

    owner, _ = membership.find_or_create_user("bench@example.org")
    each = options.monitors // ORGANISATIONS
    for number in range(ORGANISATIONS):
        organisation = provisioning.request_organisation(
            f"bench-{number}", f"Bench {number}", owner, COMMAND_LINE
        )
        provisioning.provision(organisation)
        values = {
            "count": each, "first": number * each, "dead": DEAD_PERCENT, "port": port,
            "interval": options.interval, "tenant": organisation.no, "location": location_no(),
        }  # fmt: skip
        with in_tenant(organisation), connection.cursor() as cursor:
            for statement in (MONITORS, STATES, SPECS):
                cursor.execute(statement.format(schema=organisation.schema_name), values)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE telemetry_livestate")
    connection.close()


def measure(options: argparse.Namespace, worker: int, postgres: int) -> Iterator[Figure]:
    from django.utils import timezone

    start, began = timezone.now(), monotonic()
    before = cpu_seconds(worker), cpu_seconds(postgres)
    sleep(options.seconds)
    end, lasted = timezone.now(), monotonic() - began
    after = cpu_seconds(worker), cpu_seconds(postgres)
    sleep(8)  # the last slots of the window end within their timeout
    count, p99_us, worst_us, failed = query(WINDOW, [start, end])
    gaps = query("SELECT count(*) FROM telemetry_gap", [])[0]
    wanted = 0.98 * options.monitors / options.interval
    yield at_least("pipeline_rate", count / lasted, "checks/s", round(wanted, 1))
    yield at_most("pipeline_lateness_p99", p99_us / 1000, "ms", 1000)
    yield at_most("pipeline_gap_rows", gaps, "rows", 0)
    yield info("pipeline_lateness_max", worst_us / 1000, "ms")
    yield info("pipeline_failed_share", 100 * failed / max(1, count), "%")
    yield info("pipeline_worker_cpu", (after[0] - before[0]) / max(1, count) * 1e6, "us/check")
    yield info("pipeline_postgres_cpu", (after[1] - before[1]) / max(1, count) * 1e6, "us/check")


def query(statement: str, values: list[Any]) -> Any:
    from django.db import connection

    from pulse.scoping import as_pipeline

    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()
