"""E-mail: text and HTML, with a Message-ID made of the delivery's key, so that a repeat is the same message."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils.dateparse import parse_datetime

from notifications import mail
from notifications.transports.base import Answer, DeliveryFailed, Message, Transport
from pulse.fields import ConfigError, FieldError, read_fields
from pulse.net.errors import AddressRefused, OutboundError
from pulse.net.smtp import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from pulse.templatetags.times import duration

SUBJECTS = {
    "incident.opened": "{word}: {name}",
    "incident.resolved": "{word}: {name}",
    "channel.test": "Test: this channel works",
}
# What happened in a word: what a person opened is not down, a mass outage is over rather than up, and so is what a
# person ended, whose monitor may be down still.
WORDS = {"incident.opened": ("Down", "Incident"), "incident.resolved": ("Up again", "Over")}
ENDED_BY = {
    "by hand": "{} resolved it; its monitor may be down still",
    "paused": "{} paused the monitor",
    "deleted": "{} deleted the monitor",
}


def load(data: object) -> dict[str, Any]:
    values = read_fields(data, {"to": _address})
    if "to" not in values:
        raise ConfigError([("/to", "Enter the e-mail address to write to.")])
    return values


def compose(message: Message, config: dict[str, Any]) -> EmailMultiAlternatives:
    """Subject and both bodies from the templates of the event. Names cannot break out of a header."""
    word = _word(message)
    context = {
        "word": word,
        "ended": _ended(message.data.get("incident")),
        "data": message.data,
        "facts": _facts(message.data.get("monitor"), message.data.get("incident")),
    }
    stem = f"email/{message.event.replace('.', '_')}"
    name = message.data.get("monitor", {}).get("name", "")
    mail_message = EmailMultiAlternatives(
        subject=" ".join(SUBJECTS[message.event].format(word=word, name=name).split()),
        body=render_to_string(f"{stem}.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[config["to"]],
        headers={"Message-ID": f"<{message.key}@{_domain()}>", "Auto-Submitted": "auto-generated"},
    )
    mail_message.attach_alternative(render_to_string(f"{stem}.html", context), "text/html")
    return mail_message


def _word(message: Message) -> str:
    usual, other = WORDS.get(message.event, ("", ""))
    incident = message.data.get("incident", {})
    kind, is_over = incident.get("kind", "monitor"), message.event == "incident.resolved"
    is_other = kind == "manual" or (is_over and (kind == "group" or incident.get("resolution") in ENDED_BY))
    return other if is_other else usual


def _ended(incident: dict[str, Any] | None) -> str:
    """How it ended, where that was not by the monitor working again."""
    words = ENDED_BY.get((incident or {}).get("resolution") or "", "")
    if (incident or {}).get("kind", "monitor") != "monitor":
        words = words.partition(";")[0]
    return words.format((incident or {}).get("resolved_by") or "Somebody")


def _facts(monitor: dict[str, Any] | None, incident: dict[str, Any] | None) -> list[tuple[str, str]]:
    """What a mail tells of an incident, line by line, with times as people read them."""
    if monitor is None or incident is None:
        return []
    since, until = (parse_datetime(incident[name] or "") for name in ("started_at", "resolved_at"))
    return [
        ("Since" if until is None else "From", _moment(since)),
        ("Until", _moment(until)),
        ("Lasted", duration(until - since) if since and until else ""),
        ("Ended", _ended(incident)),
        ("Cause", incident["cause"]),
        ("Severity", incident.get("severity", "") if monitor.get("id") is None else ""),
        ("Target", monitor["target"]),
    ]


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else ""


def send(message: Message, config: dict[str, Any], secret: str) -> Answer:
    try:
        return Answer(mail.post(compose(message, config)))
    except SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise DeliveryFailed(_said(code, text), code, permanent=code >= 500) from error
    except SMTPResponseException as error:
        # A refused sign-in or sender is the server's setting, which the operator may mend within the tries.
        raise DeliveryFailed(_said(error.smtp_code, error.smtp_error), error.smtp_code) from error
    except OutboundError as error:
        raise DeliveryFailed(str(error), permanent=isinstance(error, AddressRefused)) from error
    except SMTPException as error:
        raise DeliveryFailed(f"the mail server refused: {type(error).__name__}") from error


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    printable = "".join(char if char.isprintable() else " " for char in words)
    return f"the mail server answered {code} {printable[:200]}"


def _domain() -> str:
    return urlsplit(settings.PULSE_BASE_URL).hostname or "localhost"


def _address(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError("Write one e-mail address as text, like ops@example.com.")
    try:
        validate_email(value.strip())
    except ValidationError:
        raise FieldError("Enter one e-mail address, like ops@example.com.") from None
    return value.strip()


TRANSPORT = Transport(
    load=load,
    destination=lambda config: "mail:" + str(config["to"]).rpartition("@")[2].lower(),
    recipient=lambda config: str(config["to"]),
    send=send,
)
