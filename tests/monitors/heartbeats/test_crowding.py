"""One sender who sends too much, or too slowly, does not keep out the others."""

from __future__ import annotations

import hashlib
import socket
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection

from monitors.heartbeats import accepting, arrivals, mail_receiving, receiving
from monitors.heartbeats.accepting import Accepter
from monitors.heartbeats.advancing import Kind
from monitors.heartbeats.arrivals import Arrival
from pulse.scoping import as_pipeline
from tenants import keys
from tenants.actors import COMMAND_LINE
from tests.monitors.heartbeats.serving import ask, heartbeat, rows_of, served, token_of
from tests.ports import free_port


@pytest.fixture
def slow(pings: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[socket.socket]]:
    """Connections of one address that have a body to send and do not send it: all that it may have at once."""
    monkeypatch.setattr(receiving, "BODIES_OF_ONE", 5)
    monkeypatch.setattr(receiving, "BODIES_AT_ONCE", 10)
    host, _, port = pings.removeprefix("http://").removesuffix("/ping").partition(":")
    with ExitStack() as stack:
        opened = [
            stack.enter_context(socket.create_connection((host, int(port)), 5, ("127.0.0.9", 0)))
            for _ in range(12)
        ]
        for each in opened:
            each.sendall(
                f"POST /ping/{uuid.uuid4()} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".encode()
            )
        refused = [each for each in opened if _is_answered(each)]
        assert len(refused) == 7
        assert all(b" 503 " in each.recv(4096) for each in refused)
        yield opened


def _is_answered(connection: socket.socket) -> bool:
    connection.settimeout(0.2)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except TimeoutError:
        return False


def test_slow_bodies_of_one_address_leave_room_for_others(
    acme: Any, pings: str, slow: list[socket.socket]
) -> None:
    monitor = heartbeat(acme)

    answer = ask(f"{pings}/{token_of(acme, monitor)}", "POST", b"done")

    assert answer.status_code == 200
    assert rows_of(monitor, "convert_from(body, 'UTF8')") == ["done"]


def test_connections_of_one_address_leave_room_for_mail_of_others(
    world: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    settings.PULSE_PING_EMAIL_DOMAIN, settings.PULSE_PING_EMAIL_LISTEN = (
        "ping.example.com",
        f"127.0.0.1:{port}",
    )
    monkeypatch.setattr(mail_receiving, "CONNECTIONS_OF_ONE", 3)
    with served(lifespan="on"), ExitStack() as stack:
        greetings = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 5, ("127.0.0.9", 0)))
            for _ in range(5)
        ]
        assert sorted(_said(each)[:3] for each in greetings) == [b"", b"", b"220", b"220", b"220"]
        other = stack.enter_context(socket.create_connection(("127.0.0.1", port), 5))
        assert _said(other)[:3] == b"220"


def _said(connection: socket.socket) -> bytes:
    try:
        return connection.recv(4096)
    except ConnectionResetError:
        return b""


def test_all_that_may_not_be_created_are_told_in_one_go(globex: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "CREATED_AT_ONCE", 2)
    digest = keys.digest(keys.create(globex, "jobs", ["ingest"], COMMAND_LINE)[1])
    batch = [Arrival(Kind.SUCCESS, "GET", key=digest, slug=f"job-{n}", create=True) for n in range(100)]

    answers = Accepter().accept(batch)

    assert [answer.status for answer in answers.values()] == [201, 201] + [429] * 98
    assert answers[batch[2]] is arrivals.TOO_MANY


def test_settings_that_cannot_be_read_fail_their_own_job_alone(acme: Any, globex: Any) -> None:
    broken, good = heartbeat(globex, "broken"), heartbeat(acme, "good")
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_probespec SET spec = spec - 'policy' WHERE monitor_no = %s", [broken.no]
        )
    batch = [
        Arrival(
            Kind.SUCCESS, "GET", token=hashlib.sha256(token_of(organisation, monitor).encode()).hexdigest()
        )
        for organisation, monitor in ((globex, broken), (acme, good))
    ]

    answers = Accepter().accept(batch)

    assert [answers[one].status for one in batch] == [500, 200]
