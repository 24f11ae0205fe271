"""Whom a look-up asks, how often and what it believes: on a loop and from a thread that waits, alike."""

import os
import socket
from collections.abc import Callable
from time import monotonic, process_time
from typing import Any

import dns.message
import dns.rcode
import dns.rrset
import pytest

from pulse.net import dns_blocking, dns_queries
from pulse.net.answers import Answer
from pulse.net.dns_wire import A
from pulse.net.failures import Failure
from pulse.net.nameservers import NameServers
from tests.net.name_servers import ADDRESS, Server, answered, cut_off, good, many, on_a_loop, refusing, silent
from tests.ports import free_port

Ask = Callable[..., list[Answer]]


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
