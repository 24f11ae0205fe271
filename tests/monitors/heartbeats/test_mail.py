"""Jobs that report by mail: over SMTP, and through a provider's webhook."""

from __future__ import annotations

import json
import smtplib
import uuid
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from monitors.heartbeats import mail
from monitors.heartbeats.advancing import Kind
from monitors.telemetry.models import Status
from tests.monitors.heartbeats.serving import ask, heartbeat, rows_of, served, token_of
from tests.monitors.stepping import status
from tests.ports import free_port

DOMAIN = "ping.example.com"
SECRET = "a-shared-secret"
WORDS = {"failure_keywords": ["FAILED"], "success_keywords": ["done"], "start_keywords": ["begins"]}


@pytest.fixture
def port(world: None, settings: Any) -> Iterator[int]:
    """Where the server takes mail."""
    found = free_port()
    settings.PULSE_PING_EMAIL_DOMAIN = DOMAIN
    settings.PULSE_PING_EMAIL_LISTEN = f"127.0.0.1:{found}"
    with served(lifespan="on"):
        yield found


@pytest.fixture
def webhook(pings: str, settings: Any) -> str:
    settings.PULSE_PING_EMAIL_DOMAIN = DOMAIN
    settings.PULSE_PING_EMAIL_SECRET = SECRET
    return pings.removesuffix("/ping") + f"/ping-email/{SECRET}"


def message(subject: str = "backup", text: str = "all fine", to: str = "jobs@example.com") -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = subject, "root@db1.example.com", to
    made.set_content(text)
    return made


def deliver(port: int, to: list[str], sent: EmailMessage) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        return smtp.send_message(sent, "root@db1.example.com", to)


def test_mail_is_a_success_and_kept(acme: Any, port: int) -> None:
    monitor = heartbeat(acme)

    deliver(port, [f"{token_of(acme, monitor)}@{DOMAIN}"], message())

    assert status(monitor) is Status.UP
    [(kind, method, agent, body)] = rows_of(monitor, "kind, method, agent, convert_from(body, 'UTF8')")
    assert (kind, method, agent) == (Kind.SUCCESS, "email", "root@db1.example.com")
    assert "Subject: backup" in body
    assert "all fine" in body


@pytest.mark.parametrize(
    ("config", "subject", "text", "kind"),
    [
        ({"filter_subject": True, **WORDS}, "backup FAILED", "done", Kind.FAIL),
        ({"filter_subject": True, **WORDS}, "bäckup done", "FAILED", Kind.SUCCESS),
        ({"filter_subject": True, **WORDS}, "backup", "FAILED", Kind.IGNORED),
        ({"filter_body": True, **WORDS}, "FAILED", "it begins, grüße", Kind.START),
        ({"filter_body": True, **WORDS, "without_keyword": "fail"}, "x", "nothing", Kind.FAIL),
        ({"post_only": True}, "x", "y", Kind.SUCCESS),
    ],
)
def test_words_in_subject_and_text_decide(
    acme: Any, port: int, config: dict[str, Any], subject: str, text: str, kind: Kind
) -> None:
    monitor = heartbeat(acme, config=config)
    deliver(port, [f"{token_of(acme, monitor)}@{DOMAIN}"], message(subject, text))
    assert rows_of(monitor) == [kind]


def test_mail_for_anybody_else_is_refused(acme: Any, port: int) -> None:
    monitor = heartbeat(acme)
    token = token_of(acme, monitor)
    for stranger in (f"{token}@elsewhere.example.com", f"jobs@{DOMAIN}", "bob@example.net"):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            deliver(port, [stranger], message())
        assert refused.value.recipients[stranger][0] == 550
    with pytest.raises(smtplib.SMTPDataError) as unknown:
        deliver(port, [f"{uuid.uuid4()}@{DOMAIN}"], message())
    assert unknown.value.smtp_code == 550
    assert rows_of(monitor) == []


def test_a_message_that_is_too_large_is_refused(acme: Any, port: int) -> None:
    monitor = heartbeat(acme)
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        deliver(port, [f"{token_of(acme, monitor)}@{DOMAIN}"], message(text="x\n" * 600_000))
    assert refused.value.smtp_code == 552
    assert rows_of(monitor) == []


def test_one_message_for_two_jobs_reports_for_both(acme: Any, globex: Any, port: int) -> None:
    one, two = heartbeat(acme, "one"), heartbeat(globex, "two")
    to = [f"{token_of(acme, one)}@{DOMAIN}", f"{token_of(globex, two)}+nightly@{DOMAIN}"]
    deliver(port, to, message())
    assert (len(rows_of(one)), len(rows_of(two))) == (1, 1)


def test_a_webhook_with_the_raw_message_reports(acme: Any, webhook: str) -> None:
    monitor = heartbeat(acme)
    raw = message(to=f"Backup <{token_of(acme, monitor)}@{DOMAIN}>").as_bytes()
    answer = ask(webhook, "POST", raw, headers={"Content-Type": "message/rfc822"})
    assert (answer.status_code, answer.text) == (200, "OK")
    assert rows_of(monitor, "kind, method") == [(Kind.SUCCESS, "email")]


def test_webhooks_with_forms_report(acme: Any, webhook: str) -> None:
    monitor = heartbeat(acme, config={"filter_subject": True, **WORDS})
    to, raw = f"{token_of(acme, monitor)}@{DOMAIN}", message("it FAILED").as_string()
    sendgrid: dict[str, Any] = {"envelope": (None, json.dumps({"to": [to]})), "email": (None, raw)}
    assert ask(webhook, "POST", files=sendgrid).status_code == 200
    mailgun: Any = {"recipient": to, "body-mime": raw}
    assert ask(webhook, "POST", mailgun).status_code == 200
    assert rows_of(monitor) == [Kind.FAIL, Kind.FAIL]


def test_a_webhook_without_the_secret_or_for_nobody_is_not_found(acme: Any, webhook: str) -> None:
    monitor = heartbeat(acme)
    raw = message(to=f"{token_of(acme, monitor)}@{DOMAIN}").as_bytes()
    assert ask(webhook + "x", "POST", raw).status_code == 404
    assert ask(webhook, "GET").status_code == 404
    assert ask(webhook, "POST", message().as_bytes()).status_code == 404
    assert ask(webhook, "POST", b"x" * 2_100_000).status_code == 413
    assert rows_of(monitor) == []


def test_without_settings_there_is_neither(acme: Any, pings: str, settings: Any) -> None:
    settings.PULSE_PING_EMAIL_SECRET = ""
    assert ask(pings.removesuffix("/ping") + "/ping-email/", "POST", b"x").status_code == 404


@how(max_examples=50)
@given(
    st.binary(max_size=300),
    st.sampled_from(["", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]),
)
def test_nothing_in_a_message_can_make_reading_fail(content: bytes, content_type: str) -> None:
    raw, tokens = mail.from_webhook(content_type, content, DOMAIN)
    assert tokens == []
    for text in (
        mail.read(raw),
        mail.read(b"Content-Type: text/plain; charset=no-such\r\nSubject: =?x?q?y?=\r\n\r\n" + raw),
    ):
        assert all(isinstance(part, str) for part in text)
