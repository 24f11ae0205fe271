"""The SMTP check against a real mail server."""

import socket
import ssl
from collections.abc import Iterator

import pytest

from monitors.probes import PROBES
from monitors.probes.outcome import ErrorClass
from pulse.fields import ConfigError
from tests.certificates import Authority
from tests.peers.smtp import PASSWORD, SmtpPeer
from tests.probes.asking import Asking, facts, notes
from tests.talking import Talking

SIGNED_IN = {"username": "reader", "password": PASSWORD}


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


@pytest.fixture(scope="module")
def starttls(context: ssl.SSLContext) -> Iterator[SmtpPeer]:
    peer = SmtpPeer(starttls=context)
    peer.start()
    yield peer
    peer.stop()


@pytest.fixture(scope="module")
def tls(context: ssl.SSLContext) -> Iterator[SmtpPeer]:
    peer = SmtpPeer(tls=context)
    peer.start()
    yield peer
    peer.stop()


@pytest.fixture(scope="module")
def plain() -> Iterator[SmtpPeer]:
    peer = SmtpPeer(only="LOGIN")
    peer.start()
    yield peer
    peer.stop()


def test_greeting_over_starttls_is_the_answer(asking: Asking, starttls: SmtpPeer) -> None:
    outcome = asking.ask("smtp", starttls.target, {})

    assert outcome.ok, outcome.detail
    assert outcome.detail == "greeted: mail.test Pulse test"
    assert facts(outcome)["certificate_days"] == 9
    assert "8BITMIME" in notes(outcome)["extensions"]
    assert outcome.tls_us


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_sign_in_over_tls_by_plain(asking: Asking, tls: SmtpPeer, password: str) -> None:
    outcome = asking.ask("smtp", tls.target, SIGNED_IN | {"security": "tls", "password": password})

    assert outcome.error is (ErrorClass.NONE if password == PASSWORD else ErrorClass.SIGN_IN_REFUSED), (
        outcome.detail
    )
    assert "sign-in refused: 535" in outcome.detail or outcome.ok
    assert password not in outcome.detail


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_sign_in_by_login_without_tls_where_the_setting_says_so(
    asking: Asking, plain: SmtpPeer, password: str
) -> None:
    settings = SIGNED_IN | {"security": "none", "plain_sign_in": True, "password": password}

    outcome = asking.ask("smtp", plain.target, settings)

    assert outcome.error is (ErrorClass.NONE if password == PASSWORD else ErrorClass.SIGN_IN_REFUSED), (
        outcome.detail
    )


def test_name_in_ehlo_is_that_of_the_settings(asking: Asking) -> None:
    said: list[bytes] = []

    def greeted(connection: socket.socket) -> None:
        connection.sendall(b"220 mail.test\r\n")
        while line := connection.recv(1000):
            said.append(line)
            connection.sendall(b"250 mail.test\r\n")

    with Talking(greeted) as server:
        assert asking.ask("smtp", server.target, {"security": "none", "greet_as": "Monitor.example.com"}).ok
        assert asking.ask("smtp", server.target, {"security": "none"}).ok

    hellos = [line for line in said if line.startswith(b"EHLO")]
    assert hellos == [b"EHLO monitor.example.com\r\n", b"EHLO pulse.invalid\r\n"]


def test_server_without_starttls_is_a_failure(asking: Asking, plain: SmtpPeer) -> None:
    outcome = asking.ask("smtp", plain.target, {})

    assert outcome.error is ErrorClass.TLS_FAILED
    assert outcome.detail == "127.0.0.1 does not offer STARTTLS; choose another encryption"


def test_certificate_that_is_not_trusted_is_a_failure(starttls: SmtpPeer) -> None:
    with Asking() as public:
        outcome = public.ask("smtp", starttls.target, SIGNED_IN)

    assert outcome.error is ErrorClass.TLS_UNTRUSTED


@pytest.mark.parametrize(
    ("kind", "settings", "pointer", "remedy"),
    [
        ("smtp", SIGNED_IN | {"security": "none"}, "/security", "Choose TLS"),
        ("smtp", {"username": "a\r\nRSET"}, "/username", "Write it on one line"),
        ("smtp", {"password": "a\r\nRSET"}, "/password", "Write it on one line"),
        ("smtp", {"greet_as": "two words"}, "/greet_as", "Write a host name"),
        ("imap", {"username": "a\r\nx LOGOUT"}, "/username", "Write it on one line"),
        ("imap", SIGNED_IN | {"mailbox": "a\r\nx DELETE b"}, "/mailbox", "Write it on one line"),
        ("imap", SIGNED_IN | {"mailbox": "Entwürfe"}, "/mailbox", "modified UTF-7"),
        ("imap", {"mailbox": "INBOX"}, "/mailbox", "Add a user name"),
        ("pop3", {"username": "a\nDELE 1"}, "/username", "Write it on one line"),
        ("pop3", SIGNED_IN | {"security": "none"}, "/security", "Choose TLS"),
    ],
)
def test_wrong_setting_names_its_remedy(
    kind: str, settings: dict[str, object], pointer: str, remedy: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        PROBES[kind].load(settings)

    [(found, detail)] = caught.value.errors
    assert found == pointer
    assert remedy in detail
