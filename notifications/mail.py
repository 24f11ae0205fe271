"""Post e-mail: to the server that EMAIL_URL names, or into the local mailbox where none is set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import getaddresses
from ipaddress import ip_network
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection

from notifications.ledger.models import LocalMail
from notifications.reconnecting import AWAY
from pulse.net.addresses import Policy
from pulse.net.errors import OutboundError
from pulse.net.smtp import Security, SMTPException, SMTPRecipientsRefused, smtp_connection

DEADLINE_S = 20.0
LOCAL_MAILS_KEPT = 500
# The mail server is the operator's own choice, from the environment; organisations cannot set it.
ANYWHERE = Policy((ip_network("0.0.0.0/0"), ip_network("::/0")))
PORTS: dict[str, int] = {"none": 25, "starttls": 587, "tls": 465}


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    security: Security
    username: str
    password: str


def server(url: str) -> Server:
    """`smtp://user:password@host:587` (STARTTLS), `smtps://…:465` (TLS), `smtp://…?security=none`."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL must look like smtp://user:password@host:587 or smtps://…:465.")
    default = "tls" if parts.scheme == "smtps" else "starttls"
    security = parse_qs(parts.query).get("security", [default])[-1]
    if security not in PORTS:
        raise ImproperlyConfigured("EMAIL_URL: use ?security=none, starttls or tls.")
    return Server(
        parts.hostname,
        parts.port or PORTS[security],
        security,  # type: ignore[arg-type]  # checked above
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def post(message: EmailMessage, *, sender: str = "") -> str:
    """Hand one message over and return what the server said. Raises OutboundError or smtplib's errors.

    `sender` is where it comes back to when it cannot be delivered; else that is whom it is from.
    """
    if not settings.EMAIL_URL:
        return keep(message)
    to = server(settings.EMAIL_URL)
    with smtp_connection(
        to.host, to.port, security=to.security, username=to.username, password=to.password,
        policy=ANYWHERE, deadline_s=DEADLINE_S,
    ) as client:  # fmt: skip
        refused = client.send_message(
            message.message(), from_addr=sender or _bare(message.from_email), to_addrs=message.recipients()
        )
    if refused:
        raise SMTPRecipientsRefused(refused)
    return f"accepted by {to.host}"


def keep(message: EmailMessage) -> str:
    """Put it into the local mailbox, which holds the newest 500."""
    try:
        _keep(message)
    except AWAY:
        # A thread that sends asks the database for nothing else: it would keep the dead connection for good.
        if not connection.in_atomic_block:
            connection.close()
        raise
    return "kept in the local mailbox"


def _keep(message: EmailMessage) -> None:
    html = next((str(part[0]) for part in getattr(message, "alternatives", []) if part[1] == "text/html"), "")
    message_id = message.extra_headers.get("Message-ID", "")
    fields = {
        "sender": str(message.from_email),
        "to": ", ".join(message.recipients()),
        "subject": str(message.subject),
        "text": str(message.body),
        "html": html,
    }
    if message_id:
        LocalMail.objects.get_or_create(message_id=message_id, defaults=fields)
    else:
        LocalMail.objects.create(message_id=None, **fields)
    newest = LocalMail.objects.order_by("-pk").values_list("pk", flat=True)
    oldest_kept = newest[LOCAL_MAILS_KEPT - 1 : LOCAL_MAILS_KEPT].first()
    if oldest_kept:
        LocalMail.objects.filter(pk__lt=oldest_kept).delete()


class Backend(BaseEmailBackend):
    """For Django's and allauth's own mail: password resets, confirmations."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        sent = 0
        for message in email_messages:
            try:
                post(message)
                sent += 1
            except (OutboundError, SMTPException):
                if not self.fail_silently:
                    raise
        return sent


def _bare(address: str | None) -> str:
    return getaddresses([address or settings.DEFAULT_FROM_EMAIL])[0][1]
