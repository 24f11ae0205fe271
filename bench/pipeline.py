"""The path of a check, end to end with storage and evaluation: 50,000 monitors, targets by name."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from time import monotonic, sleep
from typing import Any

from bench import blackbox_exporter
from bench.compared import FEW_NAMES, script
from bench.places import bench_server, cpu_seconds, pulse, resident_bytes, servers
from bench.report import Figure, at_least, at_most, info

DEAD_PERCENT = 5
# After three failures the dead names are down: what opening so many incidents at once costs is another figure's.
WARM_INTERVALS = 3
# Nothing is due before the workers are there. What was filled in earlier would all be late at once: a catching up that
# takes minutes where the machine has little to spare, and no pipeline at work.
HEAD_START_S = 15
BARE_SECONDS = 8
MEGABYTE = 1 << 20

MONITORS = """
INSERT INTO {schema}.monitors_monitor (id, name, kind, target, config, interval_seconds, timeout_seconds,
    down_after, up_after, degraded_after, enabled, snoozed_by, version, created_at, created_by, updated_at,
    sealed_secrets, tags, owner_name, notes, runbook_url, locations, quorum, upside_down)
SELECT gen_random_uuid(), 'bench ' || n, 'http',
    'http://n' || %(first)s + n || CASE WHEN (%(first)s + n) %% 100 < %(dead)s THEN '.dead' ELSE '.up' END
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
    timeout_seconds, 'interval', interval_seconds,
    'policy', jsonb_build_object('down_after', down_after, 'up_after', up_after))
FROM {schema}.monitors_monitor
"""
HEAD_START = """
UPDATE telemetry_livestate SET next_due_at = make_interval(secs => interval_seconds)
    + date_bin(make_interval(secs => interval_seconds), now() + %s * interval '1 s', to_timestamp(phase_ms / 1000.0))
"""
CPU = frozenset({"pipeline_worker_cpu", "pipeline_postgres_cpu"})
WINDOW = """
SELECT count(*), coalesce(percentile_cont(0.99) WITHIN GROUP (ORDER BY lateness_us), 0), coalesce(max(lateness_us), 0),
    count(*) FILTER (WHERE NOT ok)
FROM telemetry_checkresult WHERE slot >= %s AND slot < %s
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A pipeline at work; `target` is the port of what it checks."""

    workers: tuple[int, ...]
    postgres: int
    target: int


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """The figures of one run, then those of what it is compared with on the same target."""
    with bench_server("target.py") as port:
        with at_work(options, port) as place:
            figures = list(measure(options, place))
        yield from figures
        whole = sum(figure.value for figure in figures if figure.figure in CPU)
        rate = options.monitors / options.interval
        yield info("bare_perform_cpu", bare("perform", port, rate), "us/check")
        yield info("bare_socket_action_cpu_alone", bare("socket_action", port, rate), "us/check")
        # A loop gets cheaper the more comes at once, and dearer on a machine that others use too: what the engines of
        # several workers are compared with are as many loops, each with as much to do.
        beside = bare("socket_action", port, rate, loops=options.workers)
        yield info("bare_socket_action_cpu", beside, "us/check")
        yield at_most("pipeline_to_bare", whole / beside, "times", 2.5)
        peer = blackbox_exporter.cpu_us(port, BARE_SECONDS)
        if peer is None:
            print(blackbox_exporter.MISSING, flush=True)
            return
        yield info("blackbox_cpu", peer, "us/probe")
        yield at_least("pipeline_probes_per_core_to_blackbox", peer / whole, "times", 3.0)


def bare(kind: str, port: int, rate: float, loops: int = 1) -> float:
    """CPU per check, in microseconds, of bare loops that share the rate; each is a process."""
    settings = {"port": port, "rate": rate / loops, "seconds": BARE_SECONDS, "names": FEW_NAMES}
    with ThreadPoolExecutor(loops) as pool:
        found = pool.map(lambda _: script("baseline.py", kind, **settings)["cpu_us"], range(loops))
        return fmean(found)


def tenants(options: argparse.Namespace) -> Iterator[Figure]:
    """1,000 organisations against one, the same monitors in all: CPU per check, storage included."""
    cost = {}
    for organisations in (1, 1000):
        command = [
            sys.executable, "-m", "bench", "pipeline", "--organisations", str(organisations),
            "--monitors", str(options.monitors), "--interval", str(options.interval), "--seconds", str(options.seconds),
            "--workers", str(options.workers),
        ]  # fmt: skip
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        cost[organisations] = sum(line["value"] for line in lines if line["figure"] in CPU)
        yield info(f"tenants_cpu_{organisations}", cost[organisations], "us/check")
    yield at_most("tenants_cpu_ratio", cost[1000] / max(1.0, cost[1]), "times", 1.15)


def memory(options: argparse.Namespace) -> Iterator[Figure]:
    """What the worker holds in memory, after every monitor was checked, and what comes to it later."""
    with bench_server("target.py") as port, at_work(options, port) as place:
        sleep(options.interval)
        before = max(map(resident_bytes, place.workers))
        sleep(options.seconds)
        after = max(map(resident_bytes, place.workers))
    yield at_most("memory_worker", after / MEGABYTE, "MB", 400)
    yield at_most(f"memory_growth_in_{options.seconds:g}_s", (after - before) / MEGABYTE, "MB", 10)


@contextmanager
def at_work(options: argparse.Namespace, port: int) -> Iterator[Place]:
    """A pipeline that has been running for one interval."""
    with servers() as environment, bench_server("nameserver.py", "--ttl", "30") as dns:
        os.environ |= environment
        import django

        django.setup()
        fill(options, port)
        environment |= {"PULSE_NAMESERVERS": f"127.0.0.1:{dns}", "PULSE_ROLE": "checks"}
        log = Path(options.log) if options.log else None
        with ExitStack() as stack:
            workers = [
                stack.enter_context(pulse(environment, "manage.py", "run_checks", log=log)).pid
                for _ in range(options.workers)
            ]
            sleep(HEAD_START_S + WARM_INTERVALS * options.interval + 5)
            yield Place(tuple(workers), int(environment["BENCH_POSTGRES_PID"]), port)


def fill(options: argparse.Namespace, port: int) -> None:
    from django.db import connection

    from monitors.telemetry.scheduling import location_no
    from pulse.scoping import as_pipeline, in_tenant
    from tenants import membership, provisioning
    from tenants.actors import COMMAND_LINE

    owner, _ = membership.find_or_create_user("bench@example.org")
    each = options.monitors // options.organisations
    for number in range(options.organisations):
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
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(HEAD_START, [HEAD_START_S])
        cursor.execute("ANALYZE telemetry_livestate")
    connection.close()


def measure(options: argparse.Namespace, place: Place) -> Iterator[Figure]:
    from django.utils import timezone

    start, began = timezone.now(), monotonic()
    before = sum(map(cpu_seconds, place.workers)), cpu_seconds(place.postgres)
    sleep(options.seconds)
    end, lasted = timezone.now(), monotonic() - began
    after = sum(map(cpu_seconds, place.workers)), cpu_seconds(place.postgres)
    sleep(8)  # the last slots of the window end within their timeout
    count, p99_us, worst_us, failed = query(WINDOW, [start, end])
    if not count:
        raise SystemExit("no check was made; run again with --log FILE and read why")
    gaps = query("SELECT count(*) FROM telemetry_gap", [])[0]
    wanted = 0.98 * options.monitors / options.interval
    yield at_least("pipeline_rate", count / lasted, "checks/s", round(wanted, 1))
    yield at_most("pipeline_lateness_p99", p99_us / 1000, "ms", 1000)
    yield at_most("pipeline_gap_rows", gaps, "rows", 0)
    yield info("pipeline_lateness_max", worst_us / 1000, "ms")
    yield info("pipeline_failed_share", 100 * failed / count, "%")
    yield info("pipeline_worker_cpu", (after[0] - before[0]) / count * 1e6, "us/check")
    yield info("pipeline_postgres_cpu", (after[1] - before[1]) / count * 1e6, "us/check")


def query(statement: str, values: list[Any]) -> Any:
    from django.db import connection

    from pulse.scoping import as_pipeline

    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()
