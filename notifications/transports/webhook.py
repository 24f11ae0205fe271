"""Webhooks signed as Standard Webhooks say (standardwebhooks.com): POST, JSON, `webhook-id` the same at every try."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from django.conf import settings
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from incidents.saying import rfc3339
from notifications.transports.base import Answer, DeliveryFailed, Message, Transport
from pulse.fields import ConfigError, FieldError, read_fields
from pulse.net.addresses import Policy, parse_networks
from pulse.net.errors import AddressRefused, OutboundError
from pulse.net.failures import Failure
from pulse.net.session import outbound_session
from pulse.net.urls import UrlError, parse_url, refused_literal

DEADLINE_S = 15.0
GONE = 410


def load(data: object) -> dict[str, Any]:
    values = read_fields(data, {"url": _url})
    if "url" not in values:
        raise ConfigError([("/url", "Enter the URL that messages are posted to.")])
    return values


def new_secret() -> str:
    """A signing secret: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def destination(config: dict[str, Any]) -> str:
    url = parse_url(config["url"])
    return f"{url.host}:{url.port}"


def body_of(message: Message) -> str:
    """What is posted and signed: {"id", "type", "timestamp", "data"}."""
    content = {
        "id": message.key,
        "type": message.event,
        "timestamp": rfc3339(message.at),
        "data": message.data,
    }
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def send(message: Message, config: dict[str, Any], secret: str) -> Answer:
    body, now = body_of(message), timezone.now()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Pulse-Webhooks/1",
        "webhook-id": message.key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message.key, now, body),
    }
    session = outbound_session(_policy(), DEADLINE_S, nameservers=settings.PULSE_NAMESERVERS or None)
    try:
        response = session.post(config["url"], data=body.encode(), headers=headers)
    except OutboundError as error:
        permanent = isinstance(error, AddressRefused) or error.failure is Failure.INVALID_TARGET
        raise DeliveryFailed(_sentence(str(error)), permanent=permanent) from error
    return _judge(response)


def _judge(response: requests.Response) -> Answer:
    """2xx has it. 3xx is a failure: a redirect could lead a signed message anywhere."""
    status = response.status_code
    if 200 <= status < 300:
        return Answer(f"answered {status}", status)
    if status == GONE:
        raise DeliveryFailed("answered 410: it wants no more messages", status, gone=True)
    if 300 <= status < 400:
        raise DeliveryFailed(f"answered {status}: redirects are not followed", status)
    raise DeliveryFailed(f"answered {status}", status, retry_after=_retry_after(response))


def _retry_after(response: requests.Response) -> timedelta | None:
    """Seconds or a date (RFC 9110, 10.2.3); anything else is as if it were absent."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return timedelta(seconds=min(int(value), 7 * 86_400))
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(timedelta(0), moment - timezone.now())


def _url(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError("Write the URL as text, like https://example.com/hook.")
    try:
        url = parse_url(value.strip())
    except UrlError as error:
        raise FieldError(str(error)) from None
    if refusal := refused_literal(url, _policy(), "PULSE_ALLOW_PRIVATE_WEBHOOKS"):
        raise FieldError(refusal)
    return str(url)


def _policy() -> Policy:
    return Policy(parse_networks(settings.PULSE_ALLOW_PRIVATE_WEBHOOKS))


def _sentence(text: str) -> str:
    return text[:1].lower() + text[1:]


TRANSPORT = Transport(
    load=load,
    destination=destination,
    recipient=lambda config: parse_url(config["url"]).host,
    send=send,
    has_secret=True,
)
