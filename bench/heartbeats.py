"""Heartbeats: accepted pings per second, how long each waits, none lost, and what silence costs."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import UUID, uuid5

from bench.places import HERE, cpu_seconds, pulse, servers
from bench.report import Figure, at_least, at_most, info
from bench.transitions import free_port

WEB_PROCESSES = 2
ORGANISATIONS = 20
IDLE = 50_000
ACTIVE = 5_000
LATE = 1_000
WANTED = 2_000  # pings/s
CONNECTIONS = 64
CRASHES = 20
CRASH_EVERY_S = 2.0
NAMES = UUID("5f0c1c9e-6a5b-4b6e-9a55-1d3a5c0e9b7a")

MONITORS = """
INSERT INTO {schema}.monitors_monitor (id, name, kind, target, config, interval_seconds, timeout_seconds,
    down_after, up_after, degraded_after, enabled, snoozed_by, version, created_at, created_by, updated_at,
    sealed_secrets, tags, owner_name, notes, runbook_url, locations, quorum, upside_down)
SELECT w.id, 'job ' || w.n, 'heartbeat', '', '{{"period_seconds": 86400, "grace_seconds": 3600}}', 60, 10, 1, 1, 1,
    true, '', 1, now(), 'bench', now(), '', '{{}}', '', '', '', '{{}}', 1, false
FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS w(id, n)
"""
STATES = """
INSERT INTO telemetry_livestate (monitor_no, tenant_no, location, interval_seconds, timeout_seconds, phase_ms,
    spec_version, status, status_since, next_due_at)
SELECT no, %(tenant)s, -1, 60, 10, 0, 1, 1, now(), now() + interval '90000 s' FROM {schema}.monitors_monitor
"""
SPECS = """
INSERT INTO telemetry_probespec (monitor_no, tenant_no, version, spec)
SELECT no, %(tenant)s, 1, jsonb_build_object('kind', kind, 'config', config, 'monitor', id::text,
    'organisation', %(organisation)s::text,
    'policy', jsonb_build_object('down_after', 1, 'up_after', 1, 'degraded_after', 1))
FROM {schema}.monitors_monitor
"""
BEATS = """
INSERT INTO telemetry_heartbeat (monitor_no, tenant_no, monitor_id, anchor, expected_at, slug, sealed_token)
SELECT no, %(tenant)s, id, now(), now() + interval '86400 s', '', '' FROM {schema}.monitors_monitor
"""
HANDLES = """
INSERT INTO tenants_handle (kind, key, organisation_id, object_id)
SELECT 'ping', w.key, %(tenant)s, w.id FROM unnest(%(ids)s::uuid[], %(keys)s::text[]) AS w(id, key)
"""
FALL_DUE = """
WITH due AS (SELECT monitor_no FROM telemetry_heartbeat ORDER BY monitor_no LIMIT %s), beats AS (
    UPDATE telemetry_heartbeat SET expected_at = %s::timestamptz - interval '3600 s'
    WHERE monitor_no IN (SELECT monitor_no FROM due))
UPDATE telemetry_livestate SET next_due_at = %s WHERE monitor_no IN (SELECT monitor_no FROM due)
"""
FOUND = (
    "SELECT count(*), extract(epoch FROM max(last_checked_at) - %s) FROM telemetry_livestate WHERE status = 3"
)
OTHERS = """
SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()
    AND usename = current_user ORDER BY random() LIMIT 1
"""


def run(options: argparse.Namespace) -> Iterator[Figure]:
    with ExitStack() as stack:
        environment = stack.enter_context(servers()) | {"PULSE_PINGS_PER_SECOND": "100000"}
        os.environ |= environment
        import django

        django.setup()
        tokens = fill()
        yield from idle(environment, options)
        ports = [free_port() for _ in range(WEB_PROCESSES)]
        web = [stack.enter_context(_web(environment, port, options)) for port in ports]
        sleep(6)
        load = {"ports": ports, "tokens": tokens[:ACTIVE], "connections": CONNECTIONS, "fresh": False}
        send(load | {"seconds": 3})  # settings are read once
        pids = [child.pid for child in web]
        yield from speed(load, pids, int(environment["BENCH_POSTGRES_PID"]), options.seconds)
        yield from crash(load)


def speed(load: dict[str, Any], pids: list[int], postgres: int, seconds: float) -> Iterator[Figure]:
    for name, fresh in (("kept", False), ("fresh", True)):
        before = sum(map(cpu_seconds, pids)), cpu_seconds(postgres)
        found = send(load | {"seconds": seconds, "fresh": fresh})
        spent = sum(map(cpu_seconds, pids)) - before[0], cpu_seconds(postgres) - before[1]
        yield at_least(f"heartbeats_{name}", found["rate"], "pings/s", WANTED)
        yield info(f"heartbeats_{name}_web_cpu", spent[0] / found["accepted"] * 1e6, "us/ping")
        yield info(f"heartbeats_{name}_postgres_cpu", spent[1] / found["accepted"] * 1e6, "us/ping")
        yield at_most(f"heartbeats_{name}_refused", found["refused"], "pings", 0)
    found = send(load | {"seconds": seconds, "rate": WANTED / 2})
    yield info("heartbeats_at_half_load", found["rate"], "pings/s")
    yield info("heartbeats_at_half_load_p50", found["p50"] * 1000, "ms")
    yield at_most("heartbeats_at_half_load_p99", found["p99"] * 1000, "ms", 50)


def crash(load: dict[str, Any]) -> Iterator[Figure]:
    """PostgreSQL loses a process to `kill -9` twenty times under load: each time it ends all others and recovers.

    What was answered 200 must be there afterwards.
    """
    from django.db import connections

    stop = threading.Event()
    crashes: list[int] = []

    def crashing() -> None:
        while len(crashes) < CRASHES and not stop.wait(CRASH_EVERY_S):
            with suppress(OperationalError, InterfaceError):  # still recovering
                for victim in query_all(OTHERS):
                    os.kill(victim, signal.SIGKILL)
                    crashes.append(victim)
            connections.close_all()

    from django.db import InterfaceError, OperationalError

    aside = threading.Thread(target=crashing)
    aside.start()
    lasts = 1.5 * CRASHES * CRASH_EVERY_S
    found = send(load | {"seconds": lasts, "rate": WANTED / 2, "tell": True})
    stop.set()
    aside.join()
    connections.close_all()  # ours was cut too
    kept = set(query_all("SELECT rid::text FROM telemetry_ping WHERE rid IS NOT NULL"))
    yield at_least("heartbeats_crashes", len(crashes), "times", CRASHES)
    yield info("heartbeats_crash_accepted", len(found["accepted"]), "pings")
    yield info("heartbeats_crash_refused", found["refused"], "pings")
    yield at_most("heartbeats_lost", len(set(found["accepted"]) - kept), "pings", 0)


def idle(environment: dict[str, str], options: argparse.Namespace) -> Iterator[Figure]:
    """What finding nothing costs, and how soon a thousand that fall due in the same moment are found."""
    from datetime import timedelta

    from django.db import connection
    from django.utils import timezone

    from monitors.deadlines import Deadlines
    from pulse.scoping import as_pipeline

    watch = Deadlines()
    watch.settle()
    began = monotonic()
    for _ in range(100):
        watch.settle()
    yield at_most(f"heartbeats_idle_look_{IDLE}", (monotonic() - began) * 10, "ms", 5)
    due = timezone.now() + timedelta(seconds=3)
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(FALL_DUE, [LATE, due, due])
    watch.start()
    until = monotonic() + 20
    found, latest = 0, 0.0
    while found < LATE and monotonic() < until:
        sleep(0.05)
        with as_pipeline(), connection.cursor() as cursor:
            cursor.execute(FOUND, [due])
            found, latest = cursor.fetchone()
    watch.stop()
    yield at_least("heartbeats_late_found", found, "monitors", LATE)
    yield at_most("heartbeats_late_found_within", float(latest or 99), "s", 2)


def send(wanted: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(HERE / "pinging.py")],
        input=json.dumps(wanted),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def query_all(statement: str) -> list[Any]:
    from django.db import connection

    from pulse.scoping import as_pipeline

    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(statement)
        return [row[0] for row in cursor.fetchall()]


def fill() -> list[str]:
    """Heartbeats of several organisations, all up; their tokens, one organisation after the other in turn."""
    from django.db import connection

    from pulse.scoping import in_tenant
    from tenants import membership, provisioning
    from tenants.actors import COMMAND_LINE

    owner, _ = membership.find_or_create_user("bench@example.org")
    tokens = []
    for number in range(ORGANISATIONS):
        organisation = provisioning.request_organisation(f"bench-{number}", "Bench", owner, COMMAND_LINE)
        provisioning.provision(organisation)
        own = [str(uuid5(NAMES, f"token {number} {n}")) for n in range(IDLE // ORGANISATIONS)]
        values: dict[str, Any] = {
            "tenant": organisation.no, "organisation": str(organisation.id),
            "ids": [uuid5(NAMES, f"id {number} {n}") for n in range(len(own))],
            "keys": [hashlib.sha256(token.encode()).hexdigest() for token in own],
        }  # fmt: skip
        with in_tenant(organisation), connection.cursor() as cursor:
            for statement in (MONITORS, STATES, SPECS, BEATS, HANDLES):
                cursor.execute(statement.format(schema=organisation.schema_name), values)
        tokens.append(own)
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE telemetry_livestate, telemetry_heartbeat, tenants_handle, telemetry_probespec"
        )
    return [token for some in zip(*tokens, strict=True) for token in some]


def _web(
    environment: dict[str, str], port: int, options: argparse.Namespace
) -> AbstractContextManager[subprocess.Popen[Any]]:
    arguments = ("--port", str(port), "--no-access-log", "--log-level", "error")
    log = Path(f"{options.log}.{port}") if options.log else None
    return pulse(
        environment | {"PULSE_ROLE": "web"}, "-m", "uvicorn", "pulse.asgi:application", *arguments, log=log
    )
