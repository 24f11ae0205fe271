"""Hostile HTTP targets: each ends as a clear result in time, and a check beside it does not notice."""

import gzip
import zlib
from collections.abc import Iterator
from ipaddress import ip_network
from time import monotonic

import pytest

from monitors.probes.http import load
from monitors.probes.outcome import ErrorClass, Outcome
from pulse.net import bodies
from pulse.net.addresses import Policy
from tests.certificates import Authority
from tests.probes.running import Probing, undisturbed
from tests.resolver import DnsServer
from tests.targets import HttpTarget

LOOPBACK = Policy(allow=(ip_network("127.0.0.0/8"),))
LIMIT_S = 0.5
# 100 MiB of zeros, packed elsewhere: Python has nothing that packs brotli.
BROTLI_BOMB = bytes.fromhex(
    "cfffff7ff82700e2b14020f7fe9ffffffff04f00c4610180eefd3fffffffe19f0088c32200ddfb7ffeffffc33f0110870500"
    "baf7fffcffff877f02200e0b0074effff9ffff0fff04401c1600e8deffe7ffff0ffe0980382c00d0bdff01"
)
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


@pytest.fixture
def probing(dns: DnsServer) -> Iterator[Probing]:
    with Probing(LOOPBACK, [dns.nameserver]) as engine:
        yield engine


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


def beside_another(probing: Probing, url: str, config: object = None, timeout_s: float = LIMIT_S) -> Outcome:
    """The outcome of the hostile check; checks of a good target beside it have to be undisturbed."""
    return undisturbed(lambda: _beside_another(probing, url, config, timeout_s), within_s=0.2)


def _beside_another(probing: Probing, url: str, config: object, timeout_s: float) -> tuple[Outcome, float]:
    with HttpTarget() as good:
        hostile = probing.job(url, config, timeout_s)
        neighbours = [probing.job(good.url, after_s=after) for after in (0.0, 0.02, 0.05, 0.1, 0.2)]
        began = monotonic()
        probing.engine.submit([hostile, *neighbours])
        found = [probing.next() for _ in range(6)]
    [outcome] = [outcome for job, outcome, _ in found if job.target == url]
    others = [(outcome, lateness_us) for job, outcome, lateness_us in found if job.target != url]
    assert all(other.ok for other, _ in others)
    assert monotonic() - began < timeout_s + 3
    return outcome, max((other.total_us or 0) + lateness_us for other, lateness_us in others) / 1e6


def packed(content: bytes, *encodings: str) -> bytes:
    """An answer whose body is compressed by each of `encodings` in turn."""
    for encoding in encodings:
        content = gzip.compress(content, 9) if encoding == "gzip" else zlib.compress(content, 9)
    return as_packed(content, *encodings)


def as_packed(content: bytes, *encodings: str) -> bytes:
    head = f"Content-Encoding: {', '.join(encodings)}\r\nContent-Length: {len(content)}\r\n\r\n"
    return OK + head.encode() + content


@pytest.mark.parametrize(
    ("path", "error", "detail"),
    [
        ("/hang", ErrorClass.TIMEOUT, "no answer within 0.5 s"),
        ("/drip", ErrorClass.TIMEOUT, "no complete answer within 0.5 s"),
        ("/drip-headers", ErrorClass.TIMEOUT, "no complete answer within 0.5 s"),
        ("/endless-headers", ErrorClass.RESPONSE_TOO_LARGE, "the headers of the answer exceed 64 KiB"),
        ("/endless-trailers", ErrorClass.RESPONSE_TOO_LARGE, "the headers of the answer exceed 64 KiB"),
        ("/endless-interim", ErrorClass.RESPONSE_TOO_LARGE, "the answer has more than 1,000 header lines"),
        ("/reset", ErrorClass.CONNECTION_LOST, "127.0.0.1 port {port} broke off its answer"),
        ("/half", ErrorClass.CONNECTION_LOST, "127.0.0.1 port {port} broke off its answer"),
        (
            "/close",
            ErrorClass.CONNECTION_LOST,
            "127.0.0.1 port {port} closed the connection without an answer",
        ),
        ("/garbage", ErrorClass.BAD_RESPONSE, "127.0.0.1 port {port} did not answer in valid HTTP"),
        ("/loop", ErrorClass.TOO_MANY_REDIRECTS, "more than 5 redirects"),
        ("/redirects/30", ErrorClass.TOO_MANY_REDIRECTS, "more than 5 redirects"),
    ],
)
def test_bad_manners(probing: Probing, target: HttpTarget, path: str, error: ErrorClass, detail: str) -> None:
    outcome = beside_another(probing, target.at(path))

    assert (outcome.ok, outcome.error) == (False, error)
    assert outcome.detail == detail.format(port=target.port)


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (OK + b"X: y\r\n" * 10_000 + b"\r\n", ErrorClass.RESPONSE_TOO_LARGE),
        (OK + b"a:b\r\n" * 10_000 + b"\r\n", ErrorClass.RESPONSE_TOO_LARGE),
        (OK + b"Content-Length: -5\r\n\r\n", ErrorClass.BAD_RESPONSE),
        (OK + b"Content-Length: 99999999999999999999999\r\n\r\nok", None),
        (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", ErrorClass.BAD_RESPONSE),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", ErrorClass.CONNECTION_LOST),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n", ErrorClass.CONNECTION_LOST),
        (OK + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!", ErrorClass.BAD_RESPONSE),
        (b"HTTP/1.1 999999 No\r\n\r\n", ErrorClass.BAD_RESPONSE),
        (b"HTTP/1.1 200 OK\x00\r\n\r\n", None),
        (b"\r\n" * 5000, ErrorClass.BAD_RESPONSE),
        (b"HTTP/0.9\r\n\r\n", ErrorClass.BAD_RESPONSE),
        (b"x" * 300_000, ErrorClass.BAD_RESPONSE),
    ],
)
def test_nonsense_is_a_bad_response(
    probing: Probing, target: HttpTarget, raw: bytes, error: ErrorClass | None
) -> None:
    target.raw = raw

    outcome = beside_another(probing, target.at("/raw"))

    assert outcome.error is not ErrorClass.INTERNAL
    assert outcome.error is error or error is None, outcome.detail


def test_content_longer_than_announced_is_cut_where_it_was_announced(
    probing: Probing, target: HttpTarget
) -> None:
    target.raw = OK + b"Content-Length: 2\r\n\r\nok and a lot more, HTTP/1.1 500 even"

    outcome = beside_another(probing, target.at("/raw"), load({"assertions": ['[BODY] == "ok"']}))

    assert outcome.ok, outcome.detail


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_bomb_goes_off_no_further_than_the_limit(probing: Probing, target: HttpTarget, encoding: str) -> None:
    target.raw = as_packed(BROTLI_BOMB, "br") if encoding == "br" else packed(bytes(100 << 20), encoding)

    cut = beside_another(probing, target.at("/raw"), timeout_s=2)
    asserted = beside_another(probing, target.at("/raw"), load({"assertions": ["[SIZE] > 1"]}), timeout_s=2)

    assert cut.ok
    assert (cut.evidence or dict)()["notes"]["cut"]
    assert asserted.error is ErrorClass.RESPONSE_TOO_LARGE
    assert asserted.detail == "the body is larger than 1,024 KiB, so assertions on it cannot hold"


def test_bomb_in_a_bomb_is_refused_before_the_first(probing: Probing, target: HttpTarget) -> None:
    target.raw = packed(bytes(10 << 20), "gzip", "gzip")

    outcome = beside_another(probing, target.at("/raw"))

    assert (outcome.error, outcome.detail) == (
        ErrorClass.BAD_RESPONSE,
        "the answer is compressed more than once",
    )


def test_ten_megabytes_are_read_if_the_monitor_wants_them(probing: Probing, target: HttpTarget) -> None:
    target.body = b"x" * (10 << 20)
    wanted = load({"max_body_kib": 10_240, "assertions": ["[SIZE] == 10485760", '[BODY] contains "xx"']})

    assert beside_another(probing, target.url, wanted, timeout_s=5).ok
    assert beside_another(probing, target.url, timeout_s=5).ok  # read no further than 1 MiB


def test_bodies_of_all_checks_have_a_common_limit(
    probing: Probing, target: HttpTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no failure of the target: the slot becomes a gap."""
    monkeypatch.setattr(bodies, "MOST_HELD", 4 << 20)
    looking, other = load({"assertions": ['[BODY] contains "xx"']}), load({})

    target.body = b"x" * (1 << 20)
    large = probing.check(target.url, looking)
    unseen = probing.check(target.url, other)
    target.body = b"x" * (300 << 10)
    several = [probing.check(target.url, looking) for _ in range(30)]

    assert (large.error, large.detail) == (
        ErrorClass.NO_ROOM,
        "too many large bodies of other checks were being read",
    )
    assert unseen.ok
    assert all(one.ok for one in several)  # what was judged is held no longer, though its outcome still waits


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("grün".encode(), "text/plain; charset=latin-1", "grÃ¼n"),
        ("grün".encode("latin-1"), 'text/html; Charset="ISO-8859-1"', "grün"),
        ("grün".encode("latin-1"), "text/plain; charset=utf-8", "gr\ufffdn"),
        ("grün".encode(), "text/plain; charset=no-such-thing", "grün"),
        ("grün".encode(), "text/plain; charset=zip", "grün"),
        ("grün".encode("utf-16"), "text/plain; charset=utf-8", "grün"),
        (b'<meta charset="windows-1252"> \x80', "text/html", '<meta charset="windows-1252"> €'),
        (b"\x00\x01\xff\xfe", "application/octet-stream", "\ufffd\x01\ufffd\ufffd"),
    ],
)
def test_body_is_decoded_as_well_as_can_be(
    probing: Probing, target: HttpTarget, body: bytes, content_type: str, text: str
) -> None:
    target.body, target.headers = body, {"Content-Type": content_type}

    outcome = beside_another(probing, target.url)

    assert outcome.evidence is not None
    assert outcome.evidence()["notes"]["body"] == text


def test_json_nested_without_end_is_no_json(probing: Probing, target: HttpTarget) -> None:
    target.body = b"[" * 500_000

    outcome = beside_another(probing, target.url, load({"assertions": ["[BODY].a == 1"]}), timeout_s=2)

    assert outcome.error is ErrorClass.ASSERTION_FAILED


def test_name_that_flips_to_a_refused_address_on_a_redirect(
    probing: Probing, dns: DnsServer, target: HttpTarget
) -> None:
    dns.takes_turns("flip.test", ("127.0.0.1",), ("169.254.169.254",))

    outcome = beside_another(probing, target.at("/redirect?to=/again", "flip.test"))

    assert outcome.error is ErrorClass.REFUSED_ADDRESS
    assert len(target.requests) == 1


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1.:{port}/",
        "http://10.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
        "http://0x7f.1/",
        "file:///etc/passwd",
        "//[",
        "gopher://a.test/",
    ],
)
def test_redirect_to_where_nobody_may_go(probing: Probing, target: HttpTarget, place: str) -> None:
    outcome = beside_another(probing, target.at("/redirect?to=" + place.format(port=9)))

    assert outcome.error in (ErrorClass.REFUSED_ADDRESS, ErrorClass.BAD_REDIRECT, ErrorClass.CONNECT_REFUSED)
    assert len(target.requests) == 1


def test_tls_server_that_never_speaks_and_one_that_speaks_nonsense(
    probing: Probing, target: HttpTarget, tmp_path_factory: pytest.TempPathFactory
) -> None:
    nonsense = beside_another(probing, target.url.replace("http:", "https:"))
    context = Authority(tmp_path_factory.mktemp("authority")).server_context("127.0.0.1")
    with HttpTarget(tls=context) as secure:
        stranger = beside_another(probing, secure.url)
        plain = beside_another(probing, secure.url.replace("https:", "http:"))

    assert nonsense.error is ErrorClass.TLS_FAILED
    assert stranger.error is ErrorClass.TLS_UNTRUSTED
    assert plain.error in (ErrorClass.CONNECTION_LOST, ErrorClass.BAD_RESPONSE)


def test_server_without_http_2_is_not_taken_for_one(probing: Probing, target: HttpTarget) -> None:
    outcome = beside_another(probing, target.url, load({"http_version": "2"}))

    assert outcome.error in (ErrorClass.BAD_RESPONSE, ErrorClass.CONNECTION_LOST)


def test_secrets_that_a_target_echoes_are_not_in_the_evidence(probing: Probing, target: HttpTarget) -> None:
    secrets = {"auth": "basic", "username": "ann", "password": "pa55word", "secret_headers": "X-Key: k3y-k3y"}
    target.body = b'{"got": ["k3y-k3y", "pa55word", "YW5uOnBhNTV3b3Jk"]}'
    target.headers = {"X-Echo": "k3y-k3y", "Set-Cookie": "session=1", "X-Fine": "fine"}
    assertions = ['[BODY].got[0] == "no"', '[HEADER].x-echo == "no"']

    outcome = probing.check(target.url, load({**secrets, "assertions": assertions}))

    assert outcome.error is ErrorClass.ASSERTION_FAILED
    assert outcome.evidence is not None
    evidence = outcome.evidence()
    for secret in ("k3y-k3y", "pa55word", "YW5uOnBhNTV3b3Jk", "session=1"):
        assert secret not in str(evidence)
        assert secret not in outcome.detail
    assert ["X-Fine", "fine"] in evidence["notes"]["headers"]
