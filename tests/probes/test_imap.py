"""The IMAP and POP3 checks against a real Dovecot."""

from collections.abc import Iterator

import pytest

from monitors.probes.outcome import ErrorClass
from tests.certificates import Authority
from tests.peers.dovecot import PASSWORD, DovecotPeer, dovecot
from tests.probes.asking import Asking, facts, notes

READER = {"username": "reader", "password": PASSWORD}
PLAIN = {"security": "none", "plain_sign_in": True}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[DovecotPeer]:
    with dovecot(authority) as peer:
        yield peer


@pytest.fixture(scope="module")
def asking(authority: Authority) -> Iterator[Asking]:
    with Asking(ca_file=str(authority.ca_file)) as engine:
        yield engine


def _port(server: DovecotPeer, kind: str, security: str) -> str:
    return server.at(getattr(server, f"{kind}s" if security == "tls" else kind))


@pytest.mark.parametrize("kind", ["imap", "pop3"])
@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_greeting_is_the_answer(asking: Asking, server: DovecotPeer, kind: str, security: str) -> None:
    outcome = asking.ask(kind, _port(server, kind, security), {"security": security})

    assert outcome.ok, outcome.detail
    assert "ready." in facts(outcome)["answer"]
    assert facts(outcome).get("certificate_days") == (None if security == "none" else 9)


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_mailbox_is_opened_read_only_and_counted(asking: Asking, server: DovecotPeer, security: str) -> None:
    settings = READER | PLAIN | {"security": security, "mailbox": "INBOX"}

    outcome = asking.ask("imap", _port(server, "imap", security), settings)

    assert outcome.ok, outcome.detail
    assert facts(outcome)["rows"] == 1
    assert "IMAP4REV1" in notes(outcome)["capabilities"]


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_messages_are_counted_by_pop3(asking: Asking, server: DovecotPeer, security: str) -> None:
    outcome = asking.ask("pop3", _port(server, "pop3", security), READER | PLAIN | {"security": security})

    assert outcome.ok, outcome.detail
    assert facts(outcome)["rows"] == 1


@pytest.mark.parametrize("kind", ["imap", "pop3"])
def test_refused_sign_in_is_told_without_the_password(asking: Asking, server: DovecotPeer, kind: str) -> None:
    outcome = asking.ask(kind, _port(server, kind, "tls"), READER | {"password": "wrong-one"})

    assert outcome.error is ErrorClass.SIGN_IN_REFUSED
    assert "Authentication failed" in outcome.detail
    assert "wrong-one" not in outcome.detail


def test_absent_mailbox_is_a_failure(asking: Asking, server: DovecotPeer) -> None:
    outcome = asking.ask("imap", _port(server, "imap", "tls"), READER | {"mailbox": 'no "such" one'})

    assert outcome.error is ErrorClass.UNEXPECTED_ANSWER
    assert outcome.detail.startswith("EXAMINE was answered NO")
