"""Read mail that comes back (RFC 3464): which message it is about, and whether that is final."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default

from django.conf import settings

from notifications.transports.asking import safe

LARGEST = 256 << 10
_KEY = re.compile(r"msg_[0-9a-f]{32}")
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
# What a server keeps trying, or has delivered, is no bounce; what it expands may still bounce.
_FAILED = {"failed": True, "delayed": False}


@dataclass(frozen=True, slots=True)
class Bounce:
    """`permanent` is False while the server still tries."""

    key: str
    permanent: bool
    text: str


def return_path(key: str) -> str:
    """The address that what comes back goes to, with the key in it (VERP); '' where none is set."""
    local, at, domain = settings.PULSE_BOUNCE_ADDRESS.partition("@")
    return f"{local}+{key}@{domain}" if at else ""


def key_of_address(address: str) -> str:
    """The key in an address that `return_path` made; '' if it is none of those."""
    found = _KEY.search(address.rpartition("@")[0])
    return found[0] if found else ""


def read(content: bytes, recipient: str = "") -> Bounce | None:
    """What a mail to `recipient` tells of one of our messages; None if it is no bounce of ours.

    The address it came to is the best witness. Without one, the headers of the message that is returned are looked
    at, never its text: anybody may quote a key there.
    """
    mail = message_from_bytes(content[:LARGEST], policy=default)
    assert isinstance(mail, EmailMessage)
    key = key_of_address(recipient) or _returned_key(mail)
    report = _report(mail)
    if not key or report is None:
        return None
    action = str(report.get("Action", "")).strip().lower()
    status = str(report.get("Status", "")).strip()
    if action not in _FAILED:
        return None
    told = _STATUS.search(status)
    return Bounce(key, _FAILED[action] and not (told and told[1] == "4"), _words(report, status))


def _report(mail: EmailMessage) -> Message | None:
    """The fields of the first recipient in the delivery status."""
    if mail.get_content_type() != "multipart/report":
        return None
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            groups = part.get_payload()
            found = (
                [group for group in groups if isinstance(group, Message)] if isinstance(groups, list) else []
            )
            return next((group for group in found if "Action" in group), None)
    return None


def _returned_key(mail: EmailMessage) -> str:
    for part in mail.walk():
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
            payload = part.get_payload()
            returned = payload[0] if isinstance(payload, list) else message_from_bytes(str(payload).encode())
            assert isinstance(returned, Message)
            found = _KEY.search(str(returned.get("Message-ID", "")))
            return found[0] if found else ""
    return ""


def _words(report: Message, status: str) -> str:
    """`550 5.1.1 unknown user`; the type before the semicolon says nothing to people."""
    diagnostic = str(report.get("Diagnostic-Code", "")).partition(";")[2] or status
    return f"came back: {safe(diagnostic)}"
