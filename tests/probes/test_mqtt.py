"""The MQTT check against a real Mosquitto."""

import socket
from collections.abc import Iterator

import pytest

from monitors.probes import PROBES
from monitors.probes.outcome import ErrorClass
from pulse.fields import ConfigError
from tests.certificates import Authority
from tests.peers.mosquitto import PASSWORD, MosquittoPeer, mosquitto
from tests.probes.asking import Asking, facts
from tests.talking import Script, Talking, quiet

READER = {"username": "reader", "password": PASSWORD}
PLAIN = {"security": "none", "plain_sign_in": True}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def asking(authority: Authority) -> Iterator[Asking]:
    with Asking(ca_file=str(authority.ca_file)) as engine:
        yield engine


@pytest.fixture(scope="module")
def broker(authority: Authority, asking: Asking) -> Iterator[MosquittoPeer]:
    with mosquitto(authority) as peer:
        _retain(peer.open, "health", "all good")
        yield peer


def _retain(target: str, topic: str, message: str) -> None:
    """A retained message, by the bytes of the standard: the suite needs no client of its own."""
    host, port = target.split(":")
    body = len(topic).to_bytes(2, "big") + topic.encode() + message.encode()
    with socket.create_connection((host, int(port)), 5) as sock:
        sock.sendall(bytes.fromhex("100f00044d515454040200000003") + b"abc")
        assert sock.recv(4) == bytes([0x20, 2, 0, 0])
        sock.sendall(bytes([0x31, len(body)]) + body + bytes([0xC0, 0]))
        assert sock.recv(2) == bytes([0xD0, 0])  # the answer to a ping: the message before it has been taken


def test_retained_message_is_the_answer(asking: Asking, broker: MosquittoPeer) -> None:
    outcome = asking.ask("mqtt", broker.open, {"security": "none", "topic": "health", "expect": "good"})

    assert (outcome.ok, outcome.detail) == (True, "brought a message")
    assert facts(outcome)["answer"] == "all good"


@pytest.mark.parametrize("encrypted", [True, False])
def test_published_message_comes_back_to_who_signed_in(
    asking: Asking, broker: MosquittoPeer, encrypted: bool
) -> None:
    settings = READER | {"topic": "test/ping", "publish": "grüße"} | ({} if encrypted else PLAIN)

    outcome = asking.ask("mqtt", broker.tls if encrypted else broker.plain, settings)

    assert (outcome.ok, outcome.detail) == (True, "brought back what was published")
    assert facts(outcome)["answer"].startswith("grüße ")
    assert facts(outcome).get("certificate_days") == (9 if encrypted else None)


def test_what_a_check_publishes_itself_is_no_answer(asking: Asking, broker: MosquittoPeer) -> None:
    settings = PLAIN | READER | {"topic": "test/ping", "publish": "all good?", "expect": "good"}

    assert asking.ask("mqtt", broker.plain, settings, timeout_s=0.5).error is ErrorClass.TIMEOUT


def said(message: str, *, retained: bool = False) -> bytes:
    """A message on the topic "a"."""
    return bytes([0x31 if retained else 0x30, 3 + len(message)]) + b"\0\1a" + message.encode()


def consenting(before: bytes, after: bytes) -> Script:
    """A broker that says `before` ahead of its consent to a subscription, and `after` behind what was published."""

    def script(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(bytes([0x20, 2, 0, 0]))
        connection.recv(1000)
        connection.sendall(before + bytes([0x90, 3, 0, 1, 0]))
        while published := connection.recv(1000):
            connection.sendall(published + after)

    return script


KEPT = said("all good", retained=True)
WAITING, ASKING = {"expect": "good"}, {"publish": "good?", "expect": "good"}


@pytest.mark.parametrize(
    ("settings", "before", "after", "words", "answer"),
    [
        # The standard lets retained messages come before the consent.
        (WAITING, KEPT, b"", "brought a message", "all good"),
        ({}, KEPT + said("more"), b"", "brought a message", "all good"),
        (WAITING, said("bad", retained=True) + KEPT, b"", "brought a message", "all good"),
        (WAITING, said("bad", retained=True), b"", "", None),
        (ASKING, b"", said("all good"), "brought an answer", "all good"),
        (ASKING, KEPT, b"", "", None),
        (ASKING, said("all good"), b"", "", None),
        (ASKING, b"", KEPT, "", None),
        # Another place checks the same at the same time.
        (ASKING, b"", said("good? 0123abcd"), "", None),
    ],
)
def test_message_counts_by_when_it_came_and_whose_it_is(
    asking: Asking, settings: dict[str, object], before: bytes, after: bytes, words: str, answer: str | None
) -> None:
    with Talking(consenting(before, after)) as server:
        outcome = asking.ask("mqtt", server.target, {"security": "none", "topic": "a", **settings}, 0.5)

    assert (outcome.ok, facts(outcome).get("answer")) == (bool(words), answer)
    assert outcome.detail == (words or "no complete answer within 0.5 s")


def test_client_id_is_that_of_the_settings_or_a_new_one_each_time(asking: Asking) -> None:
    connected: list[bytes] = []

    def broker(connection: socket.socket) -> None:
        connected.append(connection.recv(1000))
        connection.sendall(bytes([0x20, 2, 0, 0]))
        quiet(connection)

    with Talking(broker) as server:
        for settings in ({"client_id": "watch-1"}, {}, {}):
            assert asking.ask("mqtt", server.target, {"security": "none", **settings}).ok

    # After the fixed header, name, level, flags and keep-alive of the standard comes the id with its length.
    ids = [packet[14 : 14 + int.from_bytes(packet[12:14], "big")].decode() for packet in connected]
    assert ids[0] == "watch-1"
    assert ids[1] != ids[2]
    assert all(one.startswith("pulse-") for one in ids[1:])


@pytest.mark.parametrize(("timeout_s", "keep_alive_s"), [(0.5, 60), (30, 60), (31, 61), (120, 150)])
def test_broker_waits_longer_for_a_silent_check_than_the_check_does(
    asking: Asking, timeout_s: float, keep_alive_s: int
) -> None:
    connected: list[bytes] = []

    def broker(connection: socket.socket) -> None:
        connected.append(connection.recv(1000))
        connection.sendall(bytes([0x20, 2, 0, 0]))

    with Talking(broker) as server:
        asking.ask("mqtt", server.target, {"security": "none"}, timeout_s)

    assert int.from_bytes(connected[0][10:12], "big") == keep_alive_s


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        (READER | {"password": "wrong"}, ErrorClass.SIGN_IN_REFUSED, "the broker refused: not authorised"),
        ({}, ErrorClass.SIGN_IN_REFUSED, "the broker refused: not authorised"),
        (READER | {"topic": "test/silent"}, ErrorClass.TIMEOUT, "no complete answer within 0.5 s"),
        (READER, ErrorClass.NONE, "accepted the connection"),
    ],
)
def test_refusals_in_words(
    asking: Asking, broker: MosquittoPeer, settings: dict[str, object], error: ErrorClass, words: str
) -> None:
    outcome = asking.ask(
        "mqtt", broker.plain, PLAIN | settings, timeout_s=0.5 if error is ErrorClass.TIMEOUT else 5
    )

    assert (outcome.error, outcome.detail) == (error, words)


@pytest.mark.parametrize(
    ("settings", "pointer", "remedy"),
    [
        ({"topic": "a/b+"}, "/topic", "Let + stand alone"),
        ({"topic": "a/#/b"}, "/topic", "Let + stand alone"),
        ({"topic": "a/+", "publish": "x"}, "/topic", "Use a topic without + and #"),
        ({"expect": "x"}, "/topic", "Add the topic"),
        ({"password": "x"}, "/username", "Add the user name"),
        (READER | {"security": "none"}, "/security", "Choose TLS"),
    ],
)
def test_wrong_setting_names_its_remedy(settings: dict[str, object], pointer: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        PROBES["mqtt"].load(settings)

    [(found, detail)] = caught.value.errors
    assert found == pointer
    assert remedy in detail
