"""The Redis check against a real Valkey."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitors.probes import PROBES
from monitors.probes.outcome import ErrorClass
from pulse.fields import ConfigError
from tests.certificates import Authority
from tests.peers.tls_front import TlsFront
from tests.peers.valkey import PASSWORD, ValkeyPeer, valkey
from tests.probes.asking import Asking, facts
from tests.talking import Talking

PLAIN = {"security": "none", "plain_sign_in": True, "password": PASSWORD}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyPeer]:
    with valkey(tmp_path_factory.mktemp("valkey")) as peer:
        _say(
            peer.port,
            f'AUTH "{PASSWORD}"',
            'SET health "all good"',
            "RPUSH queue a b c",
            "SELECT 3",
            "SET health three",
        )
        yield peer


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def asking(authority: Authority) -> Iterator[Asking]:
    with Asking(ca_file=str(authority.ca_file)) as engine:
        yield engine


def _say(port: int, *commands: str) -> None:
    with socket.create_connection(("127.0.0.1", port), 5) as sock, sock.makefile("rb") as answers:
        for command in commands:
            sock.sendall(command.encode() + b"\r\n")
            assert not answers.readline().startswith(b"-")


@pytest.mark.parametrize(
    ("settings", "answer", "rows"),
    [
        ({}, "PONG", 1),
        ({"command": "get health"}, "all good", 1),
        ({"command": "GET health", "database": 3}, "three", 1),
        ({"command": "LLEN queue"}, 3, 1),
        ({"command": "GET nothing"}, None, 0),
        ({"command": 'ECHO "two words"'}, "two words", 1),
    ],
)
def test_answer_of_a_reading_command_can_be_asserted_on(
    asking: Asking, server: ValkeyPeer, settings: dict[str, object], answer: object, rows: int
) -> None:
    outcome = asking.ask("redis", server.target, PLAIN | settings)

    assert (outcome.ok, outcome.error) == (True, ErrorClass.NONE), outcome.detail
    found = facts(outcome)
    assert (found.get("answer"), found["rows"]) == (answer, rows)
    assert outcome.address == "127.0.0.1"


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"password": "wrong"}, ErrorClass.SIGN_IN_REFUSED, "sign-in refused: WRONGPASS"),
        ({"password": ""}, ErrorClass.SIGN_IN_REFUSED, "sign-in refused: NOAUTH"),
        (
            {"command": "LLEN health"},
            ErrorClass.UNEXPECTED_ANSWER,
            "LLEN was answered with an error: WRONGTYPE",
        ),
        ({"database": 900}, ErrorClass.UNEXPECTED_ANSWER, "SELECT was answered with an error: ERR"),
        (
            {"username": "reader", "password": "read only", "command": "DBSIZE"},
            ErrorClass.NONE,
            "answered DBSIZE",
        ),
    ],
)
def test_refusals_say_what_the_server_said(
    asking: Asking, server: ValkeyPeer, settings: dict[str, object], error: ErrorClass, words: str
) -> None:
    outcome = asking.ask("redis", server.target, PLAIN | settings)

    assert outcome.error is error
    assert outcome.detail.startswith(words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"*60\r\n" + b"$100000\r\n%s\r\n" % (b"x" * 100_000) * 60, "the answer is larger than 1 MiB"),
        (b"*1001\r\n" + b":1\r\n" * 1001, "the answer has more than 1,000 elements"),
        (b"*600\r\n" + b"*1\r\n:1\r\n" * 600, "the answer has more than 1,000 elements"),
        (b"*1\r\n" * 10, "the answer nests lists deeper than 8"),
        (b"*900\r\n" + b"+%s\r\n" % (b"x" * 8000) * 900, "the answer is larger than 1 MiB"),
        (b"*900\r\n" + b"$-1\r\n" * 900, ""),
        (b"$600000\r\n%s\r\n" % (b"x" * 600_000), ""),
    ],
)
def test_answer_is_bounded_as_a_whole(asking: Asking, answer: bytes, words: str) -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    with Talking(script) as server:
        outcome = asking.ask("redis", server.target, {"security": "none", "command": "GET x"})

    expected = ErrorClass.RESPONSE_TOO_LARGE if words else ErrorClass.NONE
    assert (outcome.error, outcome.detail) == (expected, words or "answered GET")


def test_tls_is_verified_and_the_certificate_counted(
    asking: Asking, server: ValkeyPeer, authority: Authority
) -> None:
    with TlsFront(authority.server_context("127.0.0.1", days_left=10), server.port) as front:
        outcome = asking.ask("redis", f"127.0.0.1:{front.port}", {"password": PASSWORD})
    with TlsFront(authority.server_context("other.test"), server.port) as front:
        wrong = asking.ask("redis", f"127.0.0.1:{front.port}", {"password": PASSWORD})
        careless = asking.ask("redis", f"127.0.0.1:{front.port}", {"password": PASSWORD, "verify_tls": False})

    assert (outcome.ok, facts(outcome)["certificate_days"]) == (True, 9), outcome.detail
    assert outcome.tls_us
    assert outcome.ends is not None
    assert careless.ends is not None
    assert wrong.error is ErrorClass.TLS_HOSTNAME_MISMATCH
    assert careless.ok


def test_own_authority_is_trusted_in_place_of_the_public_ones(
    asking: Asking, server: ValkeyPeer, tmp_path: Path
) -> None:
    own = Authority(tmp_path)
    with TlsFront(own.server_context("127.0.0.1"), server.port) as front:
        target, settings = f"127.0.0.1:{front.port}", {"password": PASSWORD}
        unknown = asking.ask("redis", target, settings)
        known = asking.ask("redis", target, settings | {"ca": own.ca_file.read_text()})

    assert unknown.error is ErrorClass.TLS_UNTRUSTED
    assert known.ok, known.detail


def test_plain_server_asked_for_tls_ends_in_time(asking: Asking, server: ValkeyPeer) -> None:
    outcome = asking.ask("redis", server.target, {}, timeout_s=0.5)  # it waits for the end of a line

    assert outcome.error is ErrorClass.TIMEOUT


@pytest.mark.parametrize(
    ("settings", "pointer", "remedy"),
    [
        ({"command": "SET a b"}, "/command", "Start with a command that only reads"),
        ({"command": "KEYS *"}, "/command", "Start with a command that only reads"),
        ({"command": ""}, "/command", "Start with a command that only reads"),
        ({"command": 'GET "a'}, "/command", "Close the quotation mark."),
        ({"password": "x", "security": "none"}, "/security", "Choose TLS"),
        ({"ca": "-----BEGIN CERTIFICATE-----\nnonsense"}, "/ca", "Paste certificates in PEM"),
    ],
)
def test_wrong_setting_names_its_remedy(settings: dict[str, object], pointer: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        PROBES["redis"].load(settings)

    [(found, detail)] = caught.value.errors
    assert found == pointer
    assert remedy in detail


def test_settings_survive_the_way_through_json() -> None:
    probe = PROBES["redis"]
    config = probe.load({"command": 'GET "a b"', "database": 2})

    assert probe.load(probe.settings.as_json(config)) == config
