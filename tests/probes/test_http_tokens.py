"""One fetch of an OAuth token serves all checks that wait for it, and each of them waits for as long as it may."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_network
from typing import Any

import pytest

from monitors.probes.http import HttpConfig, load
from monitors.probes.outcome import ErrorClass
from pulse.net.addresses import Policy
from tests.probes.running import Probing
from tests.receivers import wait_until
from tests.resolver import DnsServer
from tests.talking import Talking
from tests.targets import HttpTarget

LOOPBACK = Policy(allow=(ip_network("127.0.0.0/8"),))


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


@pytest.fixture
def probing(dns: DnsServer) -> Iterator[Probing]:
    with Probing(LOOPBACK, [dns.nameserver]) as engine:
        yield engine


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


@pytest.fixture
def issuer() -> Iterator[HttpTarget]:
    with HttpTarget(body=b'{"access_token": "t"}') as server:
        yield server


def signed_in(token_url: str) -> HttpConfig:
    found: Any = load({"auth": "oauth2", "token_url": token_url, "client_id": "a", "client_secret": "s3cret"})
    assert isinstance(found, HttpConfig)
    return found


def test_a_check_with_little_time_takes_none_from_another(
    probing: Probing, target: HttpTarget, issuer: HttpTarget
) -> None:
    issuer.delay = 1.0
    config = signed_in(issuer.url)
    hasty, patient = probing.job(target.url, config, 0.3), probing.job(target.url, config, 5.0, after_s=0.1)

    probing.engine.submit([hasty, patient])
    (first, late, _), (second, served, _) = probing.next(), probing.next()

    assert (first, second) == (hasty, patient)
    assert (late.error, late.detail) == (ErrorClass.TIMEOUT, "no access token within 0.3 s")
    assert served.ok, served.detail
    assert len(issuer.requests) == 1


def test_a_fetch_that_hangs_is_not_waited_for_by_who_comes_later(
    probing: Probing, target: HttpTarget, issuer: HttpTarget
) -> None:
    issuer.delay = 60.0
    config = signed_in(issuer.url)
    assert probing.check(target.url, config, timeout_s=0.3).error is ErrorClass.TIMEOUT

    issuer.delay = 0.0

    assert probing.check(target.url, config, timeout_s=2.0).ok


def test_fetches_that_hang_end_with_the_last_who_waits_for_them(probing: Probing, target: HttpTarget) -> None:
    ended: list[bytes] = []

    def hang(connection: socket.socket) -> None:
        while connection.recv(4096):
            pass
        ended.append(b"")

    with Talking(hang) as issuer:
        config = signed_in(f"http://{issuer.target}/")
        jobs = [probing.job(target.url, config, timeout_s) for timeout_s in (0.3, 0.6)]
        probing.engine.submit(jobs)
        errors = [probing.next()[1].error for _ in jobs]
        again = probing.check(target.url, config, timeout_s=0.3)

        assert [*errors, again.error] == [ErrorClass.TIMEOUT] * 3
        wait_until(lambda: len(ended) == issuer.connections == 2, 2, "the ends of the fetches")

    assert probing.check(target.url, HttpConfig(), timeout_s=2.0).ok


def test_the_next_address_is_tried_while_the_check_still_waits(
    probing: Probing, dns: DnsServer, target: HttpTarget, issuer: HttpTarget
) -> None:
    dns.answers("id.test", "127.0.0.2", "127.0.0.1")
    with ExitStack() as open_ones:
        # Its queue is full and nobody accepts: whoever connects hears nothing.
        silent = open_ones.enter_context(socket.create_server(("127.0.0.2", issuer.port), backlog=0))
        for _ in range(2):
            waiting = open_ones.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(silent.getsockname())

        outcome = probing.check(target.url, signed_in(issuer.at("/", "id.test")), timeout_s=2.0)

    assert outcome.ok, outcome.detail
