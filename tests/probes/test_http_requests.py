"""What an HTTP check sends, as its settings say, and to whom."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from ipaddress import ip_network
from time import sleep
from typing import Any

import pytest

from monitors.probes.http import load
from monitors.probes.outcome import ErrorClass, Outcome
from pulse.net import fetch
from pulse.net.addresses import Policy
from pulse.net.outbound import THREADS
from pulse.net.urls import MAX_LENGTH
from tests.certificates import Authority
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


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"])
def test_method_is_sent_as_it_is_with_its_body(probing: Probing, target: HttpTarget, method: str) -> None:
    assert check(probing, target.url, method=method, body_type="json", body='{"a": 1}').ok
    assert check(probing, target.url, method=method).ok

    first, second = target.requests
    assert (first.method, first.body, first.headers["content-type"]) == (
        method,
        b'{"a": 1}',
        "application/json",
    )
    assert (second.method, second.body) == (method, b"")
    assert "content-type" not in second.headers
    assert "expect" not in first.headers
    assert ("content-length" in second.headers) == (method in ("POST", "PUT", "PATCH"))


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("form", "application/x-www-form-urlencoded"),
        ("xml", "application/xml"),
        ("text", "text/plain; charset=utf-8"),
    ],
)
def test_body_says_its_type_unless_a_header_does(
    probing: Probing, target: HttpTarget, kind: str, content_type: str
) -> None:
    check(probing, target.url, method="POST", body_type=kind, body="a=1")
    check(probing, target.url, method="POST", body_type=kind, body="a=1", headers={"Content-Type": "a/b"})

    assert [request.headers["content-type"] for request in target.requests] == [content_type, "a/b"]


def test_headers_and_user_agent_are_those_of_the_monitor(probing: Probing, target: HttpTarget) -> None:
    check(
        probing, target.url,
        headers={"Host": "inside.example", "X-Empty": "", "Accept": "text/html"},
        secret_headers="X-Api-Key: k3y\n\nX-Other: b", user_agent="Mine/1",
    )  # fmt: skip

    sent = target.requests[0].headers
    assert (sent["host"], sent["x-empty"], sent["accept"]) == ("inside.example", "", "text/html")
    assert (sent["x-api-key"], sent["x-other"], sent["user-agent"]) == ("k3y", "b", "Mine/1")


def test_check_names_pulse_and_the_monitor(probing: Probing, target: HttpTarget) -> None:
    job = probing.job(target.url)
    job = replace(job, agent="Pulse/9 (+https://pulse.test/checks)", identity="0190-abc")
    probing.engine.submit([job])
    probing.next()
    probing.check(target.url)

    first, second = target.requests
    assert first.headers["user-agent"] == "Pulse/9 (+https://pulse.test/checks)"
    assert first.headers["pulse-monitor"] == "0190-abc"
    assert "pulse-monitor" not in second.headers
    assert second.headers["user-agent"] == "Pulse (uptime monitor)"


def test_nothing_of_one_monitors_settings_is_left_for_the_next(probing: Probing, target: HttpTarget) -> None:
    check(
        probing, target.url, method="PATCH", body_type="text", body="x", secret_headers="X-Key: k",
        user_agent="Mine", auth="basic", username="a", password="b", http_version="1.1", keep_cookies=True,
    )  # fmt: skip
    check(probing, target.url)

    request = target.requests[1]
    assert (request.method, request.body) == ("GET", b"")
    assert set(request.headers) == {"host", "user-agent", "accept", "accept-encoding"}
    assert request.headers["user-agent"] == "Pulse (uptime monitor)"


def test_cache_busting_makes_each_url_new(probing: Probing, target: HttpTarget) -> None:
    for path in ("/a?b=1", "/a"):
        check(probing, target.at(path), cache_busting=True)
    check(probing, target.at("/a"), cache_busting=True)

    paths = [request.path for request in target.requests]
    assert paths[0].startswith("/a?b=1&pulse=")
    assert paths[1].startswith("/a?pulse=")
    assert len(set(paths)) == 3


def test_a_url_that_is_new_for_each_check_may_be_as_long_as_any(probing: Probing, target: HttpTarget) -> None:
    url = target.at("/")
    longest = url + "x" * (MAX_LENGTH - len(url))

    outcome = check(probing, longest, cache_busting=True)

    assert outcome.detail == "answered 200"
    assert "?pulse=" in target.requests[0].path


def test_a_url_that_is_new_for_each_check_is_not_remembered(probing: Probing, target: HttpTarget) -> None:
    check(probing, target.url)
    before = fetch._parsed.cache_info().currsize

    for _ in range(5):
        check(probing, target.url, cache_busting=True)

    assert fetch._parsed.cache_info().currsize == before


def test_basic_and_bearer_sign_in(probing: Probing, target: HttpTarget) -> None:
    check(probing, target.url, auth="basic", username="ann", password="pä:ss")
    check(probing, target.url, auth="bearer", bearer_token="t0ken")

    sent = [request.headers["authorization"] for request in target.requests]
    assert sent == [f"Basic {b64encode('ann:pä:ss'.encode()).decode()}", "Bearer t0ken"]


def test_credentials_do_not_follow_a_redirect_to_another_origin(
    probing: Probing, target: HttpTarget, dns: DnsServer
) -> None:
    with HttpTarget() as other:
        check(
            probing, target.at(f"/redirect?to={other.at('/redirect')}?to={target.at('/back')}"),
            auth="bearer", bearer_token="t0ken", secret_headers="X-Key: k3y\nCookie: a=b",
            headers={"X-Api-Key": "typed in", "Accept": "text/html", "Host": "shop.test"},
        )  # fmt: skip

        place = f"127.0.0.1:{other.port}"

    first, back = target.requests
    [away] = other.requests
    assert (first.headers["authorization"], first.headers["x-key"]) == ("Bearer t0ken", "k3y")
    for request in (away, back):  # and whoever lost them does not get them back on its word
        assert not {"authorization", "x-key", "cookie", "x-api-key"} & set(request.headers)
        assert request.headers["accept"] == "text/html"
    assert away.headers["host"] == place


def test_credentials_follow_a_redirect_within_the_origin(probing: Probing, target: HttpTarget) -> None:
    check(probing, target.at("/redirect?to=/inside"), auth="bearer", bearer_token="t0ken")

    assert target.requests[1].headers["authorization"] == "Bearer t0ken"


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (302, "PUT", "PUT"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
    ],
)
def test_redirect_changes_the_method_as_browsers_do(
    probing: Probing, target: HttpTarget, status: int, method: str, then: str
) -> None:
    body = {} if method == "HEAD" else {"body_type": "text", "body": "content"}
    check(probing, target.at(f"/redirect?to=/there&status={status}"), method=method, **body)

    request = target.requests[1]
    assert request.method == then
    assert request.body == (b"content" if then == method and body else b"")
    assert ("content-type" in request.headers) == bool(request.body)


def test_cookies_are_dropped_unless_they_are_to_be_kept(probing: Probing, target: HttpTarget) -> None:
    check(probing, target.at("/cookie?to=/in"))
    check(probing, target.at("/cookie?to=/in"), keep_cookies=True)
    check(probing, target.at("/after"), keep_cookies=True)

    assert [request.headers.get("cookie") for request in target.requests] == [
        None,
        None,
        None,
        "session=s3cr3t",
        None,
    ]


def test_cookies_stay_with_the_host_that_set_them(
    probing: Probing, target: HttpTarget, dns: DnsServer
) -> None:
    check(probing, target.at(f"/cookie?to={target.at('/x', 'other.test')}", "shop.test"), keep_cookies=True)

    assert "cookie" not in target.requests[1].headers


def test_oauth_token_is_fetched_once_and_renewed_when_refused(probing: Probing) -> None:
    with HttpTarget() as target, HttpTarget(body=b'{"access_token": "t1", "expires_in": 3600}') as issuer:
        settings = {
            "auth": "oauth2", "token_url": issuer.at("/token"), "client_id": "an id", "client_secret": "s&cret",
            "scope": "read",
        }  # fmt: skip
        config = load(settings)
        assert probing.check(target.url, config).ok
        assert probing.check(target.url, config).ok
        assert [request.headers["authorization"] for request in target.requests] == ["Bearer t1"] * 2
        [asked] = issuer.requests
        assert asked.body == b"grant_type=client_credentials&scope=read"
        assert asked.headers["authorization"] == f"Basic {b64encode(b'an+id:s%26cret').decode()}"

        issuer.body = b'{"access_token": "t2"}'
        target.status = 401
        outcome = probing.check(target.url, config)

    assert outcome.status_code == 401
    assert [request.headers["authorization"] for request in target.requests[2:]] == ["Bearer t1", "Bearer t2"]
    assert len(issuer.requests) == 2


def test_token_that_lives_for_longer_than_a_float_can_say_is_used(probing: Probing) -> None:
    body = b'{"access_token": "t1", "expires_in": 1%s}' % (b"0" * 400)
    with HttpTarget() as target, HttpTarget(body=body) as issuer:
        settings = {"auth": "oauth2", "token_url": issuer.url, "client_id": "a", "client_secret": "s3cret"}
        outcomes = [check(probing, target.url, **settings) for _ in range(2)]

    assert [outcome.detail for outcome in outcomes] == ["answered 200", "answered 200"]
    assert len(issuer.requests) == 1


@pytest.mark.parametrize(
    ("status", "body", "detail"),
    [
        (401, b"client_secret s3cret is wrong", "no access token: the token URL answered 401"),
        (200, b"<html>", "no access token: the token URL's answer has no usable access_token"),
        (
            200,
            b'{"access_token": "a\\r\\nX: y"}',
            "no access token: the token URL's answer has no usable access_token",
        ),
    ],
)
def test_no_token_is_a_refused_sign_in(probing: Probing, status: int, body: bytes, detail: str) -> None:
    with HttpTarget(status=status, body=body) as issuer, HttpTarget() as target:
        settings = {"auth": "oauth2", "token_url": issuer.url, "client_id": "a", "client_secret": "s3cret"}
        outcome = check(probing, target.url, **settings)

    assert (outcome.error, outcome.detail) == (ErrorClass.SIGN_IN_REFUSED, detail)
    assert target.requests == []


def test_token_url_at_a_refused_address_is_never_asked(dns: DnsServer) -> None:
    with HttpTarget() as issuer, Probing(Policy(), [dns.nameserver]) as probing:
        settings = {"auth": "oauth2", "token_url": issuer.url, "client_id": "a", "client_secret": "s3cret"}
        outcome = check(probing, "http://example.com/", **settings)

    assert outcome.error is ErrorClass.REFUSED_ADDRESS
    assert issuer.connections == 0


def test_an_answer_in_time_is_judged_however_long_that_waits_for_a_thread(probing: Probing) -> None:
    out = probing.engine._out
    assert out is not None
    with HttpTarget(body=b"{}") as target, HttpTarget(body=b'{"access_token": "t"}') as issuer:
        settings = {
            "auth": "oauth2", "token_url": issuer.url, "client_id": "a", "client_secret": "s3cret",
            "assertions": ['[BODY] is valid {"type": "object"}'],
        }  # fmt: skip
        for _ in range(
            THREADS // 4
        ):  # all that its organisation may have are busy for longer than the check may take
            out.loop.call_soon_threadsafe(out.threads.run, 1, partial(sleep, 0.9))
        outcome = probing.check(target.url, load(settings), timeout_s=0.5)

    assert outcome.ok, outcome.detail
