"""Organisations whose transitions are committed without a check, and receivers that note each key."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import Event
from time import monotonic, sleep
from typing import Any

from bench.places import HERE, servers

GOOD = 20
ORGANISATIONS = 100
WORKER = ("manage.py", "run_deliveries")
CELERY = (
    "-m",
    "celery",
    "-q",
    "-A",
    "pulse",
    "worker",
    "--loglevel",
    "WARNING",
    "-Q",
    "notifications",
    "-c",
    "1",
)
WIPE_EVERY_S = 30.0


class Hooks:
    """The receivers' process."""

    def __init__(self) -> None:
        command = [sys.executable, str(HERE / "hooks.py"), str(GOOD)]
        self._child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._child.stdout is not None
        self.ports = [int(port) for port in self._child.stdout.readline().split()]
        self.good = {f"127.0.0.1:{port}" for port in self.ports[:GOOD]}

    def ledger(self) -> dict[str, list[float]]:
        assert self._child.stdout is not None
        self._child.send_signal(signal.SIGUSR1)
        found: dict[str, list[float]] = json.loads(self._child.stdout.readline())
        return found

    def stop(self) -> None:
        self._child.kill()
        self._child.wait()


class Site:
    """Organisations with two monitors each, too few for a mass outage; their channels share the receivers."""

    def __init__(self, environment: dict[str, str], hooks: Hooks, receivers: int) -> None:
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
            self._fill(organisation)
            for place in range(receivers):
                self.tell(organisation, hooks.ports[(number * receivers + place) % GOOD])
        self.turn, self.is_down = 0, False

    def _fill(self, organisation: Any) -> None:
        from monitors import definition, editing
        from pulse.scoping import in_tenant
        from tenants.actors import COMMAND_LINE

        with in_tenant(organisation):
            for name in ("shop", "api"):
                values = {"name": name, "target": f"http://{name}.example/", "enabled": False}
                monitor = editing.create(organisation, definition.read(values), COMMAND_LINE)
                self.monitors.append((organisation, monitor.no))

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
def site(receivers: int = 1) -> Iterator[Site]:
    """With so many receivers of each transition."""
    with ExitStack() as stack:
        environment = stack.enter_context(servers()) | {"PULSE_ROLE": "work"}
        os.environ |= environment
        import django

        django.setup()
        hooks = Hooks()
        stack.callback(hooks.stop)
        yield Site(environment, hooks, receivers)


def wipe(url: str, done: Event) -> None:
    """Empty Valkey again and again."""
    import redis

    client = redis.Redis.from_url(url)
    while not done.wait(WIPE_EVERY_S):
        client.flushall()


def query(statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    from django.db import connection

    from pulse.scoping import as_pipeline

    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall())


def last_no() -> int:
    return int(query("SELECT coalesce(max(no), 0) FROM ledger_delivery")[0][0])


LEFT = """
SELECT (SELECT count(*) FROM outbox_fact WHERE routed_at IS NULL) + (SELECT count(*) FROM ledger_delivery
    WHERE state IN ('pending', 'sending', 'retrying') AND destination = ANY(%s))
"""


def left_to_tell(hooks: Hooks) -> int:
    """How much is not told yet to the receivers that answer."""
    return int(query(LEFT, [list(hooks.good)])[0][0])


def wait_until_told(hooks: Hooks, patience: float) -> int:
    """Wait until nothing is left; returns how much still is."""
    until = monotonic() + patience
    while (left := left_to_tell(hooks)) and monotonic() < until:
        sleep(0.25)
    return left
