"""Servers that answer with anything but their protocol: each check ends in time, clearly, and harms no other."""

from __future__ import annotations

import socket
import struct
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

import pytest

from monitors.probes import PROBES
from monitors.probes.jobs import Job
from monitors.probes.outcome import ErrorClass, Outcome
from tests.probes.asking import Asking
from tests.probes.running import undisturbed

KINDS = {
    "grpc_health": {"security": "none"},
    "imap": {"security": "none"},
    "mqtt": {"security": "none", "topic": "a"},
    "mysql": {"security": "none", "username": "a", "password": "b"},
    "pop3": {"security": "none"},
    "postgresql": {"security": "none", "username": "a", "password": "b"},
    "redis": {"security": "none"},
    "smtp": {"security": "none"},
    "ssh": {},
    "websocket": {"receive": True},
}
TIMEOUT_S = 0.4
Manner = Callable[[socket.socket, threading.Event], None]


def _silent(sock: socket.socket, stop: threading.Event) -> None:
    stop.wait(5)


def _close(sock: socket.socket, stop: threading.Event) -> None:
    sock.recv(1)


def _reset(sock: socket.socket, stop: threading.Event) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _drip(sock: socket.socket, stop: threading.Event) -> None:
    while not stop.wait(0.02):
        sock.sendall(b"2")


def _endless(piece: bytes) -> Manner:
    def manner(sock: socket.socket, stop: threading.Event) -> None:
        data = piece * (65_536 // len(piece))
        while not stop.is_set():
            sock.sendall(data)

    return manner


def _once(data: bytes) -> Manner:
    def manner(sock: socket.socket, stop: threading.Event) -> None:
        sock.sendall(data)
        stop.wait(5)

    return manner


MANNERS: dict[str, Manner] = {
    "silent": _silent,
    "close": _close,
    "reset": _reset,
    "drip": _drip,
    "endless zeros": _endless(b"\0"),
    "endless line": _endless(b"x"),
    "endless lines": _endless(b"x\r\n"),
    "huge length": _once(b"\xff" * 64),
    "garbage": _once(bytes(range(256)) * 4 + b"\r\n"),
    "text": _once(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    # Floods that follow a protocol: each message is small and allowed, only there is no end of them.
    "SMTP lines": _endless(b"220-x\r\n"),
    "IMAP lines": _endless(b"* OK x\r\n"),
    "POP3 lines": _endless(b"+OK\r\n"),
    "RESP lists": _endless(b"*1\r\n"),
    "RESP long list": _once(b"*99999999999\r\n"),
    "PostgreSQL notices": _endless(b"N\0\0\0\4"),
    "PostgreSQL rounds": _once(b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0R\0\0\0\x1e\0\0\0\x0br=x"),
    "MySQL packets": _endless(b"\1\0\0\0\0"),
    "MQTT packets": _once(b"\x20\x02\0\0\x90\3\0\1\0"),
    "MQTT flood": _endless(b"\x30\x03\0\1a"),
    "SSH debug": _once(b"SSH-2.0-x\r\n" + b"\0\0\0\x0c\x0a\4" + bytes(10)),
    "SSH lines": _endless(b"hello\r\n"),
    "HTTP/2 settings": _endless(b"\0\0\0\4\0\0\0\0\0"),
    "HTTP/2 pings": _endless(b"\0\0\x08\6\0\0\0\0\0" + bytes(8)),
    "HTTP headers": _endless(b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n"),
}  # fmt: skip


@contextmanager
def _served(manner: Manner) -> Iterator[str]:
    """The address of a server that treats each connection in this manner."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def treat(sock: socket.socket) -> None:
        with sock, suppress(OSError):
            sock.settimeout(5)
            manner(sock, stop)

    def accept() -> None:
        with suppress(OSError):
            while True:
                sock, _ = listener.accept()
                threading.Thread(target=treat, args=(sock,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    with Asking() as engine:
        yield engine


def _target(kind: str, address: str) -> str:
    return f"ws://{address}/" if kind == "websocket" else address


def _beside_watches(asking: Asking, manner: str) -> tuple[list[tuple[Job, Outcome]], float]:
    """What came of each kind that met this manner, and how long the loop was held up meanwhile (s)."""
    with _served(MANNERS[manner]) as target:
        now = monotonic()
        jobs = [
            Job(kind, 1, kind, _target(kind, target), PROBES[kind].load(settings), TIMEOUT_S, now)
            for kind, settings in KINDS.items()
        ]
        # Checks of a closed port that are due meanwhile: how late they start is how long the loop was held up.
        watch = [
            Job("watch", 1, "redis", "127.0.0.1:9", PROBES["redis"].load({}), TIMEOUT_S, now + after / 50)
            for after in range(1, 20)
        ]
        asking.engine.submit([*jobs, *watch])
        found = [asking.next() for _ in range(len(jobs) + len(watch))]

    held_up_us = [lateness_us for job, _, lateness_us in found if job.key == "watch"]
    return [(job, outcome) for job, outcome, _ in found if job.key != "watch"], max(held_up_us) / 1e6


@pytest.mark.parametrize("manner", MANNERS)
def test_bad_manners_end_clearly_and_in_time_and_delay_nobody(asking: Asking, manner: str) -> None:
    found = undisturbed(lambda: _beside_watches(asking, manner), within_s=0.25)

    for job, outcome in found:
        assert outcome.error is not ErrorClass.INTERNAL, (job.kind, outcome.detail)
        assert outcome.total_us is not None
        assert outcome.total_us < (TIMEOUT_S + 1) * 1e6, job.kind
        if (manner, job.kind) not in FITTING:
            assert not outcome.ok, (job.kind, outcome.detail)


# A manner that is, by chance, all that a check wants.
FITTING = {("IMAP lines", "imap"), ("POP3 lines", "pop3"), ("MQTT flood", "mqtt")}


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 10, b"\x30\x84\xff\xff\xff\xff", b"\x30" * 1000, bytes(range(256))]
)
@pytest.mark.parametrize("version", ["2c", "3"])
def test_agent_that_answers_nonsense_is_a_failure(asking: Asking, data: bytes, version: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("127.0.0.1", 0))

        def answer() -> None:
            with suppress(OSError):
                _, peer = agent.recvfrom(2000)
                agent.sendto(data, peer)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        port = agent.getsockname()[1]
        outcome = asking.ask(
            "snmp", f"127.0.0.1:{port}", {"version": version, "username": "a"}, timeout_s=TIMEOUT_S
        )
        thread.join(5)

    assert outcome.error in (ErrorClass.BAD_RESPONSE, ErrorClass.TIMEOUT), outcome.detail


SECRET = "correct horse"
SENT = b64encode(f"\0a\0{SECRET}".encode()).decode()


@pytest.mark.parametrize(
    ("kind", "answer", "settings"),
    [
        (
            "redis",
            f"-ERR unknown command 'AUTH', with args beginning with: '{SECRET}'\r\n",
            {"plain_sign_in": True},
        ),
        (
            "pop3",
            f"+OK hello\r\n+OK\r\n-ERR no such password: {SECRET}\r\n",
            {"username": "a", "plain_sign_in": True},
        ),
        ("imap", f"* OK {SECRET}\r\n* BAD\r\n", {"username": "a", "plain_sign_in": True}),
        (
            "smtp",
            f"220 hello\r\n250-x\r\n250 AUTH PLAIN\r\n535 no: {SENT}\r\n",
            {"username": "a", "plain_sign_in": True},
        ),
    ],
)
def test_secret_that_a_server_echoes_is_not_shown(
    asking: Asking, kind: str, answer: str, settings: dict[str, object]
) -> None:
    with _served(_once(answer.encode())) as target:
        outcome = asking.ask(kind, target, settings | {"security": "none", "password": SECRET}, timeout_s=2)

    assert not outcome.ok
    assert outcome.evidence is not None
    shown = outcome.detail + str(outcome.evidence())
    assert SECRET not in shown
    assert SENT not in shown
    assert "[secret]" in shown
