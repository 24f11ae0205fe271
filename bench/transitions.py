"""From a committed transition to a receiver's first byte, and to a changed page: the whole system at 20 a second."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from time import sleep, time
from typing import Any

from bench.places import bench_server, pulse, servers
from bench.report import Figure, at_least, at_most, info

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Notes each change of a row's status with the wall clock, which all processes of this machine share.
OBSERVE = """
window.seen = [];
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) {
    if (node.id?.startsWith("monitor_") && node.dataset?.status) {
      window.seen.push([node.id.slice(8, 44), node.dataset.status, performance.timeOrigin + performance.now()]);
    }
  }
}).observe(document.body, {childList: true, subtree: true});
"""
FACTS = "SELECT no, kind, payload, created_at FROM outbox_fact WHERE created_at BETWEEN %s AND %s"


class Receiver:
    """Notes when the first byte of each webhook came in, and answers 204."""

    def __init__(self) -> None:
        self.arrivals: dict[tuple[str, str], float] = {}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            data = connection.recv(65536)
            at = time()
            head, _, body = data.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            while len(body) < length:
                body += connection.recv(65536)
            content = json.loads(body)
            incident = content.get("data", {}).get("incident", {}).get("id", "")
            self.arrivals.setdefault((incident, content["type"]), at)
            connection.sendall(b"HTTP/1.1 204 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def run(options: argparse.Namespace) -> Iterator[Figure]:
    options.rate = options.rate or 20
    with ExitStack() as stack:
        environment = stack.enter_context(servers())
        target = stack.enter_context(bench_server("target.py"))
        receiver = Receiver()
        os.environ |= environment
        import django

        django.setup()
        cookie = fill(options, target, receiver)
        port = free_port()
        web = [
            "-m",
            "uvicorn",
            "pulse.asgi:application",
            "--port",
            str(port),
            "--no-access-log",
            "--log-level",
            "error",
        ]
        log = Path(options.log) if options.log else None
        celery = ["-m", "celery", "-q", "-A", "pulse", "worker", "--loglevel", "WARNING", "-Q"]
        environment |= {"PYTHONPATH": str(Path(__file__).parents[1]), "CELERY_SKIP_CHECKS": "1"}
        stack.enter_context(pulse(environment | {"PULSE_ROLE": "web"}, *web, log=log))
        sleep(6)
        stack.enter_context(
            pulse(environment | {"PULSE_ROLE": "work"}, *celery, "notifications,default", "-c", "1")
        )
        stack.enter_context(pulse(environment | {"PULSE_ROLE": "checks"}, *celery, "checks", "-c", "1"))
        sleep(10)
        sockets = Sockets(options.pages - options.browsers, port, cookie)
        sockets.start()
        seen = browse(options, port, cookie)
        yield from judge(options, receiver, seen, sockets.open)


def fill(options: argparse.Namespace, target: int, receiver: Receiver) -> str:
    from django.conf import settings
    from django.test import Client

    from monitors import definition, editing
    from notifications import channels, rules
    from pulse.scoping import in_tenant
    from tenants import membership, provisioning
    from tenants.actors import COMMAND_LINE

    owner, _ = membership.find_or_create_user("bench@example.org")
    organisation = provisioning.request_organisation("bench", "Bench", owner, COMMAND_LINE)
    provisioning.provision(organisation)
    with in_tenant(organisation):
        made = {"name": "bench", "kind": "webhook", "config": {"url": f"http://127.0.0.1:{receiver.port}/"}}
        channel, _ = channels.create(organisation, channels.read(made), COMMAND_LINE)
        rule = {"name": "all", "channels": [str(channel.pk)]}
        rules.create(organisation, rules.read(rule), COMMAND_LINE)
        for number in range(options.rate * 5):
            values = {
                "name": f"flipping {number:03}",
                "target": f"http://127.0.0.1:{target}/flip/{number}",
                "interval_seconds": 5,
                "timeout_seconds": 2,
                "policy": {"down_after": 1, "up_after": 1},
            }
            editing.create(organisation, definition.read(values), COMMAND_LINE)
    client = Client()
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


class Sockets(threading.Thread):
    """Open pages without a browser: each holds its socket and reads all that comes."""

    def __init__(self, count: int, port: int, cookie: str) -> None:
        super().__init__(daemon=True)
        self.count, self.port, self.cookie, self.open = count, port, cookie, 0

    def run(self) -> None:
        asyncio.run(self._all())

    async def _all(self) -> None:
        await asyncio.gather(*(self._one() for _ in range(self.count)))

    async def _one(self) -> None:
        from websockets.asyncio.client import connect
        from websockets.exceptions import ConnectionClosed

        headers = {"Cookie": f"sessionid={self.cookie}"}
        origin: Any = f"http://localhost:{self.port}"
        address = f"ws://localhost:{self.port}/o/bench/live/"
        async with connect(address, additional_headers=headers, origin=origin, max_size=None) as line:
            self.open += 1
            with suppress(ConnectionClosed):  # the bench ends before its pages do
                async for _ in line:
                    pass


def browse(options: argparse.Namespace, port: int, cookie: str) -> list[list[Any]]:
    """Watch the list in real browsers for as long as the bench lasts; (monitor, status, at in ms) of each change."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        context = browser.new_context()
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": f"http://localhost:{port}"}])
        pages = [context.new_page() for _ in range(options.browsers)]
        for page in pages:
            page.goto(f"http://localhost:{port}/o/bench/monitors/")
        sleep(5)
        for page in pages:
            page.evaluate(OBSERVE)
        options.began = time()
        sleep(options.seconds)
        options.ended = time()
        sleep(2)
        seen = [row for page in pages for row in page.evaluate("window.seen")]
        browser.close()
    return seen


def judge(
    options: argparse.Namespace, receiver: Receiver, seen: list[list[Any]], sockets: int
) -> Iterator[Figure]:
    from django.db import connection

    from pulse.scoping import as_pipeline

    window = [datetime.fromtimestamp(moment).astimezone() for moment in (options.began, options.ended)]
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(FACTS, window)
        facts = cursor.fetchall()
    delivered: list[float] = []
    committed: dict[tuple[str, str], list[float]] = {}
    for _, kind, payload, created_at in facts:
        data = (json.loads(payload) if isinstance(payload, str) else payload)["data"]
        at = receiver.arrivals.get((data["incident"]["id"], kind))
        if at is not None:
            delivered.append((at - created_at.timestamp()) * 1000)
        status = "down" if kind == "incident.opened" else "up"
        committed.setdefault((data["monitor"]["id"], status), []).append(created_at.timestamp() * 1000)
    changes = []
    for monitor, status, at in seen:
        before = [moment for moment in committed.get((monitor, status), []) if 0 <= at - moment < 4500]
        if before:
            changes.append(at - max(before))
    yield at_least("transitions_rate", len(facts) / options.seconds, "transitions/s", options.rate * 0.95)
    yield at_most("delivery_first_byte_p99", percentile(delivered, 0.99), "ms", 1000)
    yield info("delivery_first_byte_p50", percentile(delivered, 0.5), "ms")
    yield at_most("delivery_missing", len(facts) - len(delivered), "messages", 0)
    yield at_most("live_changed_dom_p95", percentile(changes, 0.95), "ms", 300)
    yield info("live_changed_dom_p50", percentile(changes, 0.5), "ms")
    yield info("live_changes_seen", len(changes), "changes")
    yield at_least("live_pages_open", sockets + options.browsers, "pages", options.pages)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)] if values else float("inf")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
