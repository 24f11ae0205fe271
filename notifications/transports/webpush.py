"""Web push: a notification by a browser, also while no page of Pulse is open (RFC 8030, 8188, 8291, 8292)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from time import time
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from http_ece import ECEException, encrypt
from py_vapid import Vapid02

from monitors.probes.settings import Settings, refuse, section
from notifications.transports.asking import Statuses, api, ask, judge
from notifications.transports.base import Answer, DeliveryFailed, Message, Transport
from notifications.transports.fields import needed, secret_url, token
from notifications.wording import Tone, Words, words_of
from notifications.wording.shape import cut
from pulse.net.urls import parse_url

# The services of browsers. A subscription elsewhere is no browser's.
SERVICES = ("fcm.googleapis.com", "push.services.mozilla.com", "notify.windows.com", "push.apple.com")
LIFETIME_S = 24 * 3600
SIGNED_S = 12 * 3600  # a service refuses more than a day
TITLE, BODY = 200, 1200  # a service may refuse more than 4,096 bytes, encrypted
STATUSES = Statuses(misconfigured=(400, 401, 403), gone=(404, 410), permanent=(413,))
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


@dataclass(frozen=True, slots=True)
class Config:
    endpoint: str
    p256dh: str
    auth: str


def _together(config: Config) -> None:
    needed(dict.fromkeys(("endpoint", "p256dh", "auth"), 'Press "Use this browser".'))(config)
    other = settings.PULSE_PROVIDER_URLS.get("webpush")
    if other and config.endpoint.startswith(other):
        return
    url = parse_url(config.endpoint)
    if url.scheme != "https" or not any(url.host == one or url.host.endswith(f".{one}") for one in SERVICES):
        raise refuse("endpoint", f"Subscribe by a browser: its service is one of {', '.join(SERVICES)}.")
    if len(_bytes(config.p256dh)) != 65 or len(_bytes(config.auth)) != 16:
        raise refuse("p256dh", "Subscribe again: these are not the keys of a browser.")


SETTINGS = Settings(
    Config,
    section(
        "Which browser",
        secret_url("endpoint", "Endpoint", "Filled in by the button.", longest=2048),
        token("p256dh", "Public key", "Filled in by the button."),
        token("auth", "Secret", "Filled in by the button."),
    ),
    together=_together,
)


@lru_cache(maxsize=2)
def _key(given: str, secret: str) -> ec.EllipticCurvePrivateKey:
    """What services know this installation by: given, or made of SECRET_KEY and so the same in every process."""
    if given:
        raw = _bytes(given)
        if len(raw) != 32:
            raise ImproperlyConfigured("VAPID_PRIVATE_KEY must be 32 bytes in base64url.")
        return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
    made = HKDF(SHA256(), length=48, salt=None, info=b"pulse web push").derive(secret.encode())
    return ec.derive_private_key(int.from_bytes(made, "big") % (_ORDER - 1) + 1, ec.SECP256R1())


def private_key() -> ec.EllipticCurvePrivateKey:
    return _key(settings.VAPID_PRIVATE_KEY, settings.SECRET_KEY)


def public_key() -> str:
    """What a page subscribes a browser with."""
    point = private_key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def content(message: Message, words: Words) -> bytes:
    """What the service worker shows. All of one outage replaces what was shown of it before."""
    links = dict(words.links)
    shown = {
        "title": cut(words.title, TITLE),
        "body": cut(words.summary, BODY),
        "tag": _topic(message),
        "url": links.get("Acknowledge") or links.get("Incident") or links.get("Why this alert") or "",
        "why": links.get("Why this alert", ""),
        "stays": words.tone is Tone.DOWN,
    }
    return json.dumps(shown, ensure_ascii=False).encode()


def _topic(message: Message) -> str:
    """At most 32 characters of base64url; while a browser is away a newer message takes the older one's place."""
    digest = sha256((message.thread or message.key).encode()).digest()[:18]
    return base64.urlsafe_b64encode(digest).decode()


def _headers(message: Message, words: Words, config: Config) -> dict[str, str]:
    parts = urlsplit(config.endpoint)
    contact = settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">")
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time()) + SIGNED_S,
        "sub": f"mailto:{contact}",
    }
    signed: dict[str, str] = Vapid02(private_key=private_key()).sign(claims)
    return {
        **signed,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(LIFETIME_S),
        "Urgency": "high" if words.tone is Tone.DOWN else "normal",
        "Topic": _topic(message),
    }


def send(message: Message, config: Config) -> Answer:
    words = words_of(message)
    body = _sealed(content(message, words), config)
    _, policy = api("webpush", "")
    reply = ask("POST", config.endpoint, policy, body=body, headers=_headers(message, words, config))
    return judge(reply, STATUSES)


def _sealed(plain: bytes, config: Config) -> bytes:
    """Encrypted for that browser alone, by a key that lives for this message (RFC 8291)."""
    own = ec.generate_private_key(ec.SECP256R1())
    try:
        sealed: bytes = encrypt(
            plain,
            private_key=own,
            dh=_bytes(config.p256dh),
            auth_secret=_bytes(config.auth),
            version="aes128gcm",
        )
    except (ValueError, ECEException) as error:  # a point that is not on the curve
        raise DeliveryFailed("the keys are not those of a browser", misconfigured=True) from error
    return sealed


def _bytes(words: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(words + "=" * (-len(words) % 4))
    except ValueError:
        return b""


def _service(config: dict[str, Any]) -> str:
    return str(config.get("host", "a browser"))


TRANSPORT = Transport(
    title="Web push",
    about="A notification by this browser, also while no page of Pulse is open.",
    group="people",
    settings=SETTINGS,
    destination=_service,
    recipient=_service,
    send=send,
    personal=True,
    helper="notifications/_channel_webpush.html",
)
