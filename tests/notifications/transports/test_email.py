"""E-mail on its way: a conversation for one outage, where it comes back to, and what a mail server may answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import Message as Mail
from time import monotonic
from typing import Any

import pytest

from notifications import events, mail
from notifications.transports import bounces, email
from notifications.transports.base import DeliveryFailed
from tests.notifications.transports.kinds import HOSTILE, LINKS, message
from tests.peers.smtp import SmtpPeer

CONFIG = email.Config("duty@acme.example")


@contextmanager
def says(*lines: bytes) -> Iterator[str]:
    """A server that says these lines, one at each turn, and then nothing. Yields its EMAIL_URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                for line in lines:
                    peer.sendall(line)
                    if not peer.recv(4096):
                        return
                peer.settimeout(20)
                while peer.recv(4096):
                    pass

        threading.Thread(target=serve, daemon=True).start()
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}?security=none"


def failure(settings: Any, url: str) -> DeliveryFailed:
    settings.EMAIL_URL = url
    with pytest.raises(DeliveryFailed) as failed:
        email.send(message(), CONFIG)
    return failed.value


@pytest.mark.parametrize("event", list(events.WORDS))
@pytest.mark.parametrize("name", ["Shop", HOSTILE, "ü" * 120])
def test_a_mail_server_takes_every_event(smtp: Any, event: str, name: str) -> None:
    answer = email.send(message(event, name), CONFIG)

    received: Mail = smtp.mails[0]
    assert answer.text == "accepted by 127.0.0.1"
    assert answer.request == "MAIL to acme.example"
    assert received.get_all("To") == ["duty@acme.example"]
    assert received["Bcc"] is None
    html = received.get_body(("html",)).get_content()  # type: ignore[attr-defined]
    assert f'href="{LINKS.why}"' in html
    assert "<Say>" not in html


def test_all_that_is_told_of_one_outage_is_one_conversation(smtp: Any) -> None:
    for event in (events.OPENED, events.RESOLVED):
        email.send(replace(message(event), key=f"msg_{event}"), CONFIG)
    email.send(message(events.TEST), CONFIG)

    opened, resolved, test = smtp.mails
    assert opened["References"] == resolved["References"] == resolved["In-Reply-To"] == "<0190.1@localhost>"
    assert opened["Message-ID"] != resolved["Message-ID"]
    assert test["References"] is None


def test_it_comes_back_to_an_address_with_its_key(smtp: Any, settings: Any) -> None:
    settings.PULSE_BOUNCE_ADDRESS = "bounces@pulse.example"

    email.send(message(), CONFIG)

    assert bounces.key_of_address(smtp.senders[0]) == message().key


def test_an_address_that_does_not_exist_is_not_tried_again(smtp: Any) -> None:
    smtp.refuse["duty@acme.example"] = "550 5.1.1 no such user"

    with pytest.raises(DeliveryFailed, match=r"550 5\.1\.1 no such user") as failed:
        email.send(message(), CONFIG)

    assert (failed.value.permanent, failed.value.answer.status_code) == (True, 550)


def test_a_full_mailbox_is_tried_again(smtp: Any) -> None:
    smtp.refuse["duty@acme.example"] = "452 4.2.2 mailbox full"

    with pytest.raises(DeliveryFailed) as failed:
        email.send(message(), CONFIG)

    assert not failed.value.permanent


def test_a_refused_sign_in_is_told_at_once_and_tried_on(settings: Any) -> None:
    peer = SmtpPeer()
    peer.start()
    try:
        failed = failure(settings, f"smtp://reader:canarysecret@{peer.target}?security=none")
    finally:
        peer.stop()

    assert (failed.misconfigured, failed.permanent) == (True, False)
    assert "canarysecret" not in repr(failed.answer)


def test_a_server_that_hangs_is_left_by_the_deadline(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(mail, "DEADLINE_S", 0.5)
    began = monotonic()
    with says(b"220 ready\r\n") as url:
        failed = failure(settings, url)

    assert monotonic() - began < 3
    assert failed.unknown


def test_a_server_without_tls_is_not_spoken_to(settings: Any) -> None:
    with says(b"220 ready\r\n", b"250 mail.test\r\n") as url:
        failed = failure(settings, url.replace("?security=none", ""))

    assert "STARTTLS" in failed.answer.text
    assert (failed.permanent, failed.unknown) == (False, False)


def test_what_the_server_says_is_cut_and_printable(settings: Any) -> None:
    said = b"554 " + b"\x1b[31m" + b"x" * 900 + b"\r\n"
    with says(b"220 ready\r\n", b"250 mail.test\r\n", said, b"250 reset\r\n", b"221 bye\r\n") as url:
        failed = failure(settings, url)

    assert "xxx" in failed.answer.text
    assert failed.answer.text.isprintable()
    assert len(failed.answer.text) <= 300


def test_without_a_server_it_is_in_the_local_mailbox(world: None, settings: Any) -> None:
    settings.EMAIL_URL = ""

    assert email.send(message(), CONFIG).text == "kept in the local mailbox"
