"""Signing in to MySQL: by proof alone, fully over TLS, and never readable, whatever a server asks."""

import ssl
from collections.abc import Iterator

import pytest

from monitors.probes.mysql_sign_in import PASSWORD_IN_THE_OPEN
from monitors.probes.outcome import ErrorClass
from tests.certificates import Authority
from tests.peers.mysql8 import PASSWORD, Mysql8
from tests.probes.asking import Asking, facts
from tests.talking import Talking

READER = {"username": "reader", "password": PASSWORD}
PLAIN = {**READER, "security": "none"}
LONG = "p" * 400


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def context(authority: Authority) -> ssl.SSLContext:
    return authority.server_context("127.0.0.1")


@pytest.fixture(scope="module")
def asking(authority: Authority) -> Iterator[Asking]:
    with Asking(ca_file=str(authority.ca_file)) as engine:
        yield engine


@pytest.mark.parametrize("encrypted", [True, False])
def test_who_is_known_signs_in_by_proof_alone(
    asking: Asking, context: ssl.SSLContext, encrypted: bool
) -> None:
    server = Mysql8(context if encrypted else None)
    with Talking(server) as place:
        outcome = asking.ask("mysql", place.target, READER if encrypted else PLAIN)

    assert (outcome.ok, outcome.detail) == (True, "answered 1 row"), outcome.detail
    assert facts(outcome)["answer"] == 1
    assert PASSWORD.encode() not in server.heard


def test_who_is_not_known_yet_sends_the_password_over_tls(asking: Asking, context: ssl.SSLContext) -> None:
    server = Mysql8(context, is_known=False)
    with Talking(server) as place:
        outcome = asking.ask("mysql", place.target, READER)

    assert outcome.ok, outcome.detail
    assert server.heard.count(PASSWORD.encode()) == 1


@pytest.mark.parametrize("is_known", [True, False])
def test_wrong_password_is_refused(asking: Asking, context: ssl.SSLContext, is_known: bool) -> None:
    with Talking(Mysql8(context, is_known)) as place:
        outcome = asking.ask("mysql", place.target, READER | {"password": "wrong"})

    assert (outcome.error, outcome.detail) == (ErrorClass.SIGN_IN_REFUSED, "sign-in refused: Access denied")


@pytest.mark.parametrize(
    "asks",
    [
        (b"\1\4",),
        (b"\1\3", b"\1\4"),
        (b"\xfemysql_clear_password\0",),
        (b"\xfesha256_password\0" + bytes(20),),
        (b"\xfedialog\0Password: ",),
        (b"\xfecaching_sha2_password\0" + bytes(20), b"\1\4"),
        (b"\xfemysql_native_password\0" + bytes(20), b"\1\4"),
        (b"\1\2-----BEGIN PUBLIC KEY-----",),
    ],
)
def test_no_server_gets_the_password_without_tls(asking: Asking, asks: tuple[bytes, ...]) -> None:
    server = Mysql8(asks=asks, is_known=False)
    with Talking(server) as place:
        outcome = asking.ask("mysql", place.target, PLAIN)

    assert (outcome.error, outcome.detail) == (ErrorClass.SIGN_IN_REFUSED, PASSWORD_IN_THE_OPEN)
    assert PASSWORD.encode() not in server.heard


@pytest.mark.parametrize("plugin", [b"mysql_clear_password", b"sha256_password", b"dialog"])
def test_server_that_greets_with_a_readable_way_gets_nothing(asking: Asking, plugin: bytes) -> None:
    server = Mysql8(plugin=plugin)
    with Talking(server) as place:
        outcome = asking.ask("mysql", place.target, PLAIN)

    assert (outcome.error, outcome.detail) == (ErrorClass.SIGN_IN_REFUSED, PASSWORD_IN_THE_OPEN)
    assert server.heard == b""


def test_server_that_hides_its_tls_gets_nothing(asking: Asking) -> None:
    server = Mysql8(is_known=False)
    with Talking(server) as place:
        outcome = asking.ask("mysql", place.target, READER)

    assert outcome.error is ErrorClass.TLS_FAILED
    assert server.heard == b""


def test_server_whose_certificate_is_a_stranger_s_gets_no_more_than_the_wish_for_tls(
    context: ssl.SSLContext,
) -> None:
    server = Mysql8(context, is_known=False)
    with Talking(server) as place, Asking() as public:
        outcome = public.ask("mysql", place.target, READER)

    assert outcome.error is ErrorClass.TLS_UNTRUSTED
    assert b"reader" not in server.heard


def test_long_password_travels_whole_over_tls(asking: Asking, context: ssl.SSLContext) -> None:
    server = Mysql8(context, plugin=b"sha256_password", password=LONG)
    with Talking(server) as place:
        outcome = asking.ask("mysql", place.target, READER | {"password": LONG})

    assert outcome.ok, outcome.detail
    assert server.proofs == [LONG.encode() + b"\0"]
