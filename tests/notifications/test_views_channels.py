"""Pages of channels: the list, the secret that is shown once, and the test that takes the real path."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.ledger.models import Delivery
from notifications.models import NotificationChannel
from pulse.scoping import in_tenant
from tests.notifications.making import UNKNOWN, delivery, rule, tried, webhook
from tests.receivers import WebhookReceiver, wait_until

CHANNELS = "/o/acme/channels/"
GOOD = {"name": "Ops", "url": "http://127.0.0.1:9/hook"}


@pytest.mark.parametrize("path", ["", "table/", "new/", "new/webhook/", f"{UNKNOWN}/", f"{UNKNOWN}/health/"])
def test_a_stranger_gets_what_an_unknown_organisation_gives(acme: Any, as_charlie: Any, path: str) -> None:
    unknown = as_charlie.get(f"/o/nobody/channels/{path}")
    foreign = as_charlie.get(f"/o/acme/channels/{path}")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)


@pytest.mark.parametrize("part", ["", "health/"])
def test_a_foreign_channel_is_an_unknown_one(acme: Any, globex: Any, as_charlie: Any, part: str) -> None:
    channel = webhook(acme)

    unknown = as_charlie.get(f"/o/globex/channels/{UNKNOWN}/{part}")
    foreign = as_charlie.get(f"/o/globex/channels/{channel.pk}/{part}")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)


@pytest.mark.parametrize("verb", ["test/", "deletion/"])
def test_a_stranger_changes_nothing(acme: Any, globex: Any, as_charlie: Any, verb: str) -> None:
    channel = webhook(acme)

    assert as_charlie.post(f"/o/globex/channels/{channel.pk}/{verb}").status_code == 404
    assert as_charlie.post(f"/o/acme/channels/{channel.pk}/{verb}").status_code == 404
    with in_tenant(acme):
        assert NotificationChannel.objects.filter(pk=channel.pk).exists()
        assert not Delivery.objects.filter(tenant_no=acme.no).exists()


def test_a_viewer_sees_the_list_and_may_not_touch(acme: Any, as_bob: Any) -> None:
    channel = webhook(acme, url="http://127.0.0.1:9/secret-path")

    page = as_bob.get(CHANNELS)

    assert page.status_code == 200
    assert "Webhook to 127.0.0.1" in page.content.decode()
    assert "secret-path" not in page.content.decode()
    assert "New channel" not in page.content.decode()
    for path in ("new/", "new/webhook/", f"{channel.pk}/", f"{channel.pk}/health/"):
        assert as_bob.get(CHANNELS + path).status_code == 403
    for path in ("new/webhook/", f"{channel.pk}/", f"{channel.pk}/test/", f"{channel.pk}/deletion/"):
        assert as_bob.post(CHANNELS + path, GOOD).status_code == 403


@pytest.mark.parametrize("verb", ["test/", "deletion/"])
def test_verbs_are_posted(acme: Any, as_alice: Any, verb: str) -> None:
    assert as_alice.get(f"{CHANNELS}{webhook(acme).pk}/{verb}").status_code == 405


def test_the_signing_secret_is_shown_once_and_in_no_cache(acme: Any, as_alice: Any) -> None:
    made = as_alice.post(f"{CHANNELS}new/webhook/", GOOD)
    with in_tenant(acme):
        channel = NotificationChannel.objects.get()
    later = as_alice.get(f"{CHANNELS}{channel.pk}/").content.decode()

    assert made.status_code == 201
    assert "no-store" in made.headers["Cache-Control"]
    secrets = re.findall(r"whsec_[A-Za-z0-9+/=]{40,}", made.content.decode())
    assert len(secrets) == 1
    assert secrets[0] not in later
    assert secrets[0] not in channel.sealed_secret


def test_an_email_channel_has_no_secret(acme: Any, as_alice: Any) -> None:
    answer = as_alice.post(f"{CHANNELS}new/email/", {"name": "Duty", "to": "duty@acme.example"}, follow=True)

    assert answer.status_code == 200
    assert "whsec_" not in answer.content.decode()
    assert "E-mail" in as_alice.get(CHANNELS).content.decode()


def test_an_unknown_kind_is_nothing(acme: Any, as_alice: Any) -> None:
    assert as_alice.get(f"{CHANNELS}new/pigeon/").status_code == 404


def test_a_refused_form_keeps_what_was_typed(acme: Any, as_alice: Any) -> None:
    answer = as_alice.post(f"{CHANNELS}new/webhook/", {"name": "Ops", "url": "ftp://nowhere"})

    assert answer.status_code == 422
    assert 'value="ftp://nowhere"' in answer.content.decode()
    assert 'value="Ops"' in answer.content.decode()


def test_saving_a_channel_that_was_switched_off_switches_it_on(acme: Any, as_alice: Any) -> None:
    channel = webhook(acme)
    with in_tenant(acme):
        NotificationChannel.objects.update(disabled_at=channel.created_at, disabled_reason="answered 410")

    page = as_alice.get(f"{CHANNELS}{channel.pk}/").content.decode()
    as_alice.post(f"{CHANNELS}{channel.pk}/", GOOD)

    assert "Answered 410" in page
    assert "Save and switch on" in page
    with in_tenant(acme):
        assert NotificationChannel.objects.get().disabled_at is None


def test_a_test_shows_the_answer_of_the_receiver(
    acme: Any, as_alice: Any, receiver: WebhookReceiver, courier: Any
) -> None:
    channel = webhook(acme, url=receiver.url)

    asked = as_alice.post(f"{CHANNELS}{channel.pk}/test/")
    where = asked.headers["Location"].partition("#")[0]
    health = where.replace("/?", "/health/?")
    wait_until(lambda: "Sent" in as_alice.get(health).content.decode(), 10, "the answer")
    page = as_alice.get(where).content.decode()

    assert receiver.ledger[0].json["type"] == "channel.test"
    assert "127.0.0.1 answered 204" in page
    assert "waiting for the answer" not in page
    assert "data-live-every" not in page


def test_a_test_that_fails_says_why_and_when_it_is_tried_again(
    acme: Any, as_alice: Any, receiver: WebhookReceiver, courier: Any
) -> None:
    receiver.answers = [(503, {})]
    channel = webhook(acme, url=receiver.url)

    where = as_alice.post(f"{CHANNELS}{channel.pk}/test/").headers["Location"].partition("#")[0]
    health = where.replace("/?", "/health/?")
    wait_until(lambda: "Retrying" in as_alice.get(health).content.decode(), 10, "the failure")

    assert "127.0.0.1 answered 503" in as_alice.get(health).content.decode()


def test_before_the_answer_the_page_waits_and_has_a_link_to_look_again(acme: Any, as_alice: Any) -> None:
    channel = webhook(acme)

    page = as_alice.post(f"{CHANNELS}{channel.pk}/test/", follow=True).content.decode()

    assert "waiting for the answer" in page
    assert 'data-live-every="1"' in page
    assert "Look again" in page


def test_the_test_of_another_channel_is_not_shown_here(acme: Any, as_alice: Any, courier: Any) -> None:
    first, second = webhook(acme, "First"), webhook(acme, "Second")

    where = as_alice.post(f"{CHANNELS}{first.pk}/test/").headers["Location"].partition("#")[0]
    wait_until(lambda: "Retrying" in as_alice.get(where).content.decode(), 10, "the failure")

    assert as_alice.get(where.replace(str(first.pk), str(second.pk))).context["tested"] is None


@pytest.mark.parametrize("asked", ["", "x", "01900000", str(UNKNOWN)])
def test_nonsense_asked_for_is_shown_as_nothing(acme: Any, as_alice: Any, asked: str) -> None:
    assert as_alice.get(f"{CHANNELS}{webhook(acme).pk}/", {"test": asked}).context["tested"] is None


def test_deleting_a_channel_says_how_many_deliveries_are_cancelled(acme: Any, as_alice: Any) -> None:
    channel = webhook(acme)
    delivery(acme, channel)

    answer = as_alice.post(f"{CHANNELS}{channel.pk}/deletion/", follow=True).content.decode()

    assert "Ops is deleted. 1 waiting delivery was cancelled." in answer
    with in_tenant(acme):
        assert Delivery.objects.get(tenant_no=acme.no).state == "cancelled"


def test_the_list_shows_health_and_rules(acme: Any, as_alice: Any) -> None:
    channel = webhook(acme)
    rule(acme, channel, name="To ops")
    tried(acme, delivery(acme, channel), "retrying")

    page = as_alice.get(CHANNELS).content.decode()

    assert "Retrying" in page
    assert "answered 503" in page
    assert "To ops" in page


def test_the_list_costs_the_same_for_three_and_thirty(acme: Any, as_alice: Any) -> None:
    def cost(number: int) -> int:
        for _ in range(number):
            channel = webhook(acme)
            rule(acme, channel)
            tried(acme, delivery(acme, channel), "sent")
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(CHANNELS)
        return len(queries)

    cost(0)
    assert cost(3) == cost(27) < 20


def test_a_channel_shows_how_it_did_in_seven_days(acme: Any, as_alice: Any) -> None:
    channel = webhook(acme)
    for state in ("sent", "sent", "sent", "dead"):
        tried(acme, delivery(acme, channel), state)

    page = as_alice.get(f"/o/acme/channels/{channel.pk}/health/").content.decode()

    assert "75 % arrived: 3 sent, 1 given up" in page
    assert "95 of 100 within" in page
    assert (
        "nothing was sent"
        in as_alice.get(f"/o/acme/channels/{webhook(acme, 'Other').pk}/health/").content.decode()
    )
