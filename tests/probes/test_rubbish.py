"""A check that failed is let go of at once: what only Python's collector frees would grow between its rare runs."""

from __future__ import annotations

import gc
import socket
from collections.abc import Iterator
from contextlib import suppress
from time import sleep
from typing import Any

import pytest

from monitors.probes import PROBES
from tests.certificates import Authority
from tests.ports import free_port
from tests.probes.asking import Asking
from tests.talking import Talking

# What a check is made of; the garbage of others is none of our business here.
OURS = frozenset(
    {"Job", "Talk", "Stream", "Phases", "Fetch", "Exchange", "Session", "SSLObject", "StreamReader", "ClientProtocol",
     "Response", "TCPTransport"}
)  # fmt: skip
ANSWERS = {
    "closing": b"",
    "talking nonsense": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    "greeting": b"220 here\r\n",
}
PLAIN: dict[str, dict[str, Any]] = {
    "tls": {}, "tcp": {"expect": "x"}, "websocket": {}, "smtp": {"security": "none"}, "imap": {"security": "none"},
    "pop3": {"security": "none"}, "ssh": {}, "grpc_health": {"security": "none"}, "postgresql": {"username": "a"},
    "mysql": {"username": "a"}, "redis": {}, "mqtt": {"security": "none"}, "http": {},
}  # fmt: skip
TARGETS = {"http": "http://{}/", "websocket": "ws://{}/"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module", autouse=True)
def _others_are_not_looked_through() -> Iterator[None]:
    """All that the suite has loaded and made; to go through it took longer than the checks."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def asking() -> Iterator[Asking]:
    with Asking() as engine:
        yield engine


def left_behind(asking: Asking, kind: str, target: str, settings: dict[str, Any]) -> list[str]:
    """Names of the types of what a failed check leaves to the collector."""
    asking.ask(kind, target, settings, 1.0)  # makes what is made once
    gc.collect()
    gc.disable()
    try:
        assert not asking.ask(kind, target, settings, 1.0).ok
        sleep(0.1)  # transports are closed in a later turn of the loop
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        return sorted({type(one).__name__ for one in gc.garbage} & OURS)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("kind", sorted(PLAIN))
def test_where_nobody_listens(asking: Asking, kind: str) -> None:
    assert left_behind(asking, kind, target(kind, f"127.0.0.1:{free_port()}"), PLAIN[kind]) == []


@pytest.mark.parametrize(
    ("kind", "manner"),
    [
        (kind, manner)
        for kind in sorted(PLAIN)
        for manner in sorted(ANSWERS)
        if (kind, manner) != ("http", "talking nonsense")  # to this kind it is sense
    ],
)
def test_where_somebody_else_answers(asking: Asking, kind: str, manner: str) -> None:
    def answer(connection: socket.socket) -> None:
        connection.settimeout(0.05)
        with suppress(TimeoutError):
            connection.recv(4096)
        connection.sendall(ANSWERS[manner])

    with Talking(answer) as server:
        assert left_behind(asking, kind, target(kind, server.target), PLAIN[kind]) == []


@pytest.mark.parametrize("kind", ["http", "imap", "redis", "tcp", "tls", "websocket"])
def test_where_a_certificate_is_refused(asking: Asking, authority: Authority, kind: str) -> None:
    settings = {} if kind in ("http", "tls", "websocket") else {"security": "tls"}
    context = authority.server_context("127.0.0.1")

    def wait(connection: socket.socket) -> None:
        connection.recv(4096)

    with Talking(wait, context) as server:
        secured = {"http": "https://{}/", "websocket": "wss://{}/"}.get(kind, "{}").format(server.target)
        assert left_behind(asking, kind, secured, settings) == []


def target(kind: str, place: str) -> str:
    return TARGETS.get(kind, "{}").format(place)


def test_every_kind_of_conversation_is_tried_here() -> None:
    packets = {"dns", "domain", "icmp", "metrics", "snmp", "udp"}

    assert set(PLAIN) | packets == set(PROBES)
