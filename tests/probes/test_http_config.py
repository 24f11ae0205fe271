"""An HTTP monitor's settings: defaults, complaints and the pure judgement."""

from base64 import encodebytes
from pathlib import Path

import pytest

from monitors.probes.http import SETTINGS, HttpConfig, judge, load
from monitors.probes.http_rules import read_key
from monitors.probes.outcome import ErrorClass, Outcome, internal_error, sentence
from pulse.fields import ConfigError, FieldError
from pulse.net.exchange import Exchange
from pulse.net.failures import Failure
from tests.certificates import Authority


def test_empty_settings_are_the_defaults() -> None:
    assert load({}) == HttpConfig()
    assert SETTINGS.as_json(load({}))["expected_status"] == "200-399"


def test_settings_survive_the_way_through_json() -> None:
    settings = {
        "method": "put",
        "headers": {"Accept": "text/html"},
        "proxy": "proxy.test:3128",
        "expected_status": "200-299, 304",
        "response_time_limit_ms": 500,
        "assertions": ["[STATUS] == 200", '[BODY].name == "x" (soft)'],
    }

    assert load(SETTINGS.as_json(load(settings))) == load(settings)


@pytest.mark.parametrize(
    ("settings", "pointer", "remedy"),
    [
        ({"method": "TRACE"}, "/method", "not CONNECT or TRACE"),
        ({"method": "GE T"}, "/method", "Use a method like GET"),
        ({"method": ["GET"]}, "/method", "Use a method like GET"),
        ({"headers": {"Content-Length": "5"}}, "/headers", "Remove Content-Length"),
        ({"headers": {"A b": "5"}}, "/headers", "Check the name"),
        ({"headers": {"A": "5\r\nB: 6"}}, "/headers", "on one line"),
        ({"secret_headers": "X-Key: a\nrubbish"}, "/secret_headers", "Write line 2 as"),
        ({"secret_headers": "Host: a"}, "/secret_headers", "Remove line 1"),
        ({"method": "HEAD", "body_type": "text"}, "/body_type", "HEAD is sent without one"),
        ({"body": "a"}, "/body_type", "Choose what the body is"),
        ({"body_type": "json", "body": "{"}, "/body", "Write the body as JSON: it is not JSON (line 1"),
        ({"body_type": "form", "body": "a=1\nb=2"}, "/body", "on one line, percent-encoded"),
        ({"auth": "basic"}, "/username", "Enter the user name."),
        ({"auth": "basic", "username": "a:b"}, "/username", "Remove the colon"),
        ({"auth": "bearer"}, "/bearer_token", "Enter the token."),
        ({"auth": "bearer", "bearer_token": "a\u00e9"}, "/bearer_token", "odd characters"),
        (
            {"auth": "oauth2", "client_id": "a", "client_secret": "b"},
            "/token_url",
            "Enter the URL where the token is fetched.",
        ),
        ({"token_url": "ftp://a.test/"}, "/token_url", "Use http:// or https://"),
        (
            {"auth": "bearer", "bearer_token": "t", "secret_headers": "authorization: x"},
            "/auth",
            "Remove the header Authorization",
        ),
        ({"proxy": "proxy.test"}, "/proxy", "Add the port after a colon"),
        ({"proxy_username": "me"}, "/proxy", "Enter the proxy"),
        ({"keep_connection": True, "keep_cookies": True}, "/keep_cookies", "Switch off either"),
        ({"client_key": "no key"}, "/client_key", "Paste a key in PEM"),
        ({"secret_headers": "X-A: b\n" * 51}, "/secret_headers", "Use at most 50 lines; there are 51."),
        ({"client_certificate": "nothing"}, "/client_certificate", "Paste a certificate in PEM"),
        ({"ca": "nothing"}, "/ca", "Paste certificates in PEM"),
        ({"max_body_kib": 10_241}, "/max_body_kib", "from 1 to 10240"),
        ({"http_version": "4"}, "/http_version", "Use auto or 1.1"),
        ({"follow_redirects": "yes"}, "/follow_redirects", "Use true or false."),
        ({"max_redirects": 21}, "/max_redirects", "Use a whole number of redirects from 0 to 20."),
        ({"max_redirects": True}, "/max_redirects", "Use a whole number of redirects from 0 to 20."),
        ({"expected_status": 200}, "/expected_status", "like 200-299,304"),
        ({"expected_status": "299-200"}, "/expected_status", "like 200-299,304"),
        ({"expected_status": "2xx"}, "/expected_status", "like 200-299,304"),
        ({"expected_status": ""}, "/expected_status", "like 200-299,304"),
        ({"response_time_limit_ms": 0}, "/response_time_limit_ms", "from 1 to 300000"),
        ({"metod": "GET"}, "/metod", "Remove this unknown field"),
        ({"a/b": 1}, "/a~1b", "Remove this unknown field"),
        ([], "", "JSON object"),
    ],
)
def test_wrong_setting_names_its_field_and_remedy(settings: object, pointer: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(settings)

    [(found, detail)] = caught.value.errors
    assert found == pointer
    assert remedy in detail


def test_all_complaints_come_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load({"method": "TRACE", "max_redirects": -1})

    assert [pointer for pointer, _ in caught.value.errors] == ["/method", "/max_redirects"]


def test_status_outside_the_expected_ranges_is_bad() -> None:
    config = load({"expected_status": "200-204,404"})

    assert judge(config, Exchange(status=404)).ok
    outcome = judge(config, Exchange(status=302))
    assert (outcome.error, outcome.detail) == (ErrorClass.BAD_STATUS, "answered 302, expected 200-204,404")


@pytest.mark.parametrize("failure", list(Failure))
def test_every_failure_has_its_error_class(failure: Failure) -> None:
    outcome = judge(HttpConfig(), Exchange(failure=failure, detail="why"))

    assert not outcome.ok
    assert outcome.error not in (ErrorClass.NONE, ErrorClass.INTERNAL)


def test_detail_is_printable_and_short() -> None:
    assert sentence("a\x00b\r\nc\u202e") == "a?b??c?"
    assert len(sentence("x" * 500)) == 200


def test_internal_error_tells_the_class_and_not_the_text() -> None:
    outcome: Outcome = internal_error(ValueError("a secret"))

    assert "ValueError" in outcome.detail
    assert "secret" not in outcome.detail


def test_assertion_about_the_status_takes_the_place_of_the_usual_range() -> None:
    config = load({"assertions": ["[STATUS] == 503"]})

    assert judge(config, Exchange(status=503)).ok
    assert judge(config, Exchange(status=200)).error is ErrorClass.ASSERTION_FAILED


def test_range_that_somebody_chose_stays_beside_an_assertion_about_the_status() -> None:
    config = load({"expected_status": "200", "assertions": ["[STATUS] < 500"]})

    assert judge(config, Exchange(status=404)).error is ErrorClass.BAD_STATUS


def test_key_has_to_belong_to_the_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.client_pair("one")
    _, other = authority.client_pair("two")

    assert load({"client_certificate": certificate, "client_key": key}).client_key
    with pytest.raises(ConfigError, match="this one does not"):
        load({"client_certificate": certificate, "client_key": other})
    with pytest.raises(ConfigError, match="or neither"):
        load({"client_certificate": certificate})


def rsa_key(bits: int) -> str:
    """A key in PKCS #1 (RFC 8017, A.1.2) whose numbers are odd and nothing else."""

    def der(tag: int, content: bytes) -> bytes:
        length = len(content).to_bytes(2).lstrip(b"\0")
        short = len(content) < 128
        return bytes((tag,) if short else (tag, 0x80 | len(length))) + length + content

    half = (3 << (bits // 2 - 2)) | 1
    numbers = (0, half * half, 65537, half * half - 2, half, half, half - 2, half - 2, 3)
    content = b"".join(der(2, one.to_bytes(one.bit_length() // 8 + 1)) for one in numbers)
    text = encodebytes(der(0x30, content)).decode()
    return f"-----BEGIN RSA PRIVATE KEY-----\n{text}-----END RSA PRIVATE KEY-----\n"


def test_a_key_is_read_without_looking_for_primes_and_only_up_to_a_size() -> None:
    assert read_key(rsa_key(4096)).startswith("-----BEGIN")
    with pytest.raises(FieldError, match="at most 4,096 bits"):
        read_key(rsa_key(8192))
    with pytest.raises(ConfigError, match="Shorten it to at most 20,000 characters"):
        load({"client_key": "x" * 20_001})


@pytest.mark.parametrize(
    "settings", [{"expected_status": "100 - 499"}, {"assertions": ["[STATUS] not in 500 - 599"]}]
)
def test_blanks_around_the_hyphen_of_a_range_mean_nothing(settings: dict[str, object]) -> None:
    config = load(settings)

    assert judge(config, Exchange(status=404)).ok
    assert not judge(config, Exchange(status=503)).ok
