"""Which name servers are asked, from the moment that they are known."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pulse.net import nameservers
from pulse.net.answers import Answer
from pulse.net.dns_queries import Queries
from pulse.net.dns_wire import A
from pulse.net.nameservers import NameServers, Place
from tests.net.name_servers import ADDRESS, Server, good, silent


class Changing(NameServers):
    """Other servers from one moment to the next, as when resolv.conf is written anew."""

    def places(self) -> list[Place]:
        return self.now

    now: list[Place]


def test_other_servers_are_asked_from_the_moment_that_they_are_known(running: Callable[..., Server]) -> None:
    first, second = running(good), running(silent)

    async def main() -> Answer:
        servers = Changing([first.nameserver])
        servers.now = NameServers([second.nameserver]).places()
        queries = Queries(asyncio.get_running_loop(), servers)
        queries.ask("a.test", A, lambda _: None)
        servers.now = NameServers([first.nameserver]).places()
        future = asyncio.get_running_loop().create_future()
        queries.ask("b.test", A, future.set_result)
        found: Answer = await asyncio.wait_for(future, 5)
        queries.close()
        return found

    assert asyncio.run(main()).addresses == (ADDRESS,)
    assert (len(first.queries), len(second.queries)) == (1, 1)


def test_resolv_conf_is_read_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nameservers, "LOOK_AGAIN_S", 0)
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# nameserver 192.0.2.9\nsearch test\nnameserver 192.0.2.1\nnameserver 2001:4860::1\n"
        "nameserver name.test\nnameserver fe80::1%lo\nnameserver 192.0.2.4\n"
    )
    servers = NameServers(path=path)

    found = [place.address for place in servers.places()]
    same = servers.places()

    assert [address[0].partition("%")[0] for address in found] == ["192.0.2.1", "2001:4860::1", "fe80::1"]
    assert found[2][3] == socket.if_nametoindex("lo")  # type: ignore[misc]
    assert servers.places() is same
    path.write_text("nameserver 192.0.2.8\n")
    assert [place.address for place in servers.places()] == [("192.0.2.8", 53)]
    path.unlink()
    assert [place.address for place in servers.places()] == [("127.0.0.1", 53)]


def test_name_server_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match=r"name\.test"):
        NameServers(["name.test"])
