"""Web push, to a service and a browser that check it as real ones do: signature, encryption, content."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from time import time
from typing import Any

import http_ece
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from notifications import events
from notifications.transports import webpush
from notifications.transports.base import DeliveryFailed
from pulse.fields import ConfigError
from tests.notifications.transports.kinds import HOSTILE, message
from tests.peers.providers import Asked, Provider, Reply


def plain(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw(words: str) -> bytes:
    return base64.urlsafe_b64decode(words + "=" * (-len(words) % 4))


class Browser:
    """A subscription and the service that carries to it. `shown` is what the browser could read."""

    def __init__(self) -> None:
        self.key, self.auth = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"
        self.shown: list[dict[str, Any]] = []
        self.url = ""

    def settings(self, base: str) -> dict[str, str]:
        self.url = base
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": f"{base}/push/canarysecret", "p256dh": plain(point), "auth": plain(self.auth)}

    def __call__(self, asked: Asked) -> Reply:
        if asked.path != "/push/canarysecret":
            return Reply(410, raw=b"")
        if not self._is_signed(asked.headers["authorization"]):
            return Reply(403, raw=b"")
        assert asked.headers["content-encoding"] == "aes128gcm"
        assert asked.headers["urgency"] in ("very-low", "low", "normal", "high")
        assert int(asked.headers["ttl"]) > 0
        assert len(asked.headers["topic"]) <= 32
        assert len(asked.body) <= 4096
        body = http_ece.decrypt(asked.body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        self.shown.append(json.loads(body))
        return Reply(201, raw=b"", headers={"Location": f"{self.url}/message/1"})

    def _is_signed(self, header: str) -> bool:
        kind, _, rest = header.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        head, claims, signature = parts["t"].split(".")
        told = json.loads(raw(claims))
        number = raw(signature)
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(parts["k"]))
        encoded = encode_dss_signature(int.from_bytes(number[:32], "big"), int.from_bytes(number[32:], "big"))
        try:
            public.verify(encoded, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        is_known = parts["k"] == webpush.public_key()
        return (
            kind == "vapid"
            and is_known
            and told["aud"] == self.url
            and time() < told["exp"] < time() + 86_400
        )


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def service(browser: Browser, settings: Any) -> Iterator[Provider]:
    with Provider(browser) as provider:
        settings.PULSE_PROVIDER_URLS = {"webpush": provider.url}
        yield provider


@pytest.mark.parametrize("event", list(events.WORDS))
@pytest.mark.parametrize("name", ["Shop", HOSTILE, "ü" * 120])
def test_a_browser_can_read_every_event(browser: Browser, service: Provider, event: str, name: str) -> None:
    config = webpush.SETTINGS.load(browser.settings(service.url))

    answer = webpush.send(message(event, name, cause="x" * 5000), config)

    assert answer.status_code == 201
    assert "canarysecret" not in repr(answer)
    assert browser.shown[0]["title"]
    assert browser.shown[0]["url"].startswith("https://pulse.example/")


def test_what_is_told_of_one_outage_replaces_what_was_shown(browser: Browser, service: Provider) -> None:
    config = webpush.SETTINGS.load(browser.settings(service.url))

    for event in (events.OPENED, events.RESOLVED):
        webpush.send(message(event), config)

    assert browser.shown[0]["tag"] == browser.shown[1]["tag"]
    assert (browser.shown[0]["stays"], browser.shown[1]["stays"]) == (True, False)


@pytest.mark.parametrize(
    ("status", "gone", "misconfigured"),
    [(404, True, False), (410, True, False), (403, False, True), (401, False, True), (429, False, False)],
)
def test_a_subscription_that_is_over_is_switched_off(
    browser: Browser, service: Provider, status: int, gone: bool, misconfigured: bool
) -> None:
    service.instead = Reply(status, raw=b"canarysecret")

    with pytest.raises(DeliveryFailed) as failed:
        webpush.send(message(), webpush.SETTINGS.load(browser.settings(service.url)))

    assert (failed.value.gone, failed.value.misconfigured) == (gone, misconfigured)
    assert "canarysecret" not in repr(failed.value.answer)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://evil.example/push",
        "https://fcm.googleapis.com.evil.example/",
        "https://evilpush.apple.com/x",
        "http://fcm.googleapis.com/fcm/send/1",
        "https://127.0.0.1/push",
    ],
)
def test_an_endpoint_that_is_no_browsers_is_refused(browser: Browser, endpoint: str) -> None:
    with pytest.raises(ConfigError, match="Subscribe by a browser"):
        webpush.SETTINGS.load(browser.settings("") | {"endpoint": endpoint})


@pytest.mark.parametrize("keys", [{"p256dh": "AAAA"}, {"auth": "AAAA"}, {"p256dh": "é"}, {"auth": "%%%"}])
def test_keys_that_are_none_are_refused(browser: Browser, keys: dict[str, str]) -> None:
    endpoint = {"endpoint": "https://updates.push.services.mozilla.com/wpush/v2/x"}

    assert webpush.SETTINGS.load(browser.settings("") | endpoint)
    with pytest.raises(ConfigError):
        webpush.SETTINGS.load(browser.settings("") | endpoint | keys)


def test_the_key_is_the_same_in_every_process_and_can_be_given(settings: Any) -> None:
    made = webpush.public_key()
    settings.VAPID_PRIVATE_KEY = plain((12345).to_bytes(32, "big"))

    assert len(raw(made)) == 65
    assert webpush.public_key() != made
    settings.VAPID_PRIVATE_KEY = ""
    assert webpush.public_key() == made


def test_a_point_that_is_not_on_the_curve_is_a_wrong_key(browser: Browser, service: Provider) -> None:
    config = webpush.SETTINGS.load(browser.settings(service.url) | {"p256dh": plain(b"\x04" + b"\x01" * 64)})

    with pytest.raises(DeliveryFailed) as failed:
        webpush.send(message(), config)

    assert failed.value.misconfigured
