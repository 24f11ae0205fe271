"""Names and addresses on the way to an HTTP answer: looked up, vetted and tried by the engine itself."""

from collections.abc import Iterator
from ipaddress import ip_network
from time import monotonic

import pytest

from monitors.probes.outcome import ErrorClass
from pulse.net.addresses import Policy
from tests.probes.running import Probing
from tests.resolver import DnsServer
from tests.targets import HttpTarget

LOOPBACK = Policy(allow=(ip_network("127.0.0.0/8"), ip_network("::1/128")))


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


@pytest.fixture
def probing(dns: DnsServer) -> Iterator[Probing]:
    with Probing(LOOPBACK, [dns.nameserver]) as engine:
        yield engine


def test_unknown_name_does_not_exist(probing: Probing) -> None:
    outcome = probing.check("http://nowhere.test/")

    assert outcome.error is ErrorClass.DNS_NXDOMAIN
    assert outcome.detail == "nowhere.test does not exist (NXDOMAIN)"


def test_dead_name_fails_within_the_deadline_of_the_whole_check(probing: Probing, dns: DnsServer) -> None:
    dns.ignores("dead.test")
    begin = monotonic()

    outcome = probing.check("http://dead.test/", timeout_s=0.5)

    assert outcome.error is ErrorClass.DNS_TIMEOUT
    assert monotonic() - begin < 1.5


def test_name_server_that_fails_is_not_a_missing_name(probing: Probing, dns: DnsServer) -> None:
    dns.fails("broken.test")

    outcome = probing.check("http://broken.test/")

    assert outcome.error is ErrorClass.DNS_FAILED
    assert "SERVFAIL" in outcome.detail


def test_name_with_private_address_is_refused(dns: DnsServer, target: HttpTarget) -> None:
    dns.answers("inside.test", "127.0.0.1")
    with Probing(Policy(), [dns.nameserver]) as probing:
        outcome = probing.check(target.at("/", "inside.test"))

    assert outcome.error is ErrorClass.REFUSED_ADDRESS
    assert outcome.detail == "refused to connect to 127.0.0.1: it is a loopback address"
    assert target.connections == 0


def test_name_that_flips_between_look_ups_never_reaches_the_refused_address(
    probing: Probing, dns: DnsServer, target: HttpTarget
) -> None:
    dns.takes_turns("flip.test", ("127.0.0.1",), ("10.0.0.1",))

    first = probing.check(target.at("/", "flip.test"))
    second = probing.check(target.at("/", "flip.test"))

    assert first.ok
    assert second.error is ErrorClass.REFUSED_ADDRESS


def test_redirect_looks_its_name_up_and_vets_it_again(
    probing: Probing, dns: DnsServer, target: HttpTarget
) -> None:
    dns.takes_turns("flip.test", ("127.0.0.1",), ("192.168.0.1",))

    outcome = probing.check(target.at("/redirect?to=/", "flip.test"))

    assert outcome.error is ErrorClass.REFUSED_ADDRESS
    assert len(target.requests) == 1


def test_of_mixed_addresses_only_the_allowed_are_tried(
    probing: Probing, dns: DnsServer, target: HttpTarget
) -> None:
    dns.answers("mixed.test", "10.0.0.1", "127.0.0.1")

    assert probing.check(target.at("/", "mixed.test")).address == "127.0.0.1"


def test_second_address_is_tried_when_the_first_refuses(
    probing: Probing, dns: DnsServer, target: HttpTarget
) -> None:
    dns.answers("two.test", "127.0.0.2", "127.0.0.1")

    assert probing.check(target.at("/", "two.test")).ok


def test_name_with_ipv6_only_is_reached(probing: Probing, dns: DnsServer) -> None:
    dns.answers("six.test", "::1")
    with HttpTarget(host="::1") as six:
        outcome = probing.check(six.at("/", "six.test"))

    assert (outcome.ok, outcome.address) == (True, "::1")


def test_localhost_comes_from_the_hosts_file(probing: Probing, dns: DnsServer, target: HttpTarget) -> None:
    assert probing.check(target.at("/", "localhost")).ok
    assert dns.queries == []
