"""2,000 monitors fail in the same second: how long until each of them is down, in an incident, and told once."""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any

from bench.places import bench_server, cpu_seconds, pulse, servers
from bench.report import Figure, at_most, info
from bench.transitions import Receiver

MONITORS = 2_000
WORKERS = 2
HOSTS = 40
WITHIN_S = 5
PATIENCE_S = 60
LOOK_S = 0.05
FALL = "UPDATE telemetry_livestate SET next_due_at = date_trunc('second', now()) + interval '3 s' RETURNING next_due_at"
STANDING = (
    "SELECT count(*) FILTER (WHERE status = 1), count(*) FILTER (WHERE status = 3),"
    " count(*) FILTER (WHERE failures = 1) FROM telemetry_livestate"
)
# Each transaction with outages writes one fact: that of the group that it opens, or of those that joined it.
TRANSACTIONS = "SELECT count(*) FROM outbox_fact WHERE kind IN ('incident.opened', 'incident.joined')"
FACTS = "SELECT count(*) FILTER (WHERE kind = 'incident.opened') FROM outbox_fact"
INCIDENTS = """
SELECT count(*) FILTER (WHERE kind = 'monitor'), count(*) FILTER (WHERE kind = 'group') FROM {}.incidents_incident
"""


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """In one organisation, then spread over 200; each in a process of its own, since Django is set up once in each."""
    if options.organisations != 50:  # what is told to one of those processes
        yield from measure(options)
        return
    for organisations in (1, 200):
        command = [sys.executable, "-m", "bench", "outage", "--organisations", str(organisations)]
        subprocess.run([*command, *(["--log", options.log] if options.log else [])], check=False)


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    with ExitStack() as stack:
        environment = stack.enter_context(servers())
        port = stack.enter_context(bench_server("target.py"))
        dns = stack.enter_context(bench_server("nameserver.py", "--ttl", "30"))
        environment |= {"PULSE_NAMESERVERS": f"127.0.0.1:{dns}"}
        receiver = Receiver()
        os.environ |= environment
        import django

        django.setup()
        schemas = fill(options.organisations, port, receiver)
        at_work = [int(environment["BENCH_POSTGRES_PID"])]
        for number in range(WORKERS):
            log = Path(f"{options.log}.{number}") if options.log else None
            worker = pulse(environment | {"PULSE_ROLE": "checks"}, "manage.py", "run_checks", log=log)
            at_work.append(stack.enter_context(worker).pid)
        stack.enter_context(pulse(environment | {"PULSE_ROLE": "work"}, "manage.py", "run_deliveries"))
        wait_for(lambda: ask(STANDING)[0] == MONITORS, "all to be up")
        sleep(2)
        break_target(port)
        ask(FALL)
        wait_for(lambda: ask(STANDING)[2] + ask(STANDING)[1] == MONITORS, "all to have failed once")
        began, before = ask(FALL)[0].timestamp(), sum(map(cpu_seconds, at_work))
        wait_for(lambda: ask(STANDING)[1] == MONITORS, "all to be down")
        down = time() - began
        wait_for(lambda: sum(row[0] for row in incidents(schemas)) == MONITORS, "all incidents")
        took, cpu = time() - began, sum(map(cpu_seconds, at_work)) - before
        sleep(3)  # what is told late is told too often
        # On a machine that others use too, this says what the time cannot.
        yield info(f"outage_{options.organisations}_cpu", cpu, "s")
        yield from judge(options.organisations, down, took, incidents(schemas), receiver)


def judge(
    organisations: int, down: float, took: float, found: list[Any], receiver: Receiver
) -> Iterator[Figure]:
    name = f"outage_{organisations}"
    groups = sum(row[1] for row in found)
    told = [kind for _, kind in receiver.arrivals if kind == "incident.opened"]
    yield info(f"{name}_down_after", down, "s")
    yield at_most(f"{name}_settled_after", took, "s", WITHIN_S)
    yield info(f"{name}_transactions", ask(TRANSACTIONS)[0], "transactions")
    yield at_most(f"{name}_groups", groups, "incidents", organisations)
    yield at_most(f"{name}_facts", ask(FACTS)[0], "facts", organisations)
    yield at_most(f"{name}_messages", len(told), "messages", organisations)


def fill(organisations: int, port: int, receiver: Receiver) -> list[str]:
    """Monitors of 40 hosts that one failure takes down, in so many organisations; each tells one channel."""
    from monitors import definition, editing
    from notifications import channels, rules
    from pulse.scoping import in_tenant
    from tenants import membership, provisioning
    from tenants.actors import COMMAND_LINE

    owner, _ = membership.find_or_create_user("bench@example.org")
    schemas, each = [], MONITORS // organisations
    for number in range(organisations):
        organisation = provisioning.request_organisation(
            f"bench-{number}", f"Bench {number}", owner, COMMAND_LINE
        )
        provisioning.provision(organisation)
        schemas.append(organisation.schema_name)
        with in_tenant(organisation):
            made = {
                "name": "bench",
                "kind": "webhook",
                "config": {"url": f"http://127.0.0.1:{receiver.port}/"},
            }
            channel, _ = channels.create(organisation, channels.read(made), COMMAND_LINE)
            rules.create(
                organisation, rules.read({"name": "all", "channels": [str(channel.pk)]}), COMMAND_LINE
            )
            many = [
                {
                    "name": f"failing {place:04}",
                    "target": f"http://h{place % HOSTS}.up.bench:{port}/",
                    "interval_seconds": 3600,
                    "timeout_seconds": 5,
                    "policy": {"down_after": 2, "up_after": 2},
                }
                for place in range(each)
            ]
            editing.create_many(organisation, [definition.read(values) for values in many], COMMAND_LINE)
    return schemas


def incidents(schemas: list[str]) -> list[Any]:
    return [ask(INCIDENTS.format(f'"{schema}"')) for schema in schemas]


def break_target(port: int) -> None:
    """From now on it answers 503 for every one of its hosts."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    for number in range(HOSTS):
        line.request("GET", f"/set/h{number}.up.bench/503")
        line.getresponse().read()
    line.close()


def wait_for(condition: Any, what: str) -> None:
    until = monotonic() + PATIENCE_S
    while not condition():
        if monotonic() > until:
            raise SystemExit(
                f"gave up waiting for {what}: {ask(STANDING)}; run again with --log FILE and read why"
            )
        sleep(LOOK_S)


def ask(statement: str) -> Any:
    from django.db import connection

    from pulse.scoping import as_pipeline

    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()
