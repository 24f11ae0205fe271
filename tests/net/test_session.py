"""The session for webhooks: vetted and pinned, one deadline over everything, no redirects, a short answer."""

import socket
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from pulse.net.addresses import Policy, parse_networks
from pulse.net.errors import AddressRefused, DeadlineExceeded, NotConnected, NotResolved, OutboundError
from pulse.net.failures import Failure
from pulse.net.session import MAX_ANSWER, outbound_session
from tests.certificates import Authority
from tests.ports import free_port
from tests.resolver import DnsServer
from tests.targets import HttpTarget

LOOPBACK = Policy(parse_networks("127.0.0.0/8, ::1"))


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


def test_post_arrives_under_its_name(dns: DnsServer, target: HttpTarget) -> None:
    dns.answers("hook.test", "127.0.0.1")
    target.status, target.body = 202, b"thanks"

    answer = outbound_session(LOOPBACK, 3, nameservers=[dns.nameserver]).post(
        target.at("/in?x=1", "hook.test"), data=b'{"a":1}', headers={"webhook-id": "msg_1"}
    )

    assert (answer.status_code, answer.text) == (202, "thanks")
    [received] = target.requests
    assert (received.method, received.path, received.body) == ("POST", "/in?x=1", b'{"a":1}')
    assert received.headers["host"] == f"hook.test:{target.port}"
    assert received.headers["webhook-id"] == "msg_1"


@pytest.mark.parametrize("path", ["/hang", "/drip", "/drip-headers"])
def test_deadline_cuts_whatever_the_server_does(target: HttpTarget, path: str) -> None:
    begin = monotonic()

    with pytest.raises(DeadlineExceeded, match=r"no complete answer within 0\.4 s"):
        outbound_session(LOOPBACK, 0.4).post(target.at(path), data=b"x")

    assert monotonic() - begin < 1


def test_silent_name_server_counts_towards_the_deadline(dns: DnsServer) -> None:
    dns.ignores("dead.test")
    begin = monotonic()

    with pytest.raises(DeadlineExceeded):
        outbound_session(LOOPBACK, 0.4, nameservers=[dns.nameserver]).get("http://dead.test/")

    assert monotonic() - begin < 1


def test_redirect_is_the_answer(target: HttpTarget) -> None:
    answer = outbound_session(LOOPBACK, 3).post(target.at("/redirect?to=http://169.254.169.254/"), data=b"x")

    assert answer.status_code == 302
    assert len(target.requests) == 1


def test_private_address_is_refused_without_connecting(dns: DnsServer, target: HttpTarget) -> None:
    dns.answers("inside.test", "127.0.0.1")
    session = outbound_session(Policy(), 3, nameservers=[dns.nameserver])

    with pytest.raises(AddressRefused, match=r"refused to connect to 127\.0\.0\.1: it is a loopback address"):
        session.get(target.at("/", "inside.test"))
    with pytest.raises(AddressRefused):
        session.get(target.url)
    assert target.connections == 0


def test_name_is_looked_up_once_per_request_and_pinned(dns: DnsServer, target: HttpTarget) -> None:
    dns.takes_turns("flip.test", ("127.0.0.1",), ("10.0.0.1",))
    session = outbound_session(LOOPBACK, 3, nameservers=[dns.nameserver])

    assert session.get(target.at("/", "flip.test")).ok
    with pytest.raises(AddressRefused):
        session.get(target.at("/", "flip.test"))
    assert dns.count("flip.test") == 2


def test_unknown_name_is_told(dns: DnsServer) -> None:
    with pytest.raises(NotResolved, match=r"nowhere\.test does not exist \(NXDOMAIN\)") as caught:
        outbound_session(LOOPBACK, 3, nameservers=[dns.nameserver]).get("http://nowhere.test/")
    assert caught.value.failure is Failure.NXDOMAIN


def test_refused_connection_is_told() -> None:
    port = free_port()
    with pytest.raises(NotConnected, match=f"connection refused by 127.0.0.1 port {port}"):
        outbound_session(LOOPBACK, 3).get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("path", ["/close", "/half", "/garbage", "/endless-headers"])
def test_broken_answer_is_an_outbound_error(target: HttpTarget, path: str) -> None:
    with pytest.raises(OutboundError) as caught:
        outbound_session(LOOPBACK, 3).get(target.at(path))
    assert caught.value.failure is Failure.CONNECTION_LOST


def test_only_the_start_of_a_long_answer_is_read(target: HttpTarget) -> None:
    answer = outbound_session(LOOPBACK, 3).get(target.at("/endless-body"))

    assert len(answer.content) == MAX_ANSWER


@pytest.mark.parametrize("name", ["http_proxy", "all_proxy", "ALL_PROXY"])
def test_proxies_and_cookies_have_no_say(
    target: HttpTarget, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    target.headers = {"Set-Cookie": "a=b"}
    session = outbound_session(LOOPBACK, 3)

    session.get(target.url)
    session.get(target.url, proxies={"http": "http://127.0.0.1:9"})

    assert len(target.requests) == 2
    assert "cookie" not in target.requests[1].headers


def test_session_needs_a_deadline() -> None:
    with pytest.raises(TypeError):
        outbound_session(LOOPBACK)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="positive"):
        outbound_session(LOOPBACK, 0)


def test_url_that_no_form_accepts_is_refused() -> None:
    with pytest.raises(NotConnected, match="user name"):
        outbound_session(LOOPBACK, 3).get("http://user@127.0.0.1/")


@pytest.mark.parametrize(
    ("certified", "days_left", "failure"),
    [
        ("hook.test", 5, None),
        ("hook.test", -1, Failure.CERTIFICATE_EXPIRED),
        ("other.test", 5, Failure.HOSTNAME_MISMATCH),
    ],
)
def test_certificate_is_verified_for_the_name_even_when_asked_not_to(
    dns: DnsServer, tmp_path: Path, certified: str, days_left: int, failure: Failure | None
) -> None:
    dns.answers("hook.test", "127.0.0.1")
    authority = Authority(tmp_path)
    session = outbound_session(LOOPBACK, 3, nameservers=[dns.nameserver], ca_file=str(authority.ca_file))
    with HttpTarget(tls=authority.server_context(certified, days_left=days_left)) as target:
        if failure is None:
            assert session.get(target.at("/", "hook.test")).ok
            return
        with pytest.raises(NotConnected) as caught:
            session.get(target.at("/", "hook.test"), verify=False)
    assert caught.value.failure is failure


def test_stalled_tls_handshake_is_cut_by_the_deadline(target: HttpTarget, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DeadlineExceeded):
        outbound_session(LOOPBACK, 0.3).get(f"https://127.0.0.1:{silent.getsockname()[1]}/")


def test_second_address_is_tried_when_the_first_refuses(dns: DnsServer, target: HttpTarget) -> None:
    dns.answers("two.test", "127.0.0.2", "127.0.0.1")

    assert outbound_session(LOOPBACK, 3, nameservers=[dns.nameserver]).get(target.at("/", "two.test")).ok


def test_slow_answer_within_the_deadline_is_waited_for(dns: DnsServer, target: HttpTarget) -> None:
    dns.answers("two.test", "127.0.0.1", "127.0.0.2")
    target.delay = 0.7

    assert outbound_session(LOOPBACK, 1, nameservers=[dns.nameserver]).get(target.at("/", "two.test")).ok
