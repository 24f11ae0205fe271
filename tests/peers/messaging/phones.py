"""Twilio's texts and calls, and ntfy."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

from tests.peers.messaging.checking import TEXT, URL, Wrong, many, read, shape, text
from tests.peers.providers import Asked, Reply

SID, AUTH_TOKEN, FROM = "AC" + "0123456789abcdef" * 2, "canarysecretcanarysecret", "+15017122661"
OF_MESSAGES = {"To", "From", "MessagingServiceSid", "Body", "StatusCallback"}
OF_CALLS = {"To", "From", "Twiml", "Timeout", "StatusCallback", "StatusCallbackEvent"}
VERBS = {"Response", "Say", "Pause", "Gather"}
NOTHING: dict[str, Any] = {}


@dataclass
class Twilio:
    """`messages` and `calls` are what it took, the newest first. Use its `url` as TWILIO_API_URL."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    loses_answers: bool = False

    def __call__(self, asked: Asked) -> Reply:
        known = base64.b64encode(f"{SID}:{AUTH_TOKEN}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {known}":
            return _error(401, 20003, f"Authenticate {asked.headers.get('authorization')}")
        found = re.fullmatch(rf"/2010-04-01/Accounts/{SID}/(Messages|Calls)\.json", urlsplit(asked.path).path)
        if not found:
            return _error(404, 20404, "The requested resource was not found")
        kind = found[1].lower()
        kept = self.messages if kind == "messages" else self.calls
        if asked.method == "GET":
            rows = [row for row in kept if row["to"] == asked.query.get("To", row["to"])]
            return Reply(200, {kind: rows, "page_size": 50, "next_page_uri": None, "uri": asked.path})
        return self._make(kind, kept, parse_qs(asked.body.decode()))

    def _make(self, kind: str, kept: list[dict[str, Any]], given: dict[str, list[str]]) -> Reply:
        unknown = given.keys() - (OF_MESSAGES if kind == "messages" else OF_CALLS)
        if unknown:
            raise Wrong(f"unknown parameters {unknown}")
        to, sender = given["To"][0], given.get("From", given.get("MessagingServiceSid", [""]))[0]
        if not re.fullmatch(r"\+[1-9]\d{6,14}", to):
            return _error(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if sender != FROM:
            return _error(400, 21606 if kind == "messages" else 21212, "The 'From' number is not yours")
        if to.endswith("21610"):
            return _error(400, 21610, "Attempt to send to unsubscribed recipient")
        row = {"sid": f"{'SM' if kind == 'messages' else 'CA'}{len(kept):032x}", "to": to, "from": sender,
               "status": "queued", "account_sid": SID, "date_created": formatdate(),
               "callback": given.get("StatusCallback", [""])[0], "uri": "/x"}  # fmt: skip
        row |= {"body": _body(given)} if kind == "messages" else {"twiml": _twiml(given)}
        kept.insert(0, row)
        if self.loses_answers:
            return Reply(201, raw=b"", hang_s=30)
        return Reply(201, row)


def _body(given: dict[str, list[str]]) -> str:
    if not 0 < len(given["Body"][0]) <= 1600:
        raise Wrong("21617: the body is too long")
    return given["Body"][0]


def _twiml(given: dict[str, list[str]]) -> str:
    markup = given["Twiml"][0]
    if len(markup) > 4000:
        raise Wrong("21215: Twiml too long")
    unknown = {part.tag for part in ET.fromstring(markup).iter()} - VERBS
    if unknown:
        raise Wrong(f"12200: {unknown}")
    return markup


def _error(status: int, code: int, words: str) -> Reply:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Reply(status, {"code": code, "message": words, "more_info": more, "status": status})


NTFY_TOKEN = "tk_canarysecretcanarysecret"
ACTION = shape({"action": {"const": "view"}, "label": text(100), "url": URL}, {"clear": {"type": "boolean"}})
PUBLISHED = shape(
    {"topic": {"type": "string", "pattern": "^[-_A-Za-z0-9]{1,64}$"}},
    {
        "message": text(4096),
        "title": text(250),
        "priority": {"type": "integer", "minimum": 1, "maximum": 5},
        "tags": many(TEXT, 5),
        "click": URL,
        "actions": many(ACTION, 3),
    },
)


def ntfy(asked: Asked) -> Reply:
    if asked.headers.get("authorization") != f"Bearer {NTFY_TOKEN}":
        said = {"code": 40101, "http": 401, "error": f"unauthorized {asked.headers.get('authorization')}"}
        return Reply(401, said)
    document = read(asked, PUBLISHED)
    if len(document["message"].encode()) > 4096:
        raise Wrong("it would become an attachment")
    return Reply(
        200, {"id": "sPs71M8A2T", "event": "message", "topic": document["topic"], "message": json.dumps(1)}
    )
