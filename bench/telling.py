"""From a committed transition to the receiver's first byte, beside bad receivers; and with workers killed.

`telling` commits transitions at a steady rate and lets one deliveries worker tell them to twenty receivers, first
alone, then beside one that hangs and one that drips. `lossless` commits many at once and kills a worker with -9 every
two seconds, with Valkey wiped beside it: what the product counts as repeats must be what the receivers saw.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

from bench.places import HERE, pulse, servers
from bench.report import Figure, at_least, at_most, info

GOOD = 20
ORGANISATIONS = 100
WORKER = ("manage.py", "run_deliveries")
KILL_EVERY_S = 2.0
WIPE_EVERY_S = 30.0
SHARES = (("p50", 0.5), ("p99", 0.99))


class Hooks:
    """The receivers' process."""

    def __init__(self) -> None:
        command = [sys.executable, str(HERE / "hooks.py"), str(GOOD)]
        self._child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._child.stdout is not None
        self.ports = [int(port) for port in self._child.stdout.readline().split()]

    def ledger(self) -> dict[str, list[float]]:
        assert self._child.stdout is not None
        self._child.send_signal(signal.SIGUSR1)
        found: dict[str, list[float]] = json.loads(self._child.stdout.readline())
        return found

    def stop(self) -> None:
        self._child.kill()
        self._child.wait()


def run(options: argparse.Namespace) -> Iterator[Figure]:
    rate = options.rate or 100
    with _site() as site, pulse(site.environment, *WORKER):
        sleep(3)
        alone = _told(site, rate, options.seconds or 20)
        for organisation in site.organisations[:20]:
            for port in site.hooks.ports[GOOD:]:
                site.tell(organisation, port)
        beside = _told(site, rate, options.seconds or 20)
    yield at_least("telling_rate", rate * (1 - alone["missing"]), "transitions/s", rate)
    yield at_most("telling_first_byte_p50", alone["p50"], "ms", 500)
    yield at_most("telling_first_byte_p99", alone["p99"], "ms", 2000)
    yield at_most("telling_p99_beside_bad_receivers", beside["p99"], "ms", max(alone["p99"] * 1.1, 50))
    yield at_most("telling_missing", alone["missing"] + beside["missing"], "messages", 0)


def lossless(options: argparse.Namespace) -> Iterator[Figure]:
    wanted = options.deliveries
    with _site() as site:
        done = Event()
        killing = Thread(target=_kill, args=(site.environment, done))
        wiping = Thread(target=_wipe, args=(site.environment["REDIS_URL"], done))
        began = monotonic()
        for _ in range(wanted):
            site.change()
        committed = monotonic()
        killing.start()
        wiping.start()
        _wait_until_told(options.patience)
        took = monotonic() - committed
        done.set()
        killing.join()
        wiping.join()
        with pulse(site.environment, *WORKER):  # what the dead ones had leased comes when their leases end
            left = _wait_until_told(180)
        found, ledger = _rows(), site.hooks.ledger()
    keys = {f"msg_{row['id'].hex}" for row in found}
    seen_again = sum(len(times) - 1 for times in ledger.values())
    yield info("lossless_deliveries", len(found), "messages")
    yield info("lossless_commit_took", committed - began, "s")
    yield info("lossless_took", took, "s")
    yield at_most("lossless_lost", len(keys - set(ledger)) + left, "messages", 0)
    yield at_most("lossless_invented", len(set(ledger) - keys), "messages", 0)
    yield info("lossless_repeats_counted", sum(row["repeats"] for row in found), "messages")
    yield at_most(
        "lossless_repeats_uncounted", max(0, seen_again - sum(row["repeats"] for row in found)), "messages", 0
    )
    yield info("lossless_repeats_seen", seen_again, "messages")


class Site:
    """Organisations with two monitors each, too few for a mass outage; their channels share the receivers."""

    def __init__(self, environment: dict[str, str], hooks: Hooks) -> None:
        from tenants import membership, provisioning
        from tenants.actors import COMMAND_LINE

        self.environment, self.hooks = environment, hooks
        owner, _ = membership.find_or_create_user("bench@example.org")
        self.organisations: list[Any] = []
        self.monitors: list[tuple[Any, int]] = []
        for number in range(ORGANISATIONS):
            organisation = provisioning.request_organisation(f"bench-{number}", "Bench", owner, COMMAND_LINE)
            provisioning.provision(organisation)
            self.organisations.append(organisation)
            self._fill(organisation, hooks.ports[number % GOOD])
        self.turn, self.is_down = 0, False

    def _fill(self, organisation: Any, port: int) -> None:
        from monitors import definition, editing
        from pulse.scoping import in_tenant
        from tenants.actors import COMMAND_LINE

        with in_tenant(organisation):
            for name in ("shop", "api"):
                values = {"name": name, "target": f"http://{name}.example/", "enabled": False}
                monitor = editing.create(organisation, definition.read(values), COMMAND_LINE)
                self.monitors.append((organisation, monitor.no))
        self.tell(organisation, port)

    def tell(self, organisation: Any, port: int) -> None:
        """A rule for all monitors that tells this receiver."""
        from notifications import channels, rules
        from pulse.scoping import in_tenant
        from tenants.actors import COMMAND_LINE

        with in_tenant(organisation):
            values = {
                "name": f"hook {port}",
                "kind": "webhook",
                "config": {"url": f"http://127.0.0.1:{port}/"},
            }
            channel, _ = channels.create(organisation, channels.read(values), COMMAND_LINE)
            rule = {"name": f"rule {port}", "channels": [str(channel.pk)]}
            rules.create(organisation, rules.read(rule), COMMAND_LINE)

    def change(self) -> None:
        """One transition: every monitor goes down in turn, then every one comes up."""
        from django.db import transaction
        from django.utils import timezone

        from monitors.facts import MonitorChangedStatus
        from monitors.statuses import Status
        from pulse import facts
        from pulse.scoping import in_tenant

        if self.turn == len(self.monitors):
            self.turn, self.is_down = 0, not self.is_down
        organisation, number = self.monitors[self.turn]
        self.turn += 1
        before, after = (Status.DOWN, Status.UP) if self.is_down else (Status.UP, Status.DOWN)
        now = timezone.now()
        with in_tenant(organisation), transaction.atomic():
            facts.emit([MonitorChangedStatus(number, before, after, now, now, "answered 503")])


@contextmanager
def _site() -> Iterator[Site]:
    with ExitStack() as stack:
        environment = stack.enter_context(servers())
        os.environ |= environment
        import django

        django.setup()
        hooks = Hooks()
        stack.callback(hooks.stop)
        site = Site(environment, hooks)
        yield site


def _told(site: Site, rate: int, seconds: float) -> dict[str, float]:
    """Commit transitions at `rate` and say how long their first bytes took."""
    before = _last_no()
    began = monotonic()
    for number in range(int(rate * seconds)):
        sleep(max(0.0, began + number / rate - monotonic()))
        site.change()
    _wait_until_told(20)
    ledger = site.hooks.ledger()
    good = {f"127.0.0.1:{port}" for port in site.hooks.ports[:GOOD]}
    rows = [row for row in _rows() if row["no"] > before and row["destination"] in good]
    waits = sorted(
        (ledger[key][0] - row["fact_at"].timestamp()) * 1000
        for row in rows
        if (key := f"msg_{row['id'].hex}") in ledger
    )
    found = {name: waits[int(len(waits) * part)] if waits else float("inf") for name, part in SHARES}
    return found | {"missing": len(rows) - len(waits)}


def _kill(environment: dict[str, str], done: Event) -> None:
    """Three workers; every two seconds the oldest one is killed and another started: each lives six."""

    def start() -> subprocess.Popen[Any]:
        return subprocess.Popen([sys.executable, *WORKER], cwd=HERE.parent, env=os.environ | environment,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip

    workers = [start(), start(), start()]
    try:
        while not done.wait(KILL_EVERY_S):
            workers[0].kill()
            workers[0].wait()
            workers = [*workers[1:], start()]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def _wipe(url: str, done: Event) -> None:
    import redis

    client = redis.Redis.from_url(url)
    while not done.wait(WIPE_EVERY_S):
        client.flushall()


def _query(statement: str) -> list[tuple[Any, ...]]:
    from django.db import connection

    from pulse.scoping import as_pipeline

    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def _last_no() -> int:
    return int(_query("SELECT coalesce(max(no), 0) FROM ledger_delivery")[0][0])


def _rows() -> list[dict[str, Any]]:
    names = ("no", "id", "destination", "state", "repeats", "fact_at")
    found = _query(f"SELECT {', '.join(names)} FROM ledger_delivery")
    return [dict(zip(names, row, strict=True)) for row in found]


LEFT = """
SELECT (SELECT count(*) FROM outbox_fact WHERE routed_at IS NULL)
    + (SELECT count(*) FROM ledger_delivery WHERE state IN ('pending', 'sending', 'retrying', 'held')
        AND destination = ANY(SELECT destination FROM ledger_delivery WHERE state = 'sent'))
"""


def _wait_until_told(patience: float) -> int:
    """Wait until nothing is left for receivers that answer; returns how much still is."""
    until = monotonic() + patience
    while (left := int(_query(LEFT)[0][0])) and monotonic() < until:
        sleep(0.25)
    return left
