"""E-mails: in our colours, readable in a terminal, and closed to what names try to smuggle in."""

from __future__ import annotations

import re
from email.message import Message as Mail
from typing import Any

import pytest
from django.utils import timezone

from notifications.transports import email
from notifications.transports.base import Message
from tests.test_css import ROOT, linear_rgb, tokens

CONFIG = email.Config("duty@acme.example")
EVENTS = ("incident.opened", "incident.resolved", "channel.test")


def message(event: str, name: str = "Shop", resolved_at: str | None = None) -> Message:
    data = {
        "organisation": {"slug": "acme", "name": "Acme"},
        "monitor": {
            "id": "1",
            "name": name,
            "kind": "http",
            "target": "https://shop.example/",
            "url": "https://pulse.example/o/acme/monitors/1/",
        },
        "incident": {
            "id": "2",
            "url": "https://pulse.example/o/acme/incidents/2/",
            "started_at": "2026-05-01T02:11:07.000Z",
            "resolved_at": resolved_at,
            "cause": "answered 503, expected 200-399",
        },
        "channel": {"id": "3", "name": name},
        "requested_by": "Alice",
    }
    return Message("msg_1", event, timezone.now(), data)


def html_of(mail: Any) -> str:
    return str(mail.alternatives[0][0])


def srgb(value: str) -> tuple[int, ...]:
    def curve(linear: float) -> float:
        return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055

    return tuple(round(255 * curve(part)) for part in linear_rgb(value, 0, tokens()))


def test_the_colours_of_mails_are_those_of_the_pages() -> None:
    theme = (ROOT / "templates" / "email" / "_theme.html").read_text()
    constants = dict(re.findall(r'(\w+)="(#[0-9a-f]{6})"', theme))

    assert set(constants) >= {"ground", "surface", "text", "up", "down", "accent"}
    for name, written in constants.items():
        known = srgb(f"var(--{name.replace('_', '-')})")
        assert tuple(bytes.fromhex(written[1:])) == known, name


@pytest.mark.parametrize("page", ["_layout", "_lines", "_links", "_tone", "message"])
def test_no_mail_has_colours_of_its_own(page: str) -> None:
    markup = (ROOT / "templates" / "email" / f"{page}.html").read_text()

    assert re.findall(r"#[0-9a-f]{3,8}\b|rgb\(|oklch\(", markup) == []


def test_the_text_of_an_outage_reads_well_in_a_terminal() -> None:
    body = email.compose(message("incident.opened"), CONFIG).body

    assert body == (
        "Shop is down: answered 503, expected 200-399.\n\n"
        "Since    2026-05-01 02:11:07 UTC\n"
        "Cause    answered 503, expected 200-399\n"
        "Target   https://shop.example/\n\n"
        "Incident https://pulse.example/o/acme/incidents/2/\n"
        "Monitor  https://pulse.example/o/acme/monitors/1/\n\n"
        "Acme · sent by Pulse\n"
    )


def test_the_end_of_an_outage_tells_how_long_it_lasted() -> None:
    mail = email.compose(message("incident.resolved", resolved_at="2026-05-01T02:25:13.000Z"), CONFIG)

    assert "Lasted   14 min 6 s" in mail.body
    assert "14 min 6 s" in html_of(mail)
    assert mail.subject == "Up again: Shop"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("by hand", "Shop: Bob resolved it; its monitor may be down still."),
        ("paused", "Shop: Bob paused the monitor."),
    ],
)
def test_what_a_person_ended_is_not_said_to_be_up_again(how: str, words: str) -> None:
    end = message("incident.resolved", resolved_at="2026-05-01T02:25:13.000Z")
    end.data["incident"] |= {"resolution": how, "resolved_by": "Bob"}
    mail = email.compose(end, CONFIG)

    assert mail.subject == "Over: Shop"
    assert words in mail.body
    assert "up again" not in (mail.body + html_of(mail)).lower()


@pytest.mark.parametrize("event", EVENTS)
def test_names_are_text_in_html(event: str) -> None:
    html = html_of(email.compose(message(event, name="<img src=x onerror=alert(1)>"), CONFIG))

    assert "<img" not in html
    assert "&lt;img src=x" in html


@pytest.mark.parametrize("event", EVENTS)
def test_names_stay_as_they_are_in_text(event: str) -> None:
    assert "R&D <shop>" in email.compose(message(event, name="R&D <shop>"), CONFIG).body


@pytest.mark.parametrize("event", EVENTS)
def test_a_name_cannot_add_a_header(event: str, smtp: Any) -> None:
    name = "Shop\r\nBcc: everybody@acme.example\r\n\r\nHello"

    email.send(message(event, name=name), CONFIG)

    received: Mail = smtp.mails[0]
    assert received["Bcc"] is None
    assert received.get_all("To") == ["duty@acme.example"]
    assert "\n" not in str(received["Subject"])


def test_a_repeat_is_the_same_message(smtp: Any) -> None:
    email.send(message("incident.opened"), CONFIG)
    email.send(message("incident.opened"), CONFIG)

    assert [mail["Message-ID"] for mail in smtp.mails] == ["<msg_1@localhost>"] * 2
    assert smtp.mails[0]["Auto-Submitted"] == "auto-generated"
