"""Ways to lead an HTTP check somewhere else: none is followed but redirects, and those without credentials."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from monitors.probes.http import load
from monitors.probes.outcome import ErrorClass
from pulse.net.addresses import Policy
from pulse.net.urls import MAX_LENGTH
from tests.certificates import Authority
from tests.http2 import Http2Server
from tests.probes.running import Probing, loop_work_s
from tests.proxies import HttpProxy
from tests.resolver import DnsServer
from tests.targets import HttpTarget

LOOPBACK = Policy(allow=(ip_network("127.0.0.0/8"),))
SIGNED_IN = {
    "auth": "basic",
    "username": "ann",
    "password": "pa55word",
    "secret_headers": "X-Key: k3y\nCookie: a=b",
    "headers": {"X-Api-Key": "typed in"},
}
PRIVATE = {"authorization", "x-key", "cookie", "x-api-key"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.answers("shop.test", "127.0.0.1")
        yield server


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


@pytest.fixture
def secure(authority: Authority) -> Iterator[HttpTarget]:
    with HttpTarget(tls=authority.server_context("shop.test", "127.0.0.1")) as server:
        yield server


@pytest.fixture
def probing(dns: DnsServer, authority: Authority) -> Iterator[Probing]:
    with Probing(LOOPBACK, [dns.nameserver], str(authority.ca_file)) as engine:
        yield engine


@pytest.mark.parametrize(
    "name", ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "SOCKS_PROXY"]
)
def test_no_proxy_of_the_environment_sees_a_check(
    probing: Probing, target: HttpTarget, secure: HttpTarget, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with HttpProxy() as proxy:
        monkeypatch.setenv(name, f"http://{proxy.place}")
        assert probing.check(target.at("/", "shop.test")).ok
        assert probing.check(secure.at("/", "shop.test")).ok

        assert proxy.heads == []


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize("value", ["*", "shop.test,127.0.0.1"])
def test_no_exception_of_the_environment_leads_past_the_monitor_s_own_proxy(
    probing: Probing, target: HttpTarget, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with HttpProxy() as proxy:
        outcome = probing.check(target.at("/", "shop.test"), load({"proxy": proxy.place}))

        assert outcome.ok, outcome.detail
        assert len(proxy.heads) == 1


@pytest.mark.parametrize("keep", [False, True])
def test_service_elsewhere_that_an_answer_names_is_never_asked(
    probing: Probing, secure: HttpTarget, authority: Authority, keep: bool
) -> None:
    with (
        Http2Server(authority.server_context("shop.test")) as other,
        HttpTarget(tls=authority.server_context("shop.test")) as third,
    ):
        port = other.place.partition(":")[2]
        secure.headers = {"Alt-Svc": f'h2=":{port}"; ma=3600, http/1.1=":{third.port}"; ma=3600; persist=1'}
        for _ in range(3):
            assert probing.check(secure.at("/", "shop.test"), load({"keep_connection": keep})).ok

        assert (len(secure.requests), other.requests, third.connections) == (3, [], 0)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ('<meta http-equiv="refresh" content="0;url={url}">', {}),
        ("<META HTTP-EQUIV=Refresh CONTENT='0; URL={url}'>", {}),
        ('<script>location = "{url}"</script><base href="{url}"><iframe src="{url}"></iframe>', {}),
        ("ok", {"Refresh": "0; url={url}"}),
        ("ok", {"Location": "{url}"}),
        ("ok", {"Content-Location": "{url}", "Link": "<{url}>; rel=preload"}),
    ],
)
def test_only_a_redirect_leads_on(
    probing: Probing, target: HttpTarget, body: str, headers: dict[str, str]
) -> None:
    with HttpTarget() as other:
        target.body = body.format(url=other.url).encode()
        target.headers = {name: value.format(url=other.url) for name, value in headers.items()}
        outcome = probing.check(target.url)

        assert (outcome.ok, outcome.status_code) == (True, 200)
        assert other.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_that_gives_up_encryption_is_followed_and_told_but_takes_no_credentials(
    probing: Probing, secure: HttpTarget, target: HttpTarget, status: int
) -> None:
    away = target.at("/plain", "shop.test")

    outcome = probing.check(secure.at(f"/redirect?to={away}&status={status}", "shop.test"), load(SIGNED_IN))

    assert outcome.ok, outcome.detail
    assert set(secure.requests[0].headers) >= PRIVATE
    [request] = target.requests
    assert not PRIVATE & set(request.headers)
    assert outcome.evidence is not None
    notes = outcome.evidence()["notes"]
    [hop] = notes["chain"]
    assert (hop["status"], hop["url"].partition(":")[0], notes["request"]) == (status, "https", f"GET {away}")


def test_the_same_host_on_another_port_is_another_origin(
    probing: Probing, target: HttpTarget, secure: HttpTarget
) -> None:
    with HttpTarget() as other:
        for url in (other.at("/x", "shop.test"), secure.at("/x", "shop.test")):
            probing.check(target.at(f"/redirect?to={url}", "shop.test"), load(SIGNED_IN))

        assert not PRIVATE & set(other.requests[0].headers)
    assert not PRIVATE & set(secure.requests[0].headers)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("place", "errors"),
    [
        ("http://10.0.0.1/", {ErrorClass.REFUSED_ADDRESS}),
        ("http://169.254.169.254/latest/meta-data/", {ErrorClass.REFUSED_ADDRESS}),
        ("http://[::ffff:10.0.0.1]/", {ErrorClass.REFUSED_ADDRESS}),
        ("http://[64:ff9b::a9fe:a9fe]/", {ErrorClass.REFUSED_ADDRESS}),
        ("http://inside.test/", {ErrorClass.REFUSED_ADDRESS}),
        ("http://0x7f.1/", {ErrorClass.BAD_REDIRECT}),
        ("http://2130706433/", {ErrorClass.BAD_REDIRECT}),
        ("file:///etc/passwd", {ErrorClass.BAD_REDIRECT}),
        ("gopher://127.0.0.1:6379/_FLUSHALL", {ErrorClass.BAD_REDIRECT}),
        ("ftp://127.0.0.1/", {ErrorClass.BAD_REDIRECT}),
        ("dict://127.0.0.1:11211/stats", {ErrorClass.BAD_REDIRECT}),
        ("ldap://127.0.0.1/", {ErrorClass.BAD_REDIRECT}),
        ("javascript:alert(1)", {ErrorClass.BAD_REDIRECT}),
        ("data:text/plain,ok", {ErrorClass.BAD_REDIRECT}),
    ],
)
def test_no_status_of_a_redirect_leads_where_nobody_may_go(
    probing: Probing, dns: DnsServer, target: HttpTarget, status: int, place: str, errors: set[ErrorClass]
) -> None:
    dns.answers("inside.test", "10.0.0.1")

    outcome = probing.check(target.at(f"/redirect?to={place}&status={status}"))

    assert outcome.error in errors, outcome.detail
    assert len(target.requests) == 1


def redirect(to: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {to}\r\n\r\n".encode()


def test_a_sign_in_whose_url_carries_a_request_is_followed(probing: Probing, target: HttpTarget) -> None:
    path = f"/saml?SAMLRequest={'x' * 3000}"
    target.raw = redirect(path)

    outcome = probing.check(target.at("/raw"))

    assert outcome.ok, outcome.detail
    assert target.requests[-1].path == path


@pytest.mark.parametrize(
    ("to", "error"),
    [
        (f"/raw?{'é' * 30_000}", ErrorClass.TOO_MANY_REDIRECTS),
        (f"http://{'é' * 30_000}.example/", ErrorClass.BAD_REDIRECT),
        (f"http://{''.join(map(chr, range(0x4E00, 0x9000)))}.example/", ErrorClass.BAD_REDIRECT),
        (f"http://{'a.' * 30_000}example/", ErrorClass.BAD_REDIRECT),
        (f"http://[{':' * 60_000}]/", ErrorClass.BAD_REDIRECT),
    ],
    ids=["path", "host", "characters", "labels", "ipv6"],
)
def test_a_url_as_long_as_headers_may_be_costs_little_and_is_kept_in_short(
    probing: Probing, target: HttpTarget, to: str, error: ErrorClass
) -> None:
    target.raw = redirect(to)
    before = loop_work_s()

    outcome = probing.check(target.at("/raw"))

    assert outcome.error is error, outcome.detail
    assert loop_work_s() - before < 0.15
    assert outcome.evidence is not None
    notes = outcome.evidence()["notes"]
    assert all(len(url) <= MAX_LENGTH for url in [hop["url"] for hop in notes["chain"]])
    assert len(notes["request"]) <= len("GET ") + MAX_LENGTH
