"""Webhooks: signed by one secret or by two, with headers of one's own and a body that cannot compute."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from notifications import events
from notifications.transports import webhook
from notifications.transports.base import DeliveryFailed
from notifications.transports.placeholders import KNOWN
from pulse.fields import ConfigError
from tests.notifications.transports.kinds import HOSTILE, LINKS, message
from tests.peers.providers import Provider, Reply

NEW, OLD = webhook.new_secret(), webhook.new_secret()
# Of the template languages that monitoring products were broken by.
SSTI = [
    "{{7*7}}", "{{ ''.__class__.__mro__ }}", "{% import os %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "*{7*7}", "@(7*7)",
    "{{'a'|filter}}", "{{=7*7}}", "$%7B7*7%7D", "[[${7*7}]]", "{0.__class__}", "{!r}", "%s %(x)s",
    "{{request.application.__globals__}}", "{# comment #}", "{{#with}}x{{/with}}", "{monitor.__class__}", "{monitor!r}",
]  # fmt: skip


@pytest.fixture
def receiver() -> Iterator[Provider]:
    with Provider(lambda _: Reply(204, raw=b"")) as provider:
        yield provider


def config(receiver: Provider, *signing: str, **more: str) -> webhook.Config:
    loaded: webhook.Config = webhook.SETTINGS.load({"url": f"{receiver.url}/hook", **more})
    return replace(loaded, signing=signing or (NEW,))


@pytest.mark.parametrize("known", [NEW, OLD], ids=["new", "old"])
def test_during_a_rotation_a_receiver_may_know_either_secret(receiver: Provider, known: str) -> None:
    webhook.send(message(), config(receiver, NEW, OLD))

    asked = receiver.asked[0]
    assert Webhook(known).verify(asked.body, dict(asked.headers))["id"] == message().key


def test_after_a_rotation_the_old_secret_is_nothing(receiver: Provider) -> None:
    webhook.send(message(), config(receiver, NEW))

    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(receiver.asked[0].body, dict(receiver.asked[0].headers))


def test_a_message_says_why_it_came(receiver: Provider) -> None:
    webhook.send(message(), config(receiver))

    assert receiver.asked[0].json["links"] == {"why": LINKS.why, "acknowledge": LINKS.acknowledge}


def test_headers_of_ones_own_go_along_and_ours_stay(receiver: Provider) -> None:
    webhook.send(message(), config(receiver, headers="Authorization: Bearer x\n\nX-Team:  ops "))

    headers = receiver.asked[0].headers
    assert (headers["authorization"], headers["x-team"]) == ("Bearer x", "ops")
    assert headers["webhook-id"] == message().key


@pytest.mark.parametrize(
    "lines",
    [
        "no colon",
        "Host: evil.example",
        "Webhook-Id: 1",
        "content-length: 3",
        "X-A: b\x0bc",
        "X A: b",
        ": b",
        "X: ü",
        "X-A: b\nx-a: c",
    ],
)
def test_headers_that_break_a_request_are_refused(receiver: Provider, lines: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config(receiver, headers=lines)

    assert refused.value.errors[0][0] == "/headers"


def test_each_placeholder_is_filled(receiver: Provider) -> None:
    body = json.dumps({name: f"{{{name}}}" for name in KNOWN})

    webhook.send(message(events.RESOLVED, cause='said "no"\n\\'), config(receiver, body=body))

    told = receiver.asked[0].json
    assert (told["monitor"], told["status"], told["severity"]) == ("Shop", "up", "critical")
    assert told["cause"] == 'said "no"\n\\'
    assert told["why_url"] == LINKS.why
    assert all(told.values())


@pytest.mark.parametrize("event", list(events.WORDS))
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_a_name_cannot_break_out_of_a_body(receiver: Provider, event: str, kind: str) -> None:
    body = {
        "application/json": '{"text": "{title}: {monitor}", "end": 1}',
        "application/x-www-form-urlencoded": "text={title}&end=1",
        "text/plain": "{title}",
    }[kind]

    webhook.send(
        message(event, name='x", "evil": "&evil=1' + HOSTILE), config(receiver, body=body, content_type=kind)
    )

    asked = receiver.asked[0]
    assert asked.headers["content-type"] == kind
    if kind == "application/json":
        assert set(asked.json) == {"text", "end"}
    if kind == "application/x-www-form-urlencoded":
        assert set(parse_qs(asked.body.decode())) == {"text", "end"}


@pytest.mark.parametrize("payload", SSTI)
def test_a_template_of_another_language_stays_as_it_is(receiver: Provider, payload: str) -> None:
    webhook.send(message(), config(receiver, body=f"{payload}|{{event}}", content_type="text/plain"))
    webhook.send(message(name=payload), config(receiver, body="{monitor}", content_type="text/plain"))

    assert receiver.asked[0].body.decode() == f"{payload}|incident.opened"
    assert receiver.asked[1].body.decode() == payload


@pytest.mark.parametrize("body", ["{nonsense}", "{monitor} {Monitor}", "{{config}}", "{__class__}"])
def test_an_unknown_placeholder_is_refused_with_those_that_are_known(receiver: Provider, body: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config(receiver, body=body)

    pointer, words = refused.value.errors[0]
    assert pointer == "/body"
    assert all(f"{{{name}}}" in words for name in KNOWN)


def test_what_a_value_contains_is_not_filled_again(receiver: Provider) -> None:
    webhook.send(message(name="{why_url}"), config(receiver, body="{monitor}", content_type="text/plain"))

    assert receiver.asked[0].body == b"{why_url}"


def test_a_receiver_that_wants_no_more_is_gone(receiver: Provider) -> None:
    receiver.instead = Reply(410, raw=b"")

    with pytest.raises(DeliveryFailed) as failed:
        webhook.send(message(), config(receiver))

    assert failed.value.gone


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_program_of_ones_own_may_be_mended_within_the_tries(receiver: Provider, status: int) -> None:
    receiver.instead = Reply(status, raw=b"internal: secret of another machine")

    with pytest.raises(DeliveryFailed) as failed:
        webhook.send(message(), config(receiver))

    assert not failed.value.permanent
    assert failed.value.answer.text == f"answered {status}"
