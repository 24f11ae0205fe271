"""E-mail: text and HTML, with a Message-ID made of the delivery's key, so that a repeat is the same message."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from monitors.probes.settings import Settings, section
from notifications import mail
from notifications.transports.asking import safe, unreachable
from notifications.transports.base import Answer, DeliveryFailed, Message, Transport
from notifications.transports.bounces import return_path
from notifications.transports.fields import email_address, needed
from notifications.wording import words_of
from notifications.wording.shape import text_of
from pulse.net.errors import OutboundError
from pulse.net.smtp import SMTPException, SMTPRecipientsRefused, SMTPResponseException

SIGN_IN_REFUSED = (530, 534, 535, 538)  # RFC 4954


@dataclass(frozen=True, slots=True)
class Config:
    to: str


SETTINGS = Settings(
    Config,
    section(
        "Where to",
        email_address("to", "E-mail address", "One address; a mailing list is one address too."),
    ),
    together=needed({"to": "Enter the e-mail address to write to."}),
)


def compose(message: Message, config: Config) -> EmailMultiAlternatives:
    """Subject and both bodies. Names cannot break out of a header."""
    words = words_of(message)
    mail_message = EmailMultiAlternatives(
        subject=words.title,
        body=text_of(words),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[config.to],
        headers=_headers(message),
    )
    mail_message.attach_alternative(render_to_string("email/message.html", {"words": words}), "text/html")
    return mail_message


def _headers(message: Message) -> dict[str, str]:
    """All that is told of one outage refers to one id, which no message has: so clients show a conversation."""
    headers = {"Message-ID": _id(message.key), "Auto-Submitted": "auto-generated"}
    if message.thread:
        headers |= dict.fromkeys(("In-Reply-To", "References"), _id(message.thread))
    return headers


def send(message: Message, config: Config) -> Answer:
    request = f"MAIL to {config.to.rpartition('@')[2]}"
    sender = return_path(message.key)
    try:
        return Answer(mail.post(compose(message, config), sender=sender), request=request)
    except SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise DeliveryFailed(_said(code, text), code, permanent=code >= 500, request=request) from error
    except SMTPResponseException as error:
        # A refused sign-in or sender is the server's setting, which the operator may mend within the tries.
        raise DeliveryFailed(
            _said(error.smtp_code, error.smtp_error),
            error.smtp_code,
            misconfigured=error.smtp_code in SIGN_IN_REFUSED,
            permanent=False,
            request=request,
        ) from error
    except OutboundError as error:
        raise unreachable(error, request) from error
    except SMTPException as error:
        raise DeliveryFailed(f"the mail server refused: {type(error).__name__}", request=request) from error


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"the mail server answered {code} {safe(words)}"


def _id(name: str) -> str:
    plain = "".join(char for char in name if char.isalnum() or char in "._-")
    return f"<{plain}@{urlsplit(settings.PULSE_BASE_URL).hostname or 'localhost'}>"


TRANSPORT = Transport(
    title="E-mail",
    about="A message to one address: a person, or a list that everybody on duty reads.",
    group="people",
    settings=SETTINGS,
    destination=lambda config: "mail:" + str(config["to"]).rpartition("@")[2].lower(),
    recipient=lambda config: str(config["to"]),
    send=send,
    personal=True,
)
