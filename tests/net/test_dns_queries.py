"""Whom a look-up asks, how often and what it believes: on a loop and from a thread that waits, alike."""

import asyncio
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, process_time
from typing import Any, Self

import dns.message
import dns.rcode
import dns.rrset
import pytest
import uvloop

from pulse.net import dns_blocking, dns_queries, dns_sockets, nameservers
from pulse.net.answers import Answer
from pulse.net.dns_queries import Queries
from pulse.net.dns_wire import A
from pulse.net.failures import Failure
from pulse.net.nameservers import NameServers, Place
from tests.ports import free_port

Behave = Callable[[dns.message.Message, "Server", tuple[str, int]], None]
Ask = Callable[..., list[Answer]]
ADDRESS = "192.0.2.1"


class Server:
    """A name server that does with each query what `behave` says; on UDP and, with `streams`, on TCP."""

    def __init__(self, behave: Behave, host: str = "127.0.0.1", streams: bool = False) -> None:
        self.behave = behave
        self.queries: list[dns.message.Message] = []
        self.ports: list[int] = []
        self.tcp = 0
        self.socket, self.listener = bound(host, streams)
        self.port = self.socket.getsockname()[1]
        self.nameserver = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if self.listener:
            threading.Thread(target=self._serve_streams, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.sendto(b"", self.socket.getsockname())
        self._thread.join(5)
        self.socket.close()
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    def say(self, reply: dns.message.Message | bytes, peer: tuple[str, int]) -> None:
        self.socket.sendto(reply if isinstance(reply, bytes) else reply.to_wire(), peer)

    def _serve(self) -> None:
        while True:
            data, peer = self.socket.recvfrom(4096)
            if not data:
                return
            self.queries.append(dns.message.from_wire(data))
            self.ports.append(peer[1])
            self.behave(self.queries[-1], self, peer)

    def _serve_streams(self) -> None:
        assert self.listener is not None
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.tcp += 1
            with connection:
                size = int.from_bytes(connection.recv(2), "big")
                reply = answered(dns.message.from_wire(connection.recv(size)), *many(60)).to_wire()
                connection.sendall(struct.pack("!H", len(reply)) + reply)


def bound(host: str, streams: bool) -> tuple[socket.socket, socket.socket | None]:
    """UDP and TCP on one port; another process may have half of it."""
    while True:
        datagrams = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind((host, 0))
        if not streams:
            return datagrams, None
        try:
            return datagrams, socket.create_server((host, datagrams.getsockname()[1]))
        except OSError:
            datagrams.close()


def many(count: int) -> list[str]:
    return [f"192.0.2.{number}" for number in range(1, count + 1)]


def answered(query: dns.message.Message, *addresses: str) -> dns.message.Message:
    reply = dns.message.make_response(query, recursion_available=True)
    reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", *addresses))
    return reply


def good(query: dns.message.Message, server: Server, peer: Any) -> None:
    server.say(answered(query, ADDRESS), peer)


def silent(query: dns.message.Message, server: Server, peer: Any) -> None:
    pass


def refusing(rcode: dns.rcode.Rcode) -> Behave:
    def refuse(query: dns.message.Message, server: Server, peer: Any) -> None:
        reply = dns.message.make_response(query)
        reply.set_rcode(rcode)
        server.say(reply, peer)

    return refuse


def cut_off(query: dns.message.Message, server: Server, peer: Any) -> None:
    reply = answered(query, "192.0.2.99")
    reply.flags |= dns.flags.TC
    server.say(reply, peer)


def on_a_loop(servers: list[str], *names: str) -> list[Answer]:
    async def ask() -> list[Answer]:
        queries = Queries(asyncio.get_running_loop(), NameServers(servers))
        found = [asyncio.get_running_loop().create_future() for _ in names]
        for name, future in zip(names, found, strict=True):
            queries.ask(name, A, future.set_result)
        answers = await asyncio.wait_for(asyncio.gather(*found), 10)
        queries.close()
        return answers

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(ask())


def in_a_thread(servers: list[str], *names: str) -> list[Answer]:
    places = NameServers(servers).places()
    until = monotonic() + 10
    return [dns_blocking.ask_and_wait(name, A, places, lambda: until - monotonic()) for name in names]


@pytest.fixture(params=[on_a_loop, in_a_thread])
def ask(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ask:
    for module in (dns_queries, dns_blocking):
        monkeypatch.setattr(module, "WAIT_S", 0.1)
    found: Ask = request.param
    return found


@pytest.fixture
def running() -> Iterator[Callable[..., Server]]:
    with ExitStack() as stack:
        yield lambda *words, **options: stack.enter_context(Server(*words, **options))


def test_address_is_told(ask: Ask, running: Callable[..., Server]) -> None:
    server = running(good)

    assert ask([server.nameserver], "a.test") == [Answer((ADDRESS,), 60.0)]
    assert [query.payload for query in server.queries] == [1232]


def test_server_of_ipv6_is_asked(ask: Ask, running: Callable[..., Server]) -> None:
    server = running(good, "::1")

    assert ask([server.nameserver], "a.test")[0].addresses == (ADDRESS,)


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTIMP])
def test_who_refuses_is_passed_over_at_once(
    ask: Ask, running: Callable[..., Server], rcode: dns.rcode.Rcode
) -> None:
    first, second = running(refusing(rcode)), running(good)

    assert ask([first.nameserver, second.nameserver], "a.test")[0].addresses == (ADDRESS,)


def test_who_is_silent_is_passed_over_in_time(ask: Ask, running: Callable[..., Server]) -> None:
    first, second = running(silent), running(good)

    assert ask([first.nameserver, second.nameserver], "a.test")[0].addresses == (ADDRESS,)
    assert len(first.queries) == 1


def test_who_is_not_there_is_passed_over(ask: Ask, running: Callable[..., Server]) -> None:
    second = running(good)

    found = ask([f"127.0.0.1:{free_port()}", second.nameserver], "a.test")

    assert found[0].addresses == (ADDRESS,)


def test_when_all_refuse_the_answer_says_so(ask: Ask, running: Callable[..., Server]) -> None:
    server = running(refusing(dns.rcode.SERVFAIL))

    [answer] = ask([server.nameserver], "a.test")

    assert (answer.failure, answer.reason) == (Failure.DNS_FAILED, "SERVFAIL")
    assert len(server.queries) == 3


def test_when_nobody_is_there_the_answer_says_so(ask: Ask) -> None:
    [answer] = ask([f"127.0.0.1:{free_port()}"], "a.test")

    assert answer.sentence("a.test") == "the look-up of a.test failed (no name server reached)"


def test_when_nobody_answers_it_is_asked_three_times(ask: Ask, running: Callable[..., Server]) -> None:
    server = running(silent)

    [answer] = ask([server.nameserver], "a.test")

    assert answer.failure is Failure.DNS_TIMEOUT
    assert len(server.queries) == 3
    assert len({query.id for query in server.queries}) > 1


def test_waiting_costs_nothing(running: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_queries, "WAIT_S", 0.4)
    server = running(silent)

    began = process_time()
    [first, *_] = on_a_loop([server.nameserver], *[f"n{number}.test" for number in range(100)])

    assert first.failure is Failure.DNS_TIMEOUT
    assert process_time() - began < 0.5


def test_answer_to_an_earlier_try_counts(ask: Ask, running: Callable[..., Server]) -> None:
    def late(query: dns.message.Message, server: Server, peer: Any) -> None:
        if len(server.queries) == 1:
            first.append((query, peer))
        elif len(server.queries) == 3:
            server.say(answered(first[0][0], ADDRESS), first[0][1])

    first: list[Any] = []
    server = running(late)

    assert ask([server.nameserver], "a.test")[0].addresses == (ADDRESS,)


def test_name_that_does_not_exist_is_asked_about_once(ask: Ask, running: Callable[..., Server]) -> None:
    server = running(refusing(dns.rcode.NXDOMAIN))

    assert ask([server.nameserver], "a.test")[0].failure is Failure.NXDOMAIN
    assert len(server.queries) == 1


def test_server_that_knows_no_edns_is_asked_without_it(ask: Ask, running: Callable[..., Server]) -> None:
    def old(query: dns.message.Message, server: Server, peer: Any) -> None:
        (refusing(dns.rcode.FORMERR) if query.edns >= 0 else good)(query, server, peer)

    server = running(old)

    assert ask([server.nameserver], "a.test")[0].addresses == (ADDRESS,)
    assert [query.edns for query in server.queries] == [0, -1]


def test_answer_that_was_cut_off_is_fetched_over_tcp(ask: Ask, running: Callable[..., Server]) -> None:
    server = running(cut_off, streams=True)

    [answer] = ask([server.nameserver], "a.test")

    assert sorted(answer.addresses) == sorted(many(60))
    assert (server.tcp, len(server.queries)) == (1, 1)


def test_answer_that_was_cut_off_counts_for_nothing_without_tcp(
    ask: Ask, running: Callable[..., Server]
) -> None:
    server = running(cut_off)

    [answer] = ask([server.nameserver], "a.test")

    assert answer.failure is Failure.DNS_FAILED
    assert "cannot be had over TCP" in answer.reason


@pytest.mark.parametrize("forge", ["number", "question", "from another port", "noise", "a query"])
def test_forgeries_are_passed_over(ask: Ask, running: Callable[..., Server], forge: str) -> None:
    def behave(query: dns.message.Message, server: Server, peer: Any) -> None:
        if forge == "number":
            forged = answered(query, "203.0.113.66").to_wire()
            server.say(bytes([forged[0] ^ 1]) + forged[1:], peer)
        elif forge == "question":
            other = dns.message.make_query("b.test", "A", id=query.id)
            server.say(answered(other, "203.0.113.66"), peer)
        elif forge == "from another port":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.sendto(answered(query, "203.0.113.66").to_wire(), peer)
        else:
            server.say(os.urandom(40) if forge == "noise" else query, peer)
        good(query, server, peer)

    server = running(behave)

    assert ask([server.nameserver], "a.test")[0].addresses == (ADDRESS,)


def test_answer_that_cannot_be_read_is_no_silence(ask: Ask, running: Callable[..., Server]) -> None:
    def broken(query: dns.message.Message, server: Server, peer: Any) -> None:
        server.say(answered(query, ADDRESS).to_wire()[:36], peer)

    server = running(broken)

    assert ask([server.nameserver], "a.test")[0].reason == "the answer cannot be read"


def test_what_is_no_name_is_not_asked_about(ask: Ask) -> None:
    assert ask(["127.0.0.1:1"], "a..test")[0].reason == "not a host name"


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
