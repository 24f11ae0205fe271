"""What an HTTP answer is judged by and what is kept of it: assertions, certificate, redirects, HTTP versions."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from time import time
from typing import Any

import pytest

from monitors.probes.hiding import HIDDEN
from monitors.probes.http import load
from monitors.probes.outcome import ErrorClass, Outcome
from pulse.net.addresses import Policy
from tests.certificates import Authority
from tests.http2 import Http2Server
from tests.ports import free_port
from tests.probes.running import Probing, loop_work_s
from tests.resolver import DnsServer
from tests.targets import HttpTarget

LOOPBACK = Policy(allow=(ip_network("127.0.0.0/8"),))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


@pytest.fixture
def probing(authority: Authority) -> Iterator[Probing]:
    with DnsServer() as dns, Probing(LOOPBACK, [dns.nameserver], str(authority.ca_file)) as engine:
        yield engine


def asserted(probing: Probing, url: str, *lines: str, **settings: Any) -> Outcome:
    return probing.check(url, load({**settings, "assertions": list(lines)}))


def evidence(outcome: Outcome) -> dict[str, Any]:
    assert outcome.evidence is not None
    return outcome.evidence()


def test_everything_that_can_be_asserted_on_an_answer(probing: Probing, target: HttpTarget) -> None:
    target.body = b'{"user": {"name": "x"}, "n": 3}'
    target.headers = {"X-Kind": "one", "Content-Type": "application/json"}

    outcome = asserted(
        probing, target.url, "[STATUS] == 200", "[RESPONSE_TIME] < 3000", "[HEADER].X-Kind == one",
        "[BODY] contains user", "[BODY].user.name == x", "[BODY].n > 2", "[SIZE] == 31", "[IP] == 127.0.0.1",
        "[CONNECTED] == true",
    )  # fmt: skip

    assert outcome.ok, outcome.detail
    assert [one["ok"] for one in evidence(outcome)["assertions"]] == [True] * 9


def test_failed_assertion_is_told_with_its_value_and_all_others_are_judged_too(
    probing: Probing, target: HttpTarget
) -> None:
    outcome = asserted(probing, target.url, "[STATUS] == 201", "[SIZE] > 100", "[CONNECTED] == true")

    assert (outcome.ok, outcome.error) == (False, ErrorClass.ASSERTION_FAILED)
    assert outcome.detail.startswith("answered 200, but [STATUS] == 201 failed")
    assert [one["ok"] for one in evidence(outcome)["assertions"]] == [False, False, True]


def test_soft_assertion_fails_softly(probing: Probing, target: HttpTarget) -> None:
    outcome = asserted(probing, target.url, "[SIZE] > 100 (soft)")

    assert (outcome.ok, outcome.soft, outcome.error) == (True, True, ErrorClass.ASSERTION_FAILED)


def test_large_body_is_judged_off_the_loop_and_as_well(probing: Probing, target: HttpTarget) -> None:
    target.body = b'{"items": [' + b'{"a": "b"},' * 20_000 + b'{"last": true}]}'

    assert asserted(probing, target.url, "[BODY].items[20000].last == true").ok
    assert asserted(probing, target.url, "[BODY].items[0].a == c").error is ErrorClass.ASSERTION_FAILED


def test_a_path_that_goes_far_costs_the_loop_nothing(probing: Probing, target: HttpTarget) -> None:
    target.body = b"[" + b'{"a": [1, 2]},' * 4000 + b"{}]"
    before = loop_work_s()

    outcome = asserted(probing, target.url, "[BODY]$..[?@..b || $..b] exists")

    assert outcome.detail.endswith("judging it would take too long: use a simpler path or a smaller body")
    assert loop_work_s() - before < 0.05


def test_every_https_answer_keeps_its_certificate_with_the_chain(
    probing: Probing, authority: Authority
) -> None:
    with HttpTarget(tls=authority.server_context("127.0.0.1")) as target:
        certificate = evidence(probing.check(target.url))["notes"]["certificate"]

    assert certificate["chain"][0]["subject"] == certificate["subject"] == "127.0.0.1"
    assert certificate["issuer"] == "CN=Test authority"


def test_an_https_answer_can_tell_when_its_certificate_ends(
    probing: Probing, authority: Authority, target: HttpTarget
) -> None:
    with HttpTarget(tls=authority.server_context("127.0.0.1", days_left=9)) as server:
        told, plain = probing.check(server.url), probing.check(target.url)

    assert told.ends is not None
    ends = told.ends()
    assert ends is not None
    assert timedelta(days=8, hours=23) < ends - datetime.fromtimestamp(time(), UTC) <= timedelta(days=9)
    assert plain.ends is None


def test_certificate_is_asserted_on_and_kept(probing: Probing, authority: Authority) -> None:
    with HttpTarget(tls=authority.server_context("127.0.0.1", days_left=9)) as server:
        good = asserted(probing, server.url, "[CERTIFICATE_DAYS] > 7", '[ISSUER] contains "Test authority"')
        late = asserted(probing, server.url, "[CERTIFICATE_DAYS] > 14 (soft)")

    assert good.ok, good.detail
    assert late.soft
    certificate = evidence(good)["notes"]["certificate"]
    assert certificate["days_left"] in (8, 9)
    assert "127.0.0.1" in certificate["names"]
    assert certificate["not_after"].endswith("+00:00")


def test_a_header_that_is_hidden_is_not_shown_by_an_assertion_on_it(
    probing: Probing, target: HttpTarget
) -> None:
    target.headers = {"Set-Cookie": "session=s3cr3t; Path=/", "X-Kind": "one"}
    lines = [
        '[HEADER].Set-Cookie contains "session="',
        "len([HEADER].set-cookie) > 5",
        "[HEADER].x-kind == one",
    ]

    kept = evidence(asserted(probing, target.url, *lines))

    assert [(one["ok"], one["value"]) for one in kept["assertions"]] == [
        (True, HIDDEN),
        (True, 22),
        (True, "one"),
    ]
    assert "s3cr3t" not in json.dumps(kept)


def test_evidence_tells_the_way_and_the_answer(probing: Probing, target: HttpTarget) -> None:
    target.status, target.headers = 503, {"Retry-After": "5"}

    kept = evidence(probing.check(target.at("/redirect?to=/there")))

    assert kept["notes"]["request"] == f"GET {target.at('/there')}"
    [hop] = kept["notes"]["chain"]
    assert (hop["status"], hop["address"]) == (302, "127.0.0.1")
    assert ["Retry-After", "5"] in kept["notes"]["headers"]
    assert (kept["notes"]["body"], kept["notes"]["http_version"]) == ("ok", "1.1")
    assert kept["facts"]["status"] == 503


def test_compressed_body_is_unpacked_for_assertions(probing: Probing, target: HttpTarget) -> None:
    import gzip

    target.body, target.headers = gzip.compress(b"hello" * 100), {"Content-Encoding": "gzip"}

    assert asserted(probing, target.url, "[SIZE] == 500", "[BODY] contains hello").ok


def test_http_2_is_spoken_where_it_is_offered(probing: Probing, authority: Authority) -> None:
    with Http2Server(authority.server_context("127.0.0.1")) as server:
        auto = asserted(probing, server.at("/"), "[HEADER].x-proto == two")
        only = asserted(probing, server.at("/"), "[STATUS] == 200", http_version="2")

    assert auto.ok, auto.detail
    assert only.ok, only.detail
    assert evidence(auto)["notes"]["http_version"] == "2"


@pytest.mark.parametrize(
    ("manner", "errors"),
    [
        ("reset", {ErrorClass.BAD_RESPONSE}),
        ("goaway", {ErrorClass.BAD_RESPONSE, ErrorClass.CONNECTION_LOST}),
        ("settings", {ErrorClass.TIMEOUT, ErrorClass.BAD_RESPONSE, ErrorClass.CONNECTION_LOST}),
    ],
)
def test_http_2_server_that_misbehaves(
    probing: Probing, authority: Authority, target: HttpTarget, manner: str, errors: set[ErrorClass]
) -> None:
    with Http2Server(authority.server_context("127.0.0.1"), manner) as server:
        url = server.at("/")
        probing.engine.submit([probing.job(url, timeout_s=0.5), probing.job(target.url, after_s=0.1)])
        found = {job.target: outcome for job, outcome, _ in (probing.next(), probing.next())}

    assert found[url].error in errors
    assert found[target.url].ok
    assert (found[target.url].total_us or 0) < 200_000


def test_answer_in_an_older_version_than_wanted_is_told(probing: Probing, authority: Authority) -> None:
    with HttpTarget(tls=authority.server_context("127.0.0.1")) as server:
        outcome = probing.check(server.url, load({"http_version": "2"}))

    assert (outcome.error, outcome.detail) == (
        ErrorClass.BAD_RESPONSE,
        "answered in HTTP/1.1, expected HTTP/2",
    )


def test_http_3_does_not_fall_back(probing: Probing, authority: Authority) -> None:
    with HttpTarget(tls=authority.server_context("127.0.0.1")) as server:
        outcome = probing.check(server.url, load({"http_version": "3"}), timeout_s=1.0)

    assert outcome.error in (
        ErrorClass.CONNECT_FAILED,
        ErrorClass.CONNECT_REFUSED,
        ErrorClass.CONNECT_TIMEOUT,
    )
    assert server.requests == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/there", "http://gone.test:{}/there"])
def test_evidence_of_a_check_without_an_answer_says_what_was_asked_and_nothing_of_an_answer(
    probing: Probing, url: str
) -> None:
    asked = url.format(free_port())

    outcome = probing.check(asked, load({"method": "HEAD"}))

    assert not outcome.ok
    kept = evidence(outcome)
    assert kept["notes"]["request"] == f"HEAD {asked}"
    assert "size" not in {**kept["facts"], **kept["notes"]}
