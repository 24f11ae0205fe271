"""Looking names up on a loop: caching, coalescing, fairness, errors."""

import asyncio
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path

import pytest
import uvloop

from pulse.net import resolve
from pulse.net.addresses import Policy
from pulse.net.answers import Answer
from pulse.net.dial import Deadline, resolve_vetted
from pulse.net.dns_waiting import MOST_NAMES
from pulse.net.failures import Failure
from pulse.net.hosts import HostsFile
from pulse.net.resolve import Resolver
from tests.resolver import DnsServer

Run = Callable[..., list[Answer]]


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


def look_up(dns: DnsServer, *rounds: list[str], pause: float = 0, limit: int = 500) -> list[list[Answer]]:
    """The answers to each round of names, all names of a round asked at once."""

    async def ask() -> list[list[Answer]]:
        resolver = Resolver(asyncio.get_running_loop(), [dns.nameserver], lookups_per_tenant=limit)
        found: list[list[Answer]] = []
        for names in rounds:
            futures = [asyncio.get_running_loop().create_future() for _ in names]
            for name, future in zip(names, futures, strict=True):
                resolver.lookup(name, 1, future.set_result)
            found.append(await asyncio.wait_for(asyncio.gather(*futures), 10))
            await asyncio.sleep(pause)
        resolver.close()
        return found

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(ask())


def test_waiters_for_one_name_share_one_query(dns: DnsServer) -> None:
    dns.answers("a.test", "192.0.2.1", "192.0.2.2")

    [answers] = look_up(dns, ["a.test"] * 20)

    assert {frozenset(answer.addresses) for answer in answers} == {frozenset({"192.0.2.1", "192.0.2.2"})}
    assert dns.count("a.test") == 1


def test_answer_is_kept_for_its_time_to_live(dns: DnsServer) -> None:
    dns.answers("brief.test", "192.0.2.1", ttl=1)

    look_up(dns, ["brief.test"], ["brief.test"], pause=1.2)
    look_up(dns, ["brief.test"], ["brief.test"])

    assert dns.count("brief.test") == 3


def test_answer_without_time_to_live_is_asked_for_again(dns: DnsServer) -> None:
    dns.takes_turns("flip.test", ("192.0.2.1",), ("10.0.0.1",), ttl=0)

    [[first], [second]] = look_up(dns, ["flip.test"], ["flip.test"])

    assert (first.addresses, second.addresses) == (("192.0.2.1",), ("10.0.0.1",))


def test_no_answer_is_kept_for_long_whatever_its_ttl(dns: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "KEEP_S", 0.3)
    dns.answers("long.test", "192.0.2.1", ttl=86400)

    look_up(dns, ["long.test"], ["long.test"], pause=0.4)

    assert dns.count("long.test") == 2


def test_missing_name_is_remembered_briefly(dns: DnsServer) -> None:
    [[first], [second]] = look_up(dns, ["nowhere.test"], ["nowhere.test"])

    assert first.failure is second.failure is Failure.NXDOMAIN
    assert dns.count("nowhere.test") == 1


def test_name_without_ipv4_is_asked_for_ipv6(dns: DnsServer) -> None:
    dns.answers("six.test", "2001:4860::1")
    dns.answers("both.test", "192.0.2.1", "2001:4860::1")
    dns.answers("none.test")

    [[six, both, none]] = look_up(dns, ["six.test", "both.test", "none.test"])

    assert six.addresses == ("2001:4860::1",)
    assert both.addresses == ("192.0.2.1",)
    assert none.failure is Failure.NO_ADDRESS
    assert ("both.test", "AAAA") not in dns.queries


def test_look_ups_over_the_limit_wait_for_their_turn(dns: DnsServer) -> None:
    names = [f"n{number}.test" for number in range(30)]
    for name in names:
        dns.answers(name, "192.0.2.1")

    [answers] = look_up(dns, names, limit=3)

    assert all(answer.addresses for answer in answers)


def test_waiting_names_that_became_known_do_not_block_the_queue(dns: DnsServer) -> None:
    dns.answers("a.test", "192.0.2.1")
    dns.answers("b.test", "192.0.2.1")

    [answers] = look_up(dns, ["a.test", "b.test", "b.test", "b.test", "a.test"], limit=1)

    assert all(answer.addresses for answer in answers)


def asked_together(dns: DnsServer, *names: str, over: Collection[str] = ()) -> dict[str, Answer]:
    """The answers of those checks that are not over when it is their turn; one is asked for at a time."""

    async def ask() -> dict[str, Answer]:
        resolver = Resolver(asyncio.get_running_loop(), [dns.nameserver], lookups_per_tenant=1)
        found: dict[str, Answer] = {}
        ended = asyncio.Event()
        wanted = len(set(names) - set(over))

        def take(name: str, answer: Answer) -> None:
            found[name] = answer
            if len(found) == wanted:
                ended.set()

        for name in names:
            resolver.lookup(name, 1, partial(take, name), 0, partial(over.__contains__, name))
        await asyncio.wait_for(ended.wait(), 10)
        await asyncio.sleep(0.05)
        resolver.close()
        return found

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(ask())


def test_names_of_checks_that_are_over_are_not_asked_for(dns: DnsServer) -> None:
    names = ["first.test", *(f"over{number}.test" for number in range(50)), "last.test"]
    for name in names:
        dns.answers(name, "192.0.2.1")

    found = asked_together(dns, *names, over=names[1:-1])

    assert found.keys() == {"first.test", "last.test"}
    assert [name for name in names if dns.count(name)] == ["first.test", "last.test"]


def test_too_many_names_that_wait_are_a_failure_that_says_so(dns: DnsServer) -> None:
    # What is no name waits as well, and then no name server has to be asked ten thousand times.
    names = ["first.test", *(f"n{number}..test" for number in range(MOST_NAMES + 2))]

    found = asked_together(dns, *names)

    failures = [found[name].sentence(name) for name in names if found[name].failure is Failure.NO_ROOM]
    assert failures == [
        f"the look-up of {name} failed (too many names of its organisation wait to be looked up)"
        for name in names[-2:]
    ]


def test_a_long_queue_of_what_is_no_name_ends(dns: DnsServer) -> None:
    names = ["first.test", *(f"n{number}..test" for number in range(3000))]

    assert len(asked_together(dns, *names)) == 3001


def test_hosts_file_is_read_first_and_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pulse.net.hosts.LOOK_AGAIN_S", 0)
    path = tmp_path / "hosts"
    path.write_text("# comment\n::1 Box box.local\n192.0.2.7 box # mine\nnonsense here\n")
    hosts = HostsFile(path)

    assert hosts.addresses("box") == ("192.0.2.7", "::1")
    assert hosts.addresses("box.local") == ("::1",)
    assert hosts.addresses("here") == ()
    path.write_text("192.0.2.8 box\n")
    assert hosts.addresses("box") == ("192.0.2.8",)


def test_machine_without_hosts_file_knows_localhost(tmp_path: Path) -> None:
    assert HostsFile(tmp_path / "none").addresses("localhost") == ("127.0.0.1", "::1")


def test_blocking_look_up_returns_only_allowed_addresses(dns: DnsServer) -> None:
    dns.answers("mixed.test", "10.0.0.1", "93.184.216.34")

    assert resolve_vetted("Mixed.test.", Policy(), Deadline(3), [dns.nameserver]) == ["93.184.216.34"]
    assert resolve_vetted("1.1.1.1", Policy(), Deadline(3)) == ["1.1.1.1"]
