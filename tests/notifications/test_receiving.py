"""What providers post: nothing is written before the signature is checked, and replies do what they say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator

from incidents import handling
from incidents.models import Incident
from monitors.telemetry.models import Status
from notifications import channels, tokens
from notifications.ledger.models import Delivery
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE, Actor
from tests.notifications.making import rule
from tests.notifications.site import Site
from tests.receivers import wait_until

NUMBER = "+4915112345678"
TOKEN = "twilio-auth-token"  # of nobody
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def site(acme: Any, settings: Any) -> Site:
    """Its messages go nowhere: what is tested is what comes back."""
    settings.TWILIO_ACCOUNT_SID = "AC" + "0" * 32
    settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = TOKEN, "+15005550006"
    return Site(acme)


def told_by_sms(site: Site) -> Delivery:
    """An outage whose message was sent to a number."""
    with in_tenant(site.organisation):
        values = channels.read({"name": "Phone", "kind": "sms", "config": {"to": NUMBER}})
        channel, _ = channels.create(site.organisation, values, COMMAND_LINE)
    rule(site.organisation, channel)
    return sent(site)


def sent(site: Site) -> Delivery:
    from notifications.relay import relay

    site.becomes(Status.DOWN)
    wait_until(lambda: relay() or site.deliveries(), 5, "the message")
    with in_tenant(site.organisation):
        Delivery.objects.filter(tenant_no=site.organisation.no).update(state="sent")
    return site.deliveries()[-1]


def twilio(path: str, fields: dict[str, str], token: str = TOKEN) -> Any:
    signature = RequestValidator(token).compute_signature(f"http://localhost:8000{path}", fields)
    return Client().post(path, fields, headers={"X-Twilio-Signature": signature})


def receipt_path(delivery: Delivery) -> str:
    return f"/t/r/{tokens.token_of(delivery.tenant_no, delivery.no, 'receipt')}"


def test_a_status_callback_becomes_a_receipt_however_often_it_comes(site: Site) -> None:
    delivery = told_by_sms(site)
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": NUMBER}

    for _ in range(2):
        assert twilio(receipt_path(delivery), fields).status_code == 204
    assert twilio(receipt_path(delivery), {**fields, "MessageStatus": "sent"}).status_code == 204

    assert site.deliveries()[0].receipt == "delivered"
    assert site.texts().count("Phone has the message: delivered.") == 1


@pytest.mark.parametrize("token", ["another", ""])
def test_a_forged_callback_changes_nothing(site: Site, token: str) -> None:
    delivery = told_by_sms(site)
    fields = {"MessageStatus": "failed"}

    forged = twilio(receipt_path(delivery), fields, token)
    unsigned = Client().post(receipt_path(delivery), fields)
    elsewhere = twilio("/t/r/1-1-AAAAAAAAAAAAAAAAAAAA", fields)

    assert (forged.status_code, unsigned.status_code, elsewhere.status_code) == (403, 403, 404)
    assert site.deliveries()[0].receipt == ""


def test_without_an_account_of_twilio_nothing_is_from_twilio(site: Site, settings: Any) -> None:
    delivery = told_by_sms(site)
    settings.TWILIO_AUTH_TOKEN = ""

    assert twilio(receipt_path(delivery), {"MessageStatus": "failed"}, "").status_code == 403


@pytest.mark.parametrize("body", ["ACK", " ok ", "1", "ack all"])
def test_a_reply_takes_the_incident_and_is_answered(site: Site, body: str) -> None:
    told_by_sms(site)

    answer = twilio("/t/sms", {"From": NUMBER, "Body": body})

    assert site.incident.acknowledged_by == "somebody at Phone"
    assert b"shop: somebody at Phone has it." in answer.content
    assert b"no open incident" in twilio("/t/sms", {"From": NUMBER, "Body": body}).content


@pytest.mark.parametrize(
    ("number", "body", "said"),
    [
        (NUMBER, "stop it", b"Reply ACK"),
        ("+4915100000000", "ack", b"no open incident"),
        ("", "", b"Reply ACK"),
    ],
)
def test_what_is_no_answer_or_comes_from_elsewhere_changes_nothing(
    site: Site, number: str, body: str, said: bytes
) -> None:
    told_by_sms(site)

    answer = twilio("/t/sms", {"From": number, "Body": body})

    assert said in answer.content
    assert site.incident.acknowledged_at is None


def test_a_forged_reply_changes_nothing(site: Site) -> None:
    told_by_sms(site)

    assert twilio("/t/sms", {"From": NUMBER, "Body": "ack"}, "wrong").status_code == 403
    assert site.incident.acknowledged_at is None


OWN = {"account_sid": "AC" + "1" * 32, "auth_token": "own-auth-token", "sender": "+12025550100"}


def told_by_own_account(site: Site) -> None:
    """An outage that was sent to the number by an account that only this channel has."""
    with in_tenant(site.organisation):
        values = channels.read({"name": "Own", "kind": "sms", "config": {"to": NUMBER, **OWN}})
        channel, _ = channels.create(site.organisation, values, COMMAND_LINE)
    rule(site.organisation, channel)
    sent(site)


def reply(token: str, account: str) -> Any:
    return twilio("/t/sms", {"From": NUMBER, "Body": "ack", "AccountSid": account}, token)


def test_a_reply_to_a_channels_own_account_counts(site: Site) -> None:
    told_by_own_account(site)

    answer = reply(OWN["auth_token"], OWN["account_sid"])

    assert b"somebody at Own has it" in answer.content
    assert site.incident.acknowledged_by == "somebody at Own"


@pytest.mark.parametrize("account", [OWN["account_sid"], "AC" + "0" * 32, "", "%"])
def test_an_own_account_answers_for_nothing_that_another_one_sent(site: Site, account: str) -> None:
    told_by_sms(site)
    with in_tenant(site.organisation):
        values = channels.read({"name": "Own", "kind": "sms", "config": {"to": NUMBER, **OWN}})
        channels.create(site.organisation, values, COMMAND_LINE)

    assert reply(OWN["auth_token"], account).status_code == 403
    assert site.incident.acknowledged_at is None


@pytest.mark.parametrize(("digits", "taken"), [("1", True), ("2", False), ("", False)])
def test_pressing_one_in_a_call_takes_it(site: Site, digits: str, taken: bool) -> None:
    delivery = told_by_sms(site)

    answer = twilio(f"{receipt_path(delivery)}?voice=1", {"Digits": digits})

    assert answer.content.startswith(b"<?xml")
    assert (site.incident.acknowledged_at is not None) == taken


def test_a_reply_to_an_incident_that_is_over_says_so(site: Site) -> None:
    delivery = told_by_sms(site)
    with in_tenant(site.organisation):
        Incident.objects.update(resolved_at=timezone.now())

    assert b"is over already" in twilio(f"{receipt_path(delivery)}?voice=1", {"Digits": "1"}).content
    assert b"no open incident" in twilio("/t/sms", {"From": NUMBER, "Body": "ack"}).content


@pytest.mark.parametrize("path", ["/t/slack", "/t/sms"])
def test_what_is_too_large_or_no_form_at_all_is_refused(site: Site, path: str) -> None:
    anybody = Client()
    large = {"payload": "x" * 10_000_000, "From": NUMBER, "AccountSid": "AC1"}

    for body in (urlencode(large), "&".join(f"a{number}=1" for number in range(5000))):
        assert anybody.post(path, body, FORM).status_code == 400
    assert anybody.post(path, large).status_code in (400, 403)
    assert anybody.post(path, b"a=1", "multipart/form-data; boundary=").status_code in (400, 403)
    for method in (anybody.get, anybody.head, anybody.put, anybody.delete):
        assert method(path).status_code == 405


def test_a_number_that_is_none_is_nobodys(site: Site) -> None:
    told_by_sms(site)
    odd = {"From": "\x00", "AccountSid": "AC\x00", "Body": "ack"}

    assert Client().post("/t/sms", odd, headers={"X-Twilio-Signature": "é"}).status_code == 403
    assert b"no open incident" in twilio("/t/sms", odd).content


def test_the_page_behind_a_link_is_kept_by_nobody_and_acts_for_its_own_form_alone(site: Site) -> None:
    row = told_by_sms(site)
    path = f"/t/a/{tokens.token_of(row.tenant_no, row.no, 'acknowledge')}"
    browser = Client(enforce_csrf_checks=True)

    page = browser.get(path)

    assert "no-store" in page["Cache-Control"]
    assert page["X-Robots-Tag"] == "noindex"
    assert page["Referrer-Policy"] == "same-origin"
    assert browser.post(path).status_code == 403
    assert site.incident.acknowledged_at is None
    for odd in (
        "\u0661-\u0661-AAAAAAAAAAAAAAAAAAAA",
        f"1-1-{'A' * 5000}",
        "--",
        "1-1-é",
        "%00",
        "1-1-%E2%80%A8",
    ):
        assert browser.get(f"/t/a/{odd}").status_code == 404


def test_a_link_works_again_when_somebody_else_gave_the_incident_back(site: Site, alice: Any) -> None:
    told_by_sms(site)
    twilio("/t/sms", {"From": NUMBER, "Body": "ack"})
    with in_tenant(site.organisation):
        handling.release(site.organisation, site.incident, Actor.person(alice))

    answer = twilio("/t/sms", {"From": NUMBER, "Body": "ack"})

    assert b"shop: somebody at Phone has it." in answer.content
    assert site.incident.acknowledged_by == "somebody at Phone"


def test_links_that_are_older_than_a_week_do_nothing(site: Site) -> None:
    delivery = told_by_sms(site)
    with in_tenant(site.organisation):
        old = delivery.created_at - timedelta(days=8)
        Delivery.objects.filter(tenant_no=delivery.tenant_no, no=delivery.no).update(created_at=old)
    path = f"/t/a/{tokens.token_of(delivery.tenant_no, delivery.no, 'acknowledge')}"

    Client().post(path)

    assert site.incident.acknowledged_at is None
    assert b"older than seven days" in Client().get(path).content
