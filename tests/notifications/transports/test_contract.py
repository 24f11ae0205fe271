"""What every transport promises, each tried on a service of its kind that checks what it is sent."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from typing import Any
from urllib.parse import unquote_plus

import pytest

from notifications import events
from notifications.transports import TRANSPORTS, asking
from notifications.transports.base import Answer, DeliveryFailed, Message
from tests.notifications.transports.kinds import HOSTILE, KINDS, LINKS, OTHER_URL, Kind, message
from tests.peers.providers import Provider, Reply

EVENTS = list(events.WORDS)
SIGNING = "whsec_" + "A" * 44


@dataclass
class Tried:
    """One kind with its service."""

    kind: Kind
    service: Provider

    def config(self, **other: Any) -> Any:
        given = {**self.kind.settings(self.service.url), **other}
        config = TRANSPORTS[self.kind.transport].settings.load(given)
        return replace(config, signing=(SIGNING,)) if self.kind.transport == "webhook" else config

    def send(self, told: Message | None = None, **other: Any) -> Answer:
        return TRANSPORTS[self.kind.transport].send(told or message(), self.config(**other))

    def failure(self, reply: Reply | None = None, **other: Any) -> DeliveryFailed:
        self.service.instead = reply
        with pytest.raises(DeliveryFailed) as failed:
            self.send(**other)
        return failed.value

    def refused_settings(self) -> dict[str, Any]:
        return {
            name: value.replace("{base}", self.service.url) if value == OTHER_URL else value
            for name, value in self.kind.refused.items()
        }


def _name(kind: Kind) -> str:
    return kind.name.replace(" ", "-")


@pytest.fixture(params=KINDS, ids=_name)
def tried(request: Any, settings: Any) -> Iterator[Tried]:
    with Provider(request.param.serve()) as service:
        if request.param.provider:
            settings.PULSE_PROVIDER_URLS = {request.param.provider: service.url}
        yield Tried(request.param, service)


def test_every_kind_is_tried_here_or_has_its_own_tests() -> None:
    assert {kind.transport for kind in KINDS} | {"email", "webpush", "apprise"} == set(TRANSPORTS)


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("name", ["Shop", HOSTILE, "ü" * 120], ids=["usual", "hostile", "long"])
def test_the_service_takes_every_event(tried: Tried, event: str, name: str) -> None:
    answer = tried.send(message(event, name, cause="x" * 5000 if name != "Shop" else "answered 503"))

    assert answer.status_code is not None
    assert 200 <= answer.status_code < 300
    assert str(answer.status_code) in answer.text
    assert answer.request.startswith("POST 127.0.0.1, ")


def test_a_message_says_why_it_came_and_a_drill_that_it_is_one(tried: Tried) -> None:
    tried.send(message(drill=True))

    body = unquote_plus(tried.service.asked[0].body.decode())
    assert "drill" in body.lower()
    # Nobody can open a link by ear.
    assert (LINKS.why in body) is (tried.kind.transport != "voice")


def test_credentials_that_are_wrong_are_told_at_once(tried: Tried) -> None:
    failed = tried.failure(**tried.refused_settings())

    assert failed.misconfigured
    assert not failed.unknown
    assert failed.answer.status_code is not None


def test_a_busy_service_is_waited_for(tried: Tried) -> None:
    failed = tried.failure(Reply(429, {}, {"Retry-After": "7"}))

    assert (failed.permanent, failed.misconfigured, failed.gone) == (False, False, False)
    assert failed.retry_after == timedelta(seconds=7)
    assert failed.answer.status_code == 429


def test_a_fault_of_the_service_is_worth_another_try(tried: Tried) -> None:
    failed = tried.failure(Reply(500, raw=b"<h1>oops</h1>"))

    assert (failed.permanent, failed.misconfigured, failed.gone) == (False, False, False)
    # Who does not drop repeats is asked before it is sent again.
    assert failed.unknown is not tried.kind.drops_repeats


def test_a_service_that_hangs_is_left_by_the_deadline(tried: Tried, monkeypatch: Any) -> None:
    monkeypatch.setattr(asking, "DEADLINE_S", 0.4)
    began = monotonic()

    failed = tried.failure(Reply(hang_s=20))

    assert monotonic() - began < 2
    assert (failed.permanent, failed.unknown) == (False, True)


def test_a_redirect_is_not_followed(tried: Tried) -> None:
    with Provider(lambda _: Reply(200, {"ok": True})) as elsewhere:
        failed = tried.failure(Reply(307, {}, {"Location": f"{elsewhere.url}/"}))

        assert elsewhere.asked == []
    assert failed.answer.status_code == 307


def test_an_answer_without_an_end_is_not_read_to_it(tried: Tried) -> None:
    tried.service.instead = Reply(503, raw=b"x" * (8 << 20))
    began = monotonic()

    with pytest.raises(DeliveryFailed) as failed:
        tried.send()

    assert monotonic() - began < 5
    assert len(failed.value.answer.text) <= 300


@pytest.mark.parametrize("status", [200, 201, 400, 401, 403, 404, 409, 410, 422, 451, 503])
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nonsense", b'{"error": {"message": []}, "errors": 3}', b"\xff\xfe"]
)
def test_whatever_it_answers_is_a_delivery_or_a_failure(tried: Tried, status: int, body: bytes) -> None:
    tried.service.instead = Reply(status, raw=body)
    with contextlib.suppress(DeliveryFailed):
        assert tried.send().text


def test_a_service_without_tls_is_not_spoken_to(tried: Tried, settings: Any) -> None:
    plain = tried.service.url
    tried.service.url = plain.replace("http://", "https://")
    settings.PULSE_PROVIDER_URLS = dict.fromkeys(settings.PULSE_PROVIDER_URLS, tried.service.url)

    failed = tried.failure()

    assert "TLS" in failed.answer.text
    assert (failed.unknown, failed.permanent) == (False, False)
    assert tried.service.asked == []


# Of the others organisations do not choose the address.
@pytest.mark.parametrize("tried", [kind for kind in KINDS if not kind.provider], ids=_name, indirect=True)
def test_a_private_address_is_refused_where_it_is_written_and_where_it_is_used(
    tried: Tried, settings: Any
) -> None:
    config = tried.config()
    settings.PULSE_ALLOW_PRIVATE_WEBHOOKS = ""

    with pytest.raises(ValueError, match="PULSE_ALLOW_PRIVATE_WEBHOOKS"):
        tried.config()
    with pytest.raises(DeliveryFailed) as failed:
        TRANSPORTS[tried.kind.transport].send(message(), config)

    assert failed.value.permanent
    assert tried.service.asked == []


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
def test_a_secret_that_is_echoed_is_not_shown(tried: Tried, status: int, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    told = "; ".join(tried.kind.secrets)
    echo = {
        "ok": False,
        "error": told,
        "message": told,
        "description": told,
        "errors": [told],
        "result": told,
    }
    tried.service.instead = Reply(status, echo)
    try:
        seen = repr(tried.send())
    except DeliveryFailed as failed:
        seen = repr(failed.answer) + str(failed) + repr(failed)

    assert "canarysecret" not in seen + caplog.text


def test_no_setting_that_is_secret_is_kept_in_the_open(tried: Tried) -> None:
    from notifications import sealing

    kept = sealing.read(TRANSPORTS[tried.kind.transport], dict(tried.kind.settings(tried.service.url)))

    assert "canarysecret" not in repr(kept.shown)
    assert sealing.load(TRANSPORTS[tried.kind.transport], kept) == TRANSPORTS[
        tried.kind.transport
    ].settings.load(tried.kind.settings(tried.service.url))
    assert TRANSPORTS[tried.kind.transport].destination(kept.shown)
    assert TRANSPORTS[tried.kind.transport].recipient(kept.shown)
