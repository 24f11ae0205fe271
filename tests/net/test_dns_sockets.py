"""From which ports questions come, how many sockets are open, and who was silent is asked last."""

import asyncio
import os
from collections.abc import Callable

import pytest

from pulse.net import dns_queries, dns_sockets
from pulse.net.dns_queries import Queries
from pulse.net.dns_wire import A
from pulse.net.nameservers import NameServers
from tests.net.name_servers import ADDRESS, Server, good, on_a_loop, silent


def test_ports_and_numbers_cannot_be_foretold(
    running: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_sockets, "QUERIES_PER_SOCKET", 4)
    server = running(good)

    answers = on_a_loop([server.nameserver], *[f"n{number}.test" for number in range(60)])

    assert all(answer.addresses == (ADDRESS,) for answer in answers)
    assert len(set(server.ports)) == 15
    assert len({query.id for query in server.queries}) > 50


def test_who_was_silent_is_asked_last_for_a_while(
    running: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_queries, "WAIT_S", 0.1)
    first, second = running(silent), running(good)

    async def main() -> None:
        queries = Queries(asyncio.get_running_loop(), NameServers([first.nameserver, second.nameserver]))
        for number in range(5):
            future = asyncio.get_running_loop().create_future()
            queries.ask(f"n{number}.test", A, future.set_result)
            await asyncio.wait_for(future, 5)
        queries.close()

    asyncio.run(main())

    assert (len(first.queries), len(second.queries)) == (1, 5)


def test_sockets_are_closed_when_nothing_is_waited_for(
    running: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_sockets, "QUERIES_PER_SOCKET", 1)
    server = running(good)

    async def main() -> int:
        queries = Queries(asyncio.get_running_loop(), NameServers([server.nameserver]))
        before = len(os.listdir("/proc/self/fd"))
        for number in range(40):
            future = asyncio.get_running_loop().create_future()
            queries.ask(f"n{number}.test", A, future.set_result)
            await asyncio.wait_for(future, 5)
        left = len(os.listdir("/proc/self/fd")) - before
        queries.close()
        return left

    assert asyncio.run(main()) <= 1
