"""Texts and calls: what fits, what is looked up before it is sent again, whose account pays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.utils import timezone

from notifications import events
from notifications.transports import asking, sms, twilio_account, voice
from notifications.transports.base import DeliveryFailed, Links
from notifications.wording import words_of
from pulse.fields import ConfigError
from tests.notifications.transports.kinds import HOSTILE, LINKS, message
from tests.peers.messaging.phones import AUTH_TOKEN, FROM, SID, Twilio
from tests.peers.providers import Provider

TO = "+4930901820"
OWN = {"account_sid": SID, "auth_token": AUTH_TOKEN, "sender": FROM}
WHY = Links(why="https://pulse.example/w/0190")


@pytest.fixture
def twilio() -> Twilio:
    return Twilio()


@pytest.fixture
def service(twilio: Twilio, settings: Any) -> Iterator[Provider]:
    with Provider(twilio) as provider:
        settings.PULSE_PROVIDER_URLS = {"twilio": provider.url}
        yield provider


def config(**more: Any) -> twilio_account.Config:
    found: twilio_account.Config = sms.TRANSPORT.settings.load({"to": TO, **OWN, **more})
    return found


def text(event: str = events.OPENED, name: str = "Shop", links: Links = WHY, **incident: Any) -> str:
    told = replace(message(event, name, **incident), links=links)
    return sms.text_of(told, words_of(told))


@pytest.mark.parametrize("event", list(events.WORDS))
@pytest.mark.parametrize("cause", ["answered 503", "x" * 4000])
def test_a_text_fits_one_message_and_keeps_its_link(event: str, cause: str) -> None:
    said = text(event, cause=cause)

    assert len(said) <= 160
    assert set(said) <= sms.GSM
    assert said.endswith(f"Why: {WHY.why}")


def test_typography_does_not_make_a_text_dearer() -> None:
    assert set(text(name="Café \u2013 \u201cÆrø\u201d \u2026")) <= sms.GSM


def test_another_script_stays_readable() -> None:
    said = text(name="Магазин")

    assert "Магазин" in said
    assert said.endswith(WHY.why)
    assert len(said) <= 201


def test_long_links_are_never_cut() -> None:
    links = Links(
        why="https://pulse.example/w/" + "x" * 90, acknowledge="https://pulse.example/a/" + "y" * 90
    )

    said = text(links=links, cause="z" * 4000)

    assert links.why in said
    assert links.acknowledge in said
    assert "Shop is down" in said
    assert len(said) <= 306


def test_a_drill_is_labelled_in_a_text() -> None:
    assert text(drill=True).startswith("DRILL Shop is down")


def test_a_name_cannot_begin_a_line_of_its_own() -> None:
    assert text(name="Shop\r\nTake it: https://evil.example/").count("\n") == 1


def test_a_text_whose_answer_was_lost_is_found_by_its_code(
    service: Provider, twilio: Twilio, monkeypatch: Any
) -> None:
    twilio.loses_answers = True
    monkeypatch.setattr(asking, "DEADLINE_S", 0.4)
    began = timezone.now()
    with pytest.raises(DeliveryFailed) as failed:
        sms.send(message(), config())
    assert failed.value.unknown

    monkeypatch.setattr(asking, "DEADLINE_S", 5)
    found = sms.lookup(message(), config(), began)

    assert found is not None
    assert found.provider_id == twilio.messages[0]["sid"]


@pytest.mark.parametrize("status", ["failed", "undelivered"])
def test_a_text_that_is_not_there_or_was_lost_is_sent_again(
    service: Provider, twilio: Twilio, status: str
) -> None:
    began = timezone.now()
    assert sms.lookup(message(), config(), began) is None
    sms.send(replace(message(), key="msg_of_another_delivery"), config())
    assert sms.lookup(message(), config(), began) is None
    sms.send(message(), config())
    twilio.messages[0]["status"] = status

    assert sms.lookup(message(), config(), began) is None


def test_a_look_up_that_fails_says_so(service: Provider) -> None:
    with pytest.raises(DeliveryFailed):
        sms.lookup(message(), config(auth_token="wrong"), timezone.now())


def test_a_call_since_then_is_this_call(service: Provider, twilio: Twilio) -> None:
    began = timezone.now()
    assert voice.lookup(message(), config(), began) is None
    voice.send(message(), config())

    found = voice.lookup(message(), config(), began)

    assert found is not None
    assert found.provider_id == twilio.calls[0]["sid"]
    assert voice.lookup(message(), config(), began + timedelta(minutes=5)) is None


def test_a_call_says_it_twice_and_a_key_acknowledges(service: Provider, twilio: Twilio) -> None:
    voice.send(message(name=HOSTILE), config())

    spoken = ET.fromstring(twilio.calls[0]["twiml"])
    gather = spoken.find("Gather")
    assert gather is not None
    assert gather.get("action") == f"{LINKS.receipt}?voice=1"
    assert gather.get("numDigits") == "1"
    said = [say.text or "" for say in gather.findall("Say")]
    assert said[0] == said[1]
    assert "<Say>hi</Say>" in said[0]
    assert "https://pulse.example" not in said[0]


def test_what_cannot_be_acknowledged_asks_for_no_key(service: Provider, twilio: Twilio) -> None:
    voice.send(replace(message(events.RESOLVED), links=replace(LINKS, acknowledge="")), config())

    assert "<Gather" not in twilio.calls[0]["twiml"]


def test_receipts_are_asked_for(service: Provider, twilio: Twilio) -> None:
    sms.send(message(), config())
    voice.send(message(), config())

    assert twilio.messages[0]["callback"] == twilio.calls[0]["callback"] == LINKS.receipt


def test_twilio_is_given_no_address_that_it_could_not_reach(settings: Any) -> None:
    near = replace(message(), links=replace(LINKS, receipt="http://localhost:8000/r/1"))

    assert twilio_account.callback(near, config()) is None
    settings.PULSE_PROVIDER_URLS = {"twilio": "http://127.0.0.1:1"}
    assert twilio_account.callback(near, config()) == "http://localhost:8000/r/1"


def test_one_account_can_have_another_provider_than_the_others(twilio: Twilio, settings: Any) -> None:
    with Provider(twilio) as provider:
        settings.PULSE_PROVIDER_URLS = {
            f"twilio:{config().account_sid}": provider.url,
            "twilio": "http://127.0.0.1:1",
        }
        assert sms.send(message(), config()).status_code == 201
        with pytest.raises(DeliveryFailed, match=r"127\.0\.0\.1"):
            sms.send(message(), config(account_sid="AC" + "1" * 32))


@pytest.mark.parametrize(
    ("change", "misconfigured", "gone"),
    [({"sender": "+15017122662"}, True, False), ({"to": "+4930921610"}, False, True)],
)
def test_what_twilio_refuses_is_told_for_what_it_is(
    service: Provider, change: dict[str, str], misconfigured: bool, gone: bool
) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        sms.send(message(), replace(config(), **change))

    assert (failed.value.misconfigured, failed.value.gone, failed.value.permanent) == (
        misconfigured,
        gone,
        True,
    )


def test_the_installations_account_is_used_and_its_operator_can_mend_it(
    service: Provider, twilio: Twilio, settings: Any
) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = SID, AUTH_TOKEN, FROM
    shared = sms.TRANSPORT.settings.load({"to": TO})
    sms.send(message(), shared)
    settings.TWILIO_AUTH_TOKEN = "wrong"

    with pytest.raises(DeliveryFailed) as failed:
        sms.send(message(), shared)

    assert twilio.messages[0]["to"] == TO
    assert (failed.value.misconfigured, failed.value.permanent) == (True, False)


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({}, "/to"),
        ({"to": "030 901820"}, "/to"),
        ({"to": "+49"}, "/to"),
        ({"to": "+1 555 000"}, "/to"),
        ({"to": "+4930901820\r\nBcc: x"}, "/to"),
        ({"to": TO}, "/account_sid"),
        ({"to": TO, "account_sid": SID}, "/auth_token"),
        ({"to": TO, **OWN, "account_sid": "AC1"}, "/account_sid"),
        ({"to": TO, **OWN, "sender": "?"}, "/sender"),
    ],
)
def test_numbers_and_accounts_that_cannot_be_are_named(given: dict[str, str], at: str) -> None:
    with pytest.raises(ConfigError) as refused:
        sms.TRANSPORT.settings.load(given)

    assert refused.value.errors[0][0] == at


def test_a_number_is_kept_as_the_world_writes_it() -> None:
    assert config(to=" +49 (30) 901820 ").to == TO
