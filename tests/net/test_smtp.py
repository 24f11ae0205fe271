"""Mail connections: vetted, under one deadline, encrypted unless told otherwise."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from smtplib import SMTPAuthenticationError, SMTPRecipientsRefused
from time import monotonic
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from pulse.net.addresses import Policy, parse_networks
from pulse.net.errors import AddressRefused, DeadlineExceeded, NotConnected
from pulse.net.failures import Failure
from pulse.net.smtp import Security, smtp_connection
from tests.certificates import Authority
from tests.ports import free_port

LOOPBACK = Policy(parse_networks("127.0.0.0/8"))
MAIL = "Subject: down\r\n\r\nIt is down."


class Inbox:
    """aiosmtpd's handler: keeps what it accepts, refuses nobody@."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802  # aiosmtpd calls it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 OK"


def sign_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"pulse", b"secret")
    return AuthResult(success=good, handled=False)


@contextmanager
def mail_server(inbox: Inbox, **options: Any) -> Iterator[int]:
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), authenticator=sign_in, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def server_tls(authority: Authority, security: Security, name: str) -> dict[str, ssl.SSLContext]:
    if security == "none":
        return {}
    return {"ssl_context" if security == "tls" else "tls_context": authority.server_context(name)}


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_mail_is_delivered(inbox: Inbox, authority: Authority, security: Security) -> None:
    with (
        mail_server(inbox, **server_tls(authority, security, "localhost")) as port,
        smtp_connection(
            "localhost",
            port,
            security=security,
            policy=LOOPBACK,
            deadline_s=5,
            ca_file=str(authority.ca_file),
        ) as mail,
    ):
        mail.sendmail("pulse@example.com", ["ann@example.com"], MAIL)

    assert inbox.envelopes[0].rcpt_tos == ["ann@example.com"]


def test_user_name_and_password_are_checked_by_the_server(inbox: Inbox, authority: Authority) -> None:
    options = {"policy": LOOPBACK, "deadline_s": 5, "ca_file": str(authority.ca_file), "username": "pulse"}
    with mail_server(inbox, **server_tls(authority, "starttls", "localhost")) as port:
        with smtp_connection("localhost", port, password="secret", **options) as mail:  # type: ignore[arg-type]
            mail.sendmail("pulse@example.com", ["ann@example.com"], MAIL)
        with (
            pytest.raises(SMTPAuthenticationError),
            smtp_connection("localhost", port, password="wrong", **options),  # type: ignore[arg-type]
        ):
            pass

    assert len(inbox.envelopes) == 1


def test_refused_recipient_stays_an_answer_of_the_server(inbox: Inbox) -> None:
    with (
        mail_server(inbox) as port,
        pytest.raises(SMTPRecipientsRefused),
        smtp_connection("127.0.0.1", port, security="none", policy=LOOPBACK, deadline_s=5) as mail,
    ):
        mail.sendmail("pulse@example.com", ["nobody@example.com"], MAIL)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_certificate_for_another_name_is_refused(
    inbox: Inbox, authority: Authority, security: Security
) -> None:
    with (
        mail_server(inbox, **server_tls(authority, security, "other.test")) as port,
        pytest.raises(NotConnected) as caught,
        smtp_connection(
            "localhost",
            port,
            security=security,
            policy=LOOPBACK,
            deadline_s=5,
            ca_file=str(authority.ca_file),
        ),
    ):
        pass

    assert caught.value.failure is Failure.HOSTNAME_MISMATCH


def test_server_without_starttls_gets_no_mail_in_the_clear(inbox: Inbox) -> None:
    with (
        mail_server(inbox) as port,
        pytest.raises(NotConnected, match="does not offer STARTTLS"),
        smtp_connection("127.0.0.1", port, policy=LOOPBACK, deadline_s=5),
    ):
        pass


def test_private_mail_server_is_refused() -> None:
    with (
        pytest.raises(AddressRefused, match="private address"),
        smtp_connection("10.0.0.1", 25, policy=Policy(), deadline_s=5),
    ):
        pass


def test_server_that_never_greets_is_cut_at_the_deadline() -> None:
    begin = monotonic()
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(DeadlineExceeded),
        smtp_connection("127.0.0.1", silent.getsockname()[1], policy=LOOPBACK, deadline_s=0.3),
    ):
        pass

    assert monotonic() - begin < 1


def test_unreachable_file_of_authorities_is_not_ignored(tmp_path: Path, inbox: Inbox) -> None:
    with (
        mail_server(inbox) as port,
        pytest.raises(FileNotFoundError),
        smtp_connection("127.0.0.1", port, policy=LOOPBACK, deadline_s=5, ca_file=str(tmp_path / "none.pem")),
    ):
        pass
