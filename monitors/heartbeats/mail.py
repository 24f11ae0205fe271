"""Read mail that reports for a job: whom it is for, subject, text. Pure; no message can make it fail."""

from __future__ import annotations

import email.parser
import email.policy
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any
from urllib.parse import parse_qs

from monitors.heartbeats.advancing import Kind
from monitors.heartbeats.arrivals import Arrival

METHOD = "email"
RECIPIENTS_AT_MOST = 20
KEPT_AT_MOST = 100_000
TEXT_AT_MOST = 100_000
# The library takes time by the square of a header's length, and much for each part: it gets to see no more.
PARSED_AT_MOST = 150_000
HEADER_AT_MOST = 2_000
PARTS_AT_MOST = 100
# Where providers put a message that they hand on, and whom it was for.
RAW_FIELDS = ("email", "body-mime", "message", "raw")
RECIPIENT_HEADERS = ("X-Envelope-To", "X-Original-To", "Delivered-To", "To", "Cc")
_TOKEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class _Bounded(email.policy.EmailPolicy):
    """Headers are cut before they are read, those of parts too."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name[:100], value[:HEADER_AT_MOST]


_POLICY = _Bounded()


class _Parts:
    """Makes the parts of one message; raises ValueError when they do not end."""

    def __init__(self) -> None:
        self._made = 0

    def __call__(self, policy: Any = None) -> EmailMessage:
        self._made += 1
        if self._made > PARTS_AT_MOST:
            raise ValueError("too many parts")
        return EmailMessage(policy)


def token_in(address: str, domain: str) -> str:
    """The token before `@domain`; empty for every other address. What follows a plus does not count."""
    local, _, host = address.strip().strip("<>").lower().rpartition("@")
    local = local.partition("+")[0]
    return local if domain and host == domain and _TOKEN.fullmatch(local) else ""


def arrivals_of(raw: bytes, tokens: Iterable[str], sender: str, address: str | None) -> list[Arrival]:
    """One for each heartbeat that it is for. The message is kept as it came, as far as room is."""
    subject, text = read(raw)
    return [
        Arrival(
            Kind.SUCCESS,
            METHOD,
            token=hashlib.sha256(token.encode()).hexdigest(),
            address=address,
            agent=_plain(sender)[:200],
            subject=subject,
            text=text,
            body=raw[:KEPT_AT_MOST],
            body_size=len(raw),
        )
        for token in dict.fromkeys(tokens)
    ]


def read(raw: bytes) -> tuple[str, str]:
    """(subject, text) of a message; of one that is only HTML, that."""
    message = _parsed(raw[:PARSED_AT_MOST])
    if message is None:
        return "", ""
    try:
        subject = _plain(str(message["Subject"] or ""))[:1000]
    except Exception:  # what the library cannot read, and it raises nearly everything
        subject = ""
    return subject, _text(message)[:TEXT_AT_MOST]


def from_webhook(content_type: str, content: bytes, domain: str) -> tuple[bytes, list[str]]:
    """(message, tokens) in what a provider posts: the message itself, or a form with it and its recipients."""
    form = dict(_form(content_type, content))
    raw = next((form[name] for name in RAW_FIELDS if form.get(name)), b"") if form else content
    addresses = [*_envelope(form.get("envelope", b"")), form.get("recipient", b"").decode("utf-8", "replace")]
    tokens = [token for one in addresses for token in [token_in(one, domain)] if token]
    return raw, (tokens or recipients(raw, domain))[:RECIPIENTS_AT_MOST]


def recipients(raw: bytes, domain: str) -> list[str]:
    """The tokens among those that a message names in its own headers."""
    message = _parsed(raw[:PARSED_AT_MOST])
    if message is None:
        return []
    try:
        named = [str(value) for header in RECIPIENT_HEADERS for value in message.get_all(header, [])[:20]]
        found = [token_in(address, domain) for _, address in getaddresses(named)]
    except Exception:
        return []
    return list(dict.fromkeys(token for token in found if token))


def _parsed(raw: bytes) -> EmailMessage | None:
    try:
        found: Any = email.parser.BytesParser(_Parts(), policy=_POLICY).parsebytes(raw)
    except Exception:
        return None
    return found if isinstance(found, EmailMessage) else None


def _text(message: EmailMessage) -> str:
    try:
        part = message.get_body(("plain", "html"))
        content = part.get_content() if part is not None else ""
        return content if isinstance(content, str) else ""
    except Exception:  # an unknown charset, a broken encoding: as it came then
        return _undecoded(message)


def _undecoded(message: EmailMessage) -> str:
    try:
        payload: Any = message.get_payload()
    except Exception:
        return ""
    return payload if isinstance(payload, str) else ""


def _form(content_type: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        try:
            fields = parse_qs(content.decode("latin-1"), encoding="latin-1", max_num_fields=100)
        except ValueError:
            return
        for name, values in fields.items():
            yield name, values[0].encode("latin-1", "replace")
    elif kind == "multipart/form-data":
        parsed = _parsed(
            b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n" + content
        )
        for part in parsed.iter_parts() if parsed is not None and parsed.is_multipart() else ():
            field = part.get_param("name", header="content-disposition")
            payload = part.get_payload(decode=True)
            if isinstance(field, str) and isinstance(payload, bytes):
                yield field, payload


def _envelope(text: bytes) -> list[str]:
    """SendGrid's: `{"to": ["token@domain"], "from": "…"}`."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return []
    to = found.get("to") if isinstance(found, dict) else None
    return [one for one in to if isinstance(one, str)] if isinstance(to, list) else []


def _plain(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
