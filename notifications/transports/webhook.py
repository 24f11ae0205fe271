"""Webhooks signed as Standard Webhooks say (standardwebhooks.com): POST, JSON, `webhook-id` the same at every try."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from incidents.saying import rfc3339
from monitors.probes.settings import Settings, choose, section, text
from notifications.transports.asking import Statuses, ask, judge, policy_of_users
from notifications.transports.base import Answer, Message, Transport
from notifications.transports.fields import header_lines, needed, url
from notifications.transports.placeholders import KNOWN, fill, read_template
from pulse.fields import named_lines
from pulse.net.urls import parse_url

# Programs of one's own refuse a lot while they are being mended: all of it is tried on.
STATUSES = Statuses(permanent=(), patient=True)


@dataclass(frozen=True, slots=True)
class Config:
    """`signing` holds one secret, or during a rotation two, the newest first."""

    url: str
    headers: str
    body: str
    content_type: str
    signing: tuple[str, ...] = ()


SETTINGS = Settings(
    Config,
    section(
        "Where to",
        url("url", "URL", "Messages are posted there as JSON, signed as Standard Webhooks say."),
    ),
    section(
        "Headers and body",
        header_lines(
            "headers",
            "Headers",
            'More headers, one a line, like "Authorization: Bearer …"; kept as a secret.',
        ),
        text(
            "body",
            "Body",
            "Empty: the JSON that the documentation shows. Else this text, with "
            + ", ".join(f"{{{name}}}" for name in KNOWN)
            + " replaced.",
            longest=8000,
            long=True,
            read=read_template,
        ),
        choose(
            "content_type",
            "Body is",
            [
                ("application/json", "JSON"),
                ("text/plain", "plain text"),
                ("application/x-www-form-urlencoded", "a form"),
            ],
            "Values are escaped so that they cannot break out of it.",
        ),
    ),
    together=needed({"url": "Enter the URL that messages are posted to."}),
)


def new_secret() -> str:
    """A signing secret: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def destination(config: dict[str, Any]) -> str:
    found = parse_url(config["url"])
    return f"{found.host}:{found.port}"


def body_of(message: Message, config: Config) -> bytes:
    """What is posted and signed: {"id", "type", "timestamp", "data"}, or the channel's own template."""
    if config.body:
        return fill(config.body, message, config.content_type).encode()
    content = {
        "id": message.key,
        "type": message.event,
        "timestamp": rfc3339(message.at),
        "data": message.data,
        "links": {"why": message.links.why or None, "acknowledge": message.links.acknowledge or None},
    }
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def send(message: Message, config: Config) -> Answer:
    body, now = body_of(message, config), timezone.now()
    own = {
        "Content-Type": config.content_type,
        "User-Agent": "Pulse-Webhooks/1",
        "webhook-id": message.key,
        "webhook-timestamp": str(int(now.timestamp())),
        # While a secret is being replaced both sign: receivers take any that they know.
        "webhook-signature": " ".join(
            Webhook(secret).sign(message.key, now, body.decode()) for secret in config.signing
        ),
    }
    headers = named_lines(config.headers) | own
    return judge(ask("POST", config.url, policy_of_users(), body=body, headers=headers), STATUSES)


TRANSPORT = Transport(
    title="Webhook",
    about="A POST with JSON to a URL of yours: for your own programs, chat bridges and ticket systems. Each message is "
    "signed, and its id stays the same over all tries.",
    settings=SETTINGS,
    destination=destination,
    recipient=lambda config: parse_url(config["url"]).host,
    send=send,
    signs=True,
)
