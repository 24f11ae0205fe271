"""Pushed metrics over HTTP: samples per second, what they cost, and the bytes of each before and after roll-up."""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any

from bench.places import cpu_seconds, pulse, servers
from bench.report import Figure, at_least, at_most, info
from bench.transitions import free_port

WEB_PROCESSES = 2
SENDERS = 4
HOSTS = 50
SERIES = 100  # of a host
STEP_S = 15
SIZES = """
SELECT sum(pg_total_relation_size(i.inhrelid)), (SELECT count(*) FROM {table})
FROM pg_inherits i WHERE i.inhparent = '{table}'::regclass
"""


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """Each request is one host's report of 100 samples, then each is a host that catches up with 1,000."""
    with ExitStack() as stack:
        environment = stack.enter_context(servers())
        os.environ |= environment
        import django

        django.setup()
        key, ports = fill(), [free_port() for _ in range(WEB_PROCESSES)]
        web = [stack.enter_context(_web(environment, port, options)) for port in ports]
        sleep(6)
        pids = [child.pid for child in web]
        start = time() - 6 * 86_400
        Senders(ports, key, [body(host, start, 1) for host in range(HOSTS)]).send()  # makes the series
        postgres = int(environment["BENCH_POSTGRES_PID"])
        for label, steps in (("report", 1), ("catching_up", 10)):
            start += 3600
            rounds = max(2, int(options.seconds * 20_000 * 1.5 / (HOSTS * SERIES * steps)))
            bodies = [
                body(host, start + turn * steps * STEP_S, steps)
                for turn in range(rounds)
                for host in range(HOSTS)
            ]
            before = cpu_seconds(postgres), sum(map(cpu_seconds, pids))
            took, slowest = Senders(ports, key, bodies).send()
            samples = len(bodies) * SERIES * steps
            yield at_least(f"ingest_{label}", samples / took, "samples/s", 20_000)
            yield info(f"ingest_{label}_p99", slowest * 1000, "ms")
            yield info(
                f"ingest_{label}_web_cpu",
                (sum(map(cpu_seconds, pids)) - before[1]) / samples * 1e6,
                "us/sample",
            )
            yield info(
                f"ingest_{label}_postgres_cpu",
                (cpu_seconds(postgres) - before[0]) / samples * 1e6,
                "us/sample",
            )
        yield from storage()


def storage() -> Iterator[Figure]:
    from django.db import connection

    from monitors.series.rollups import roll_up
    from pulse.scoping import as_pipeline

    sizes = {}
    began = monotonic()
    roll_up()
    took = monotonic() - began
    with as_pipeline(), connection.cursor() as cursor:
        for table in ("sample", "rollupfive", "rolluphour"):
            cursor.execute(SIZES.format(table=f"telemetry_{table}"))
            total, rows = cursor.fetchone()
            sizes[table] = float(total), rows
    samples = sizes["sample"][1]
    yield info("ingest_rollup", took / samples * 1e6, "us/sample")
    yield info("ingest_sample_stored", sizes["sample"][0] / samples, "bytes")
    # An hour of 15 s steps is 240 samples, 12 buckets of five minutes, one of an hour.
    five, hour = (sizes[name][0] / sizes[name][1] for name in ("rollupfive", "rolluphour"))
    yield at_most("ingest_sample_rolled_up", (12 * five + hour) / 240, "bytes", 10)
    yield info("ingest_sample_in_hours", hour / 240, "bytes")


def fill() -> str:
    from pulse.scoping import in_tenant
    from tenants import keys, membership, provisioning
    from tenants.actors import COMMAND_LINE

    owner, _ = membership.find_or_create_user("bench@example.org")
    organisation = provisioning.request_organisation("bench", "Bench", owner, COMMAND_LINE)
    provisioning.provision(organisation)
    with in_tenant(organisation):
        return keys.create(organisation, "bench", ["ingest"], COMMAND_LINE)[1]


def body(host: int, start: float, steps: int) -> bytes:
    """One host's report of so many steps, as the agent sends it."""
    samples = [
        {
            "name": f"bench.series_{number % 20}",
            "labels": {"device": f"sd{number // 20}"},
            "value": round(number * 1.618 + step * 0.37 + host, 3),
            "unit": "bytes",
            "at": round(start + step * STEP_S, 3),
        }
        for step in range(steps)
        for number in range(SERIES)
    ]
    return gzip.compress(json.dumps({"host": f"host-{host}", "samples": samples}).encode(), 1)


class Senders:
    """Threads with a kept connection each; the time that all bodies took, and the 99th percentile of one."""

    def __init__(self, ports: list[int], key: str, bodies: list[bytes]) -> None:
        self._ports, self._bodies, self._times = ports, iter(bodies), [0.0]
        self._lock = threading.Lock()
        self._headers = {
            "Authorization": f"Bearer {key}", "Content-Type": "application/json", "Content-Encoding": "gzip",
        }  # fmt: skip

    def send(self) -> tuple[float, float]:
        began = monotonic()
        threads = [
            threading.Thread(target=self._run, args=(self._ports[number % len(self._ports)],))
            for number in range(SENDERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        times = sorted(self._times)
        return monotonic() - began, times[int(len(times) * 0.99)]

    def _run(self, port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while (content := self._next()) is not None:
            began = monotonic()
            connection.request("POST", "/v1/ingest/metrics?create=1", content, self._headers)
            answer = connection.getresponse()
            told = answer.read()
            if answer.status != 200 or b'"refused":0' not in told.replace(b" ", b""):
                raise SystemExit(f"{answer.status}: {told[:300]!r}")
            self._times.append(monotonic() - began)

    def _next(self) -> bytes | None:
        with self._lock:
            return next(self._bodies, None)


def _web(
    environment: dict[str, str], port: int, options: argparse.Namespace
) -> AbstractContextManager[subprocess.Popen[Any]]:
    command = [
        "-m",
        "uvicorn",
        "pulse.asgi:application",
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "error",
    ]
    log = Path(f"{options.log}.{port}") if options.log else None
    here = {"PYTHONPATH": str(Path(__file__).parents[1]), "PULSE_ROLE": "web"}
    return pulse(environment | here, *command, log=log)
