"""How an HTTP check connects: IP version, kept connections, certificates of both sides, proxies."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from monitors.probes.http import load
from monitors.probes.outcome import ErrorClass, Outcome
from pulse.net.addresses import Policy
from tests.certificates import Authority
from tests.probes.running import Probing
from tests.proxies import HttpProxy
from tests.resolver import DnsServer
from tests.targets import HttpTarget

LOOPBACK = Policy(allow=(ip_network("127.0.0.0/8"), ip_network("::1/128")))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.answers("shop.test", "127.0.0.1")
        server.answers("other.test", "127.0.0.1")
        yield server


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


@pytest.fixture
def probing(dns: DnsServer, authority: Authority) -> Iterator[Probing]:
    with Probing(LOOPBACK, [dns.nameserver], str(authority.ca_file)) as engine:
        yield engine


def check(probing: Probing, url: str, **settings: Any) -> Outcome:
    return probing.check(url, load(settings))


def test_ip_version_is_kept_to(probing: Probing, dns: DnsServer, target: HttpTarget) -> None:
    dns.answers("both.test", "127.0.0.1", "::1")
    with HttpTarget(host="::1") as six:
        outcome = check(probing, six.at("/", "both.test"), ip_version="6")
    assert (outcome.ok, outcome.address) == (True, "::1")
    assert check(probing, target.at("/", "both.test"), ip_version="4").address == "127.0.0.1"

    missing = check(probing, target.at("/", "shop.test"), ip_version="6")
    literal = check(probing, target.url, ip_version="6")
    assert missing.detail == "shop.test has no IPv6 address (AAAA record), and the monitor asks for one"
    assert missing.error is literal.error is ErrorClass.DNS_NO_ADDRESS


def test_connection_is_kept_only_if_the_monitor_says_so_and_for_it_alone(probing: Probing) -> None:
    def check_as(monitor: str, **settings: Any) -> Outcome:
        job = probing.job(server.url, load(settings))
        probing.engine.submit([replace(job, identity=monitor)])
        return probing.next()[1]

    with HttpTarget(keep_alive=True) as server:
        assert [check_as("one").ok for _ in range(2)] == [True, True]
        assert server.connections == 2
        assert [check_as("one", keep_connection=True).ok for _ in range(3)] == [True] * 3
        assert server.connections == 3
        assert check_as("two", keep_connection=True).ok
        assert server.connections == 4
        server.keep_alive = False
        assert [check_as("one", keep_connection=True).ok for _ in range(3)] == [True] * 3


def test_server_asking_for_a_certificate_gets_the_monitors(probing: Probing, authority: Authority) -> None:
    context = authority.server_context("127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    certificate, key = authority.client_pair("pulse")
    with HttpTarget(tls=context) as target:
        with_one = check(probing, target.url, client_certificate=certificate, client_key=key)
        without = check(probing, target.url)

    assert with_one.ok, with_one.detail
    assert not without.ok


def test_own_authority_and_no_verification(probing: Probing, tmp_path: Path) -> None:
    stranger = Authority(tmp_path)
    with HttpTarget(tls=stranger.server_context("127.0.0.1", days_left=-1)) as expired:
        assert check(probing, expired.url, verify_tls=False).ok
        assert not check(probing, expired.url).ok
    with HttpTarget(tls=stranger.server_context("127.0.0.1")) as target:
        assert check(probing, target.url, ca=stranger.ca_file.read_text()).ok
        assert check(probing, target.url).error is ErrorClass.TLS_UNTRUSTED


def test_proxy_forwards_and_tunnels_and_resolves_the_name(probing: Probing, authority: Authority) -> None:
    with (
        HttpProxy("me:pass") as proxy,
        HttpTarget() as target,
        HttpTarget(tls=authority.server_context("deep.inside.test")) as secure,
    ):
        settings = {"proxy": proxy.place, "proxy_username": "me", "proxy_password": "pass"}
        plain = check(probing, target.at("/a", "deep.inside.test"), **settings, secret_headers="X-Key: k")
        tunnelled = check(probing, secure.at("/b", "deep.inside.test"), **settings, secret_headers="X-Key: k")
        refused = check(probing, secure.at("/b", "deep.inside.test"), proxy=proxy.place)

    assert plain.ok, plain.detail
    assert tunnelled.ok, tunnelled.detail
    assert tunnelled.tls_us
    assert secure.requests[0].headers["x-key"] == "k"
    assert "X-Key" not in proxy.heads[1]  # a tunnel's headers are not the proxy's business
    assert "proxy-authorization" not in secure.requests[0].headers
    assert refused.error is ErrorClass.CONNECT_FAILED
    assert refused.detail.endswith("answered 407 instead of connecting to deep.inside.test")


def test_proxy_at_a_refused_address_gets_no_connection(dns: DnsServer, target: HttpTarget) -> None:
    with HttpProxy() as proxy, Probing(Policy(), [dns.nameserver]) as probing:
        dns.answers("proxy.test", "127.0.0.1")
        port = proxy.place.partition(":")[2]
        for place in (proxy.place, f"proxy.test:{port}"):
            outcome = check(probing, "http://example.com/", proxy=place)
            assert outcome.error is ErrorClass.REFUSED_ADDRESS
        assert proxy.heads == []


def test_name_is_reached_over_ipv6_where_no_route_leads_to_its_ipv4(dns: DnsServer) -> None:
    # A stream to a multicast address is refused by the kernel as one without a route.
    policy = Policy(allow=(ip_network("224.0.0.0/4"), ip_network("::1/128")))
    dns.answers("both.test", "224.0.0.1", "::1")
    with HttpTarget(host="::1") as six, Probing(policy, [dns.nameserver]) as probing:
        outcome = check(probing, six.at("/", "both.test"))
        only_four = check(probing, six.at("/", "both.test"), ip_version="4")

    assert (outcome.ok, outcome.address) == (True, "::1")
    assert only_four.detail == f"no route to 224.0.0.1 port {only_four.detail.rpartition(' ')[2]}"


def test_what_is_not_ascii_goes_out_as_utf_8(probing: Probing, target: HttpTarget) -> None:
    with HttpProxy("zoë:geheim€") as proxy:
        outcome = check(
            probing, target.at("/", "shop.test"), headers={"X-Shop": "Käse"}, secret_headers="X-Key: schlüssel",
            user_agent="Prüfer/1", proxy=proxy.place, proxy_username="zoë", proxy_password="geheim€",
        )  # fmt: skip

    assert outcome.ok, outcome.detail
    came = target.requests[-1].headers
    sent = {name: came[name].encode("latin-1").decode() for name in ("x-shop", "x-key", "user-agent")}
    assert sent == {"x-shop": "Käse", "x-key": "schlüssel", "user-agent": "Prüfer/1"}


def test_a_proxy_is_led_to_its_own_target_whatever_the_handle_did_before(
    probing: Probing, target: HttpTarget
) -> None:
    with HttpTarget() as theirs, HttpProxy() as proxy:
        for _ in range(3):  # leaves handles that know this server
            assert check(probing, theirs.url).ok
        before = len(theirs.requests)
        outcome = check(
            probing,
            target.at("/private", "shop.test"),
            proxy=proxy.place,
            auth="bearer",
            bearer_token="sesame",
        )

    assert outcome.ok
    assert target.requests[-1].headers["authorization"] == "Bearer sesame"
    assert len(theirs.requests) == before
    assert proxy.heads[-1].startswith(f"GET http://shop.test:{target.port}/private ")
