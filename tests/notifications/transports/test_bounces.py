"""Mail that comes back: the message it is about, whether that is final, and nothing that others made up."""

from __future__ import annotations

import pytest

from notifications.transports import bounces

KEY = f"msg_{'0190' * 8}"
REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

I'm sorry to have to inform you. {mention}

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Fri, 1 May 2026 02:12:07 +0000

Final-Recipient: rfc822; duty@acme.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--b
Content-Type: message/rfc822

Message-ID: <{key}@pulse.example>
To: duty@acme.example
Subject: Down: Shop

--b--
"""


def report(**more: str) -> bytes:
    usual = {"to": "pulse@pulse.example", "action": "failed", "status": "5.1.1", "said": "550 5.1.1 unknown user",
             "key": KEY, "mention": ""}  # fmt: skip
    return REPORT.format(**{**usual, **more}).replace("\n", "\r\n").encode()


@pytest.mark.parametrize(
    ("action", "status", "permanent"),
    [
        ("failed", "5.1.1", True),
        ("failed", "4.4.1", False),
        ("delayed", "4.4.1", False),
        ("Failed", "5.7.1", True),
    ],
)
def test_a_report_tells_the_message_and_whether_it_is_final(
    action: str, status: str, permanent: bool
) -> None:
    found = bounces.read(report(action=action, status=status))

    assert found == bounces.Bounce(KEY, permanent, "came back: 550 5.1.1 unknown user")


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded", ""])
def test_what_is_no_failure_is_no_bounce(action: str) -> None:
    assert bounces.read(report(action=action)) is None


def test_the_address_it_came_to_is_the_best_witness(settings: object) -> None:
    other = f"msg_{'0191' * 8}"

    found = bounces.read(report(), f"bounces+{other}@pulse.example")

    assert found is not None
    assert found.key == other


def test_the_return_path_holds_the_key(settings: object) -> None:
    assert bounces.return_path(KEY) == ""
    settings.PULSE_BOUNCE_ADDRESS = "bounces@pulse.example"  # type: ignore[attr-defined]
    address = bounces.return_path(KEY)

    assert address == f"bounces+{KEY}@pulse.example"
    assert bounces.key_of_address(address) == KEY
    assert bounces.key_of_address(f"pulse@{KEY}.example") == ""


def test_a_key_that_is_only_mentioned_is_not_believed() -> None:
    assert bounces.read(report(key="somebody-else", mention=KEY)) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"Subject: hello\r\n\r\n" + KEY.encode(), report()[:300], report().replace(b"--b", b"--c"),
     report().replace(b"message/rfc822", b"text/plain"), b"Content-Type: multipart/report; boundary=\r\n\r\n--\r\n"],
)  # fmt: skip
def test_what_is_no_report_of_ours_is_nothing(content: bytes) -> None:
    assert bounces.read(content) is None


def test_what_the_other_server_says_is_cut_and_on_one_line() -> None:
    found = bounces.read(report(said="550 " + "x" * 5000))

    assert found is not None
    assert len(found.text) <= 220
    assert "\n" not in found.text
