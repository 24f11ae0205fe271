"""The SNMP check against a real agent (net-snmp)."""

from collections.abc import Iterator

import pytest

from monitors.probes import PROBES
from monitors.probes import snmp_ber as ber
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import Packet
from monitors.probes.snmp_messages import Users
from pulse.fields import ConfigError
from tests.peers.snmpd import COMMUNITY, HIDDEN, METHODS, PASSWORD, SnmpdPeer, snmpd
from tests.probes.asking import Asking, facts

V2C = {"version": "2c", "community": COMMUNITY}
SIGNED = {"version": "3", "username": "sha256", "authentication": "sha256", "auth_password": PASSWORD}
HIDING = SIGNED | {"privacy": "aes128", "priv_password": HIDDEN}
LOCATION, UP_TIME, OBJECT_ID = "1.3.6.1.2.1.1.6.0", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.2.0"


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    with Asking() as engine:
        yield engine


@pytest.fixture(scope="module")
def agent() -> Iterator[SnmpdPeer]:
    with snmpd() as peer:
        yield peer


def test_values_of_several_types_can_be_asserted_on(asking: Asking, agent: SnmpdPeer) -> None:
    up = asking.ask("snmp", agent.target, V2C)
    place = asking.ask("snmp", agent.target, V2C | {"oid": "." + LOCATION})
    what = asking.ask("snmp", agent.target, V2C | {"oid": OBJECT_ID})

    assert (up.ok, up.detail) == (True, f"answered {UP_TIME}")
    assert isinstance(facts(up)["answer"], int)
    assert facts(place)["answer"] == "Böblingen"
    assert facts(what)["answer"].startswith("1.3.6.1.4.1.8072.3.2.")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("privacy", ["none", "aes128"])
def test_each_signature_with_and_without_encryption(
    asking: Asking, agent: SnmpdPeer, method: str, privacy: str
) -> None:
    settings = HIDING | {"username": method, "authentication": method, "privacy": privacy, "oid": LOCATION}

    outcome = asking.ask("snmp", agent.target, settings)

    assert facts(outcome).get("answer") == "Böblingen", outcome.detail


def test_user_without_a_signature(asking: Asking, agent: SnmpdPeer) -> None:
    outcome = asking.ask("snmp", agent.target, {"version": "3", "username": "open"})

    assert outcome.ok, outcome.detail


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        (
            V2C | {"oid": "1.3.6.1.2.1.1.99.0"},
            ErrorClass.UNEXPECTED_ANSWER,
            "the agent has no such object 1.3",
        ),
        ({}, ErrorClass.TIMEOUT, "no complete answer within 0.5 s"),
        (
            SIGNED | {"auth_password": "wrong horse"},
            ErrorClass.SIGN_IN_REFUSED,
            "the agent refused: the password of",
        ),
        (
            SIGNED | {"username": "nobody"},
            ErrorClass.SIGN_IN_REFUSED,
            "the agent refused: it does not know the user",
        ),
        (
            {"version": "3", "username": "open", "authentication": "sha1", "auth_password": PASSWORD},
            ErrorClass.SIGN_IN_REFUSED,
            "the agent refused: it does not offer",
        ),
    ],
)
def test_failures_in_words(
    asking: Asking, agent: SnmpdPeer, settings: dict[str, object], error: ErrorClass, words: str
) -> None:
    outcome = asking.ask("snmp", agent.target, settings, timeout_s=0.5 if error is ErrorClass.TIMEOUT else 5)

    assert outcome.error is error, outcome.detail
    assert outcome.detail.startswith(words)


def test_wrong_password_of_the_encryption_is_no_answer(asking: Asking, agent: SnmpdPeer) -> None:
    outcome = asking.ask("snmp", agent.target, HIDING | {"priv_password": "wrong staple"}, timeout_s=0.5)

    assert outcome.error in (ErrorClass.TIMEOUT, ErrorClass.SIGN_IN_REFUSED)


@pytest.mark.parametrize(
    "settings", [{"version": "3", "username": "open"}, SIGNED, HIDING], ids=["open", "signed", "hiding"]
)
def test_an_encrypted_answer_without_a_signature_is_passed_over(settings: dict[str, str]) -> None:
    """Nothing is decrypted: without a key it could not be, and without a signature anybody may have sent it."""
    users = Users(PROBES["snmp"].load(settings))
    question = ber.inside(Packet(users.question(), "SNMP"))
    ber.read_integer(question)
    number = ber.read_integer(ber.inside(question))

    only_private = ber.octets(b"\x02")
    head = ber.sequence(ber.integer(number), ber.integer(65_507), only_private, ber.integer(3))
    nobody = ber.octets(b"") * 2 + ber.octets(b"saltsalt")
    security = ber.sequence(ber.octets(b"engine"), ber.integer(1), ber.integer(1), nobody)
    message = ber.sequence(ber.integer(3), head, ber.octets(security), ber.octets(b"x" * 60_000))

    assert users.unwrapped(message) is None


def test_closed_port_is_refused_at_once(asking: Asking) -> None:
    outcome = asking.ask("snmp", "127.0.0.1:9", V2C)

    assert outcome.error is ErrorClass.CONNECT_REFUSED


@pytest.mark.parametrize(
    ("settings", "pointer", "remedy"),
    [
        ({"version": "3"}, "/username", "Enter the user name"),
        (SIGNED | {"auth_password": "short"}, "/auth_password", "at least 8 characters"),
        (HIDING | {"authentication": "none"}, "/authentication", "Choose how to sign"),
        (HIDING | {"priv_password": ""}, "/priv_password", "at least 8 characters"),
        (V2C | {"oid": "sysUpTime.0"}, "/oid", "Write the OID in numbers"),
        (V2C | {"oid": "1.3.6.1.99999999999"}, "/oid", "Write the OID in numbers"),
        (V2C | {"oid": "1.40.1"}, "/oid", "Write the OID in numbers"),
    ],
)
def test_wrong_setting_names_its_remedy(settings: dict[str, object], pointer: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        PROBES["snmp"].load(settings)

    [(found, detail)] = caught.value.errors
    assert found == pointer
    assert remedy in detail
