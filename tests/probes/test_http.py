"""The HTTP probe through a real engine against real servers with good and bad manners."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from monitors.probes.http import HttpConfig, load
from monitors.probes.outcome import ErrorClass, Outcome
from pulse.net.addresses import Policy
from tests.certificates import Authority
from tests.ports import free_port
from tests.probes.running import Probing
from tests.resolver import DnsServer
from tests.targets import HttpTarget

LOOPBACK = Policy(allow=(ip_network("127.0.0.0/8"), ip_network("::1/128")))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


@pytest.fixture
def probing(dns: DnsServer, authority: Authority) -> Iterator[Probing]:
    with Probing(LOOPBACK, [dns.nameserver], str(authority.ca_file)) as engine:
        yield engine


def test_answer_in_the_expected_range_is_up_with_all_phases(
    probing: Probing, dns: DnsServer, target: HttpTarget
) -> None:
    dns.answers("shop.test", "127.0.0.1")

    outcome = probing.check(target.at("/", "shop.test"))

    assert (outcome.ok, outcome.error, outcome.status_code) == (True, ErrorClass.NONE, 200)
    assert outcome.detail == "answered 200"
    assert outcome.address == "127.0.0.1"
    phases = [outcome.dns_us, outcome.connect_us, outcome.wait_us, outcome.transfer_us]
    assert all(phase is not None and phase >= 0 for phase in phases)
    assert outcome.tls_us is None
    assert outcome.total_us is not None
    assert outcome.total_us >= sum(phase or 0 for phase in phases)
    assert target.requests[0].headers["host"] == f"shop.test:{target.port}"


@pytest.mark.parametrize(
    ("path", "error", "detail"),
    [
        ("/status/503", ErrorClass.BAD_STATUS, "answered 503, expected 200-399"),
        ("/hang", ErrorClass.TIMEOUT, "no answer within 0.4 s"),
        ("/drip", ErrorClass.TIMEOUT, "no complete answer within 0.4 s"),
        ("/drip-headers", ErrorClass.TIMEOUT, "no complete answer within 0.4 s"),
        ("/endless-headers", ErrorClass.RESPONSE_TOO_LARGE, "the headers of the answer exceed 64 KiB"),
        (
            "/close",
            ErrorClass.CONNECTION_LOST,
            "127.0.0.1 port {port} closed the connection without an answer",
        ),
        ("/half", ErrorClass.CONNECTION_LOST, "127.0.0.1 port {port} broke off its answer"),
        ("/garbage", ErrorClass.BAD_RESPONSE, "127.0.0.1 port {port} did not answer in valid HTTP"),
        ("/loop", ErrorClass.TOO_MANY_REDIRECTS, "more than 5 redirects"),
        ("/redirect?to=ftp://files.test/", ErrorClass.BAD_REDIRECT, None),
        ("/redirect?to=http://10.0.0.1/", ErrorClass.REFUSED_ADDRESS, None),
        ("/redirect?to=http://0x7f.1/", ErrorClass.BAD_REDIRECT, None),
    ],
)
def test_bad_manners_are_told_apart(
    probing: Probing, target: HttpTarget, path: str, error: ErrorClass, detail: str | None
) -> None:
    outcome = probing.check(target.at(path), timeout_s=0.4 if error is ErrorClass.TIMEOUT else 5)

    assert (outcome.ok, outcome.error) == (False, error)
    if detail is not None:
        assert outcome.detail == detail.format(port=target.port)


def test_redirect_to_a_private_address_names_it_and_never_connects(
    probing: Probing, target: HttpTarget
) -> None:
    outcome = probing.check(target.at("/redirect?to=http://169.254.169.254/latest/meta-data/"))

    assert outcome.error is ErrorClass.REFUSED_ADDRESS
    assert outcome.detail == "refused to connect to 169.254.169.254: it is a cloud metadata address"


def test_endless_body_is_cut_and_judged_by_its_status(probing: Probing, target: HttpTarget) -> None:
    outcome = probing.check(target.at("/endless-body"), timeout_s=5)

    assert (outcome.ok, outcome.status_code) == (True, 200)


def test_refused_connection_names_address_and_port(probing: Probing) -> None:
    port = free_port()

    outcome = probing.check(f"http://127.0.0.1:{port}/")

    assert outcome.error is ErrorClass.CONNECT_REFUSED
    assert outcome.detail == f"connection refused by 127.0.0.1 port {port}"


def test_redirects_are_followed_within_one_deadline(probing: Probing, target: HttpTarget) -> None:
    target.delay = 0.2

    outcome = probing.check(target.at("/redirects/5"), timeout_s=0.5)

    assert outcome.error is ErrorClass.TIMEOUT
    assert len(target.requests) <= 3


@pytest.mark.parametrize(
    ("limit", "hops", "asked", "error"),
    [
        (2, 2, 3, ErrorClass.NONE),
        (2, 3, 3, ErrorClass.TOO_MANY_REDIRECTS),
        (0, 0, 1, ErrorClass.NONE),
        (0, 1, 1, ErrorClass.TOO_MANY_REDIRECTS),
        (7, 7, 8, ErrorClass.NONE),
    ],
)
def test_as_many_redirects_are_followed_as_the_monitor_says(
    probing: Probing, target: HttpTarget, limit: int, hops: int, asked: int, error: ErrorClass
) -> None:
    outcome = probing.check(target.at(f"/redirects/{hops}"), load({"max_redirects": limit}))

    assert (outcome.error, len(target.requests)) == (error, asked)
    assert outcome.ok or outcome.detail == f"more than {limit} redirects"


def test_redirect_is_the_answer_when_not_followed(probing: Probing, target: HttpTarget) -> None:
    outcome = probing.check(target.at("/redirects/3"), load({"follow_redirects": False}))

    assert (outcome.ok, outcome.status_code, len(target.requests)) == (True, 301, 1)


def test_head_asks_for_no_body(probing: Probing, target: HttpTarget) -> None:
    outcome = probing.check(target.url, load({"method": "HEAD"}))

    assert outcome.ok
    assert target.requests[0].method == "HEAD"


def test_handle_used_for_head_asks_for_get_again(probing: Probing, target: HttpTarget) -> None:
    for method in ("HEAD", "GET", "HEAD", "GET"):
        probing.check(target.url, load({"method": method}))

    assert [request.method for request in target.requests] == ["HEAD", "GET", "HEAD", "GET"]


def test_answer_over_the_time_limit_is_too_slow(probing: Probing, target: HttpTarget) -> None:
    target.delay = 0.15

    outcome = probing.check(target.url, load({"response_time_limit_ms": 100}))

    assert outcome.error is ErrorClass.TOO_SLOW
    assert outcome.detail.startswith("answered 200 after 1")
    assert outcome.detail.endswith(" ms, limit 100 ms")


def test_trusted_certificate_is_up_with_a_tls_phase(
    probing: Probing, dns: DnsServer, authority: Authority
) -> None:
    dns.answers("secure.test", "127.0.0.1")
    with HttpTarget(tls=authority.server_context("secure.test")) as target:
        outcome = probing.check(target.at("/", "secure.test"))

    assert outcome.ok, outcome.detail
    assert outcome.tls_us is not None
    assert outcome.tls_us > 0


@pytest.mark.parametrize(
    ("certified", "days_left", "error", "detail"),
    [
        ("bad.test", -1, ErrorClass.TLS_CERTIFICATE_EXPIRED, "the certificate of bad.test has expired"),
        (
            "other.test",
            9,
            ErrorClass.TLS_HOSTNAME_MISMATCH,
            "the certificate is for another name than bad.test",
        ),
    ],
)
def test_bad_certificate_has_its_own_class(
    probing: Probing,
    dns: DnsServer,
    authority: Authority,
    certified: str,
    days_left: int,
    error: ErrorClass,
    detail: str,
) -> None:
    dns.answers("bad.test", "127.0.0.1")
    with HttpTarget(tls=authority.server_context(certified, days_left=days_left)) as target:
        outcome = probing.check(target.at("/", "bad.test"))

    assert (outcome.error, outcome.detail) == (error, detail)
    assert target.requests == []


def test_certificate_of_a_stranger_is_untrusted(probing: Probing, tmp_path: Path) -> None:
    with HttpTarget(tls=Authority(tmp_path).server_context("127.0.0.1")) as target:
        outcome = probing.check(target.url)

    assert outcome.error is ErrorClass.TLS_UNTRUSTED


def test_server_without_tls_fails_the_handshake(probing: Probing, target: HttpTarget) -> None:
    outcome = probing.check(target.url.replace("http:", "https:"), timeout_s=2)

    assert outcome.error is ErrorClass.TLS_FAILED


def test_target_that_is_no_url_is_an_outcome_and_no_crash(probing: Probing) -> None:
    outcome = probing.check("not a url")

    assert outcome.error is ErrorClass.INVALID_TARGET


def test_config_of_another_kind_is_an_internal_outcome(probing: Probing, target: HttpTarget) -> None:
    outcome: Outcome = probing.check(target.url, "no config")

    assert outcome.error is ErrorClass.INTERNAL
    assert probing.check(target.url, HttpConfig()).ok
