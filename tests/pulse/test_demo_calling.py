"""The demo's phone and chat: their providers take what the real ones would, and what is answered there counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client

from monitors.telemetry.models import Status
from notifications import channels
from notifications.ledger.models import Delivery, Escalation, LocalMail
from notifications.models import EscalationPolicy, NotificationChannel, Rule, Schedule
from notifications.overview import policy_rows, sentence
from pulse.demo import calling, filling, twilio
from pulse.demo.accounts import PHONE, SENDER, SLACK, SLUG, TWILIO, provider_urls
from pulse.scoping import in_tenant
from tenants.models import Membership, Organisation, User
from tests.monitors.heartbeats.serving import served
from tests.notifications.site import Site, let_time_pass
from tests.receivers import wait_until

MESSAGES = f"/demo/twilio/2010-04-01/Accounts/{TWILIO}/Messages.json"
CALLS = MESSAGES.replace("Messages", "Calls")
POST = "/demo/slack/chat.postMessage"
HEADER = {"type": "header", "text": {"type": "plain_text", "text": "Down: shop"}}


@pytest.fixture
def demo(acme: Any, alice: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Acme plays the demo, whose shop's state the test decides, on a web server of this process."""
    cache.clear()
    monkeypatch.setattr(filling, "SLUG", "acme")
    site = Site(acme)
    with in_tenant(acme):
        calling.fill(acme, alice, site.monitor)
    with served() as address:
        settings.PULSE_DEMO, settings.PULSE_SELF_URL = True, address
        settings.PULSE_PROVIDER_URLS = provider_urls(address)
        yield site


def secret_of(site: Site, kind: str) -> Any:
    with in_tenant(site.organisation):
        return channels.open_config(site.organisation, NotificationChannel.objects.get(kind=kind))


def ask(site: Site, method: str, path: str, **more: Any) -> requests.Response:
    return requests.request(method, filling.address() + path, timeout=10, **more)


def text(site: Site, auth: Any = None, **fields: str) -> requests.Response:
    account = auth or (TWILIO, secret_of(site, "sms").auth_token)
    return ask(
        site, "POST", MESSAGES, auth=account, data={"To": PHONE, "From": SENDER, "Body": "Hello"} | fields
    )


def say(site: Site, token: str = "", **document: Any) -> dict[str, Any]:
    content = {"channel": SLACK, "text": "Down: shop", "attachments": [{"blocks": [HEADER]}]} | document
    headers = {"Authorization": f"Bearer {token or secret_of(site, 'slack').token}"}
    found: dict[str, Any] = ask(site, "POST", POST, json=content, headers=headers).json()
    return found


def opened(site: Site) -> list[Delivery]:
    return [row for row in site.deliveries() if row.event == "incident.opened"]


def called(site: Site, courier: Any) -> None:
    """An outage that nobody took within the first step: the phone and the chat have it."""
    site.becomes(Status.DOWN)
    courier.wake()
    wait_until(lambda: [row.state for row in opened(site)] == ["sent"], 10, "the first step to be told")
    let_time_pass()
    courier.wake()
    wait_until(lambda: [row.state for row in opened(site)] == ["sent"] * 3, 10, "the second step to be told")


def chain(site: Site) -> Escalation:
    with in_tenant(site.organisation):
        return Escalation.objects.get(tenant_no=site.organisation.no)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"From": "+15005550006"}, 21606),
        ({"To": "+4930901820"}, 21608),
        ({"Body": ""}, 21617),
        ({"Body": "x" * 1601}, 21617),
    ],
)
def test_the_phones_provider_refuses_what_is_not_its_accounts(
    demo: Site, fields: dict[str, str], code: int
) -> None:
    answer = text(demo, **fields)

    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize("auth", [(TWILIO, "wrong"), ("AC" + "0" * 32, "wrong"), (TWILIO, "")])
def test_without_the_accounts_token_nothing_is_taken(demo: Site, auth: Any) -> None:
    assert text(demo, auth).json()["code"] == 20003
    assert ask(demo, "GET", MESSAGES).status_code == 401


def test_what_was_taken_can_be_looked_up(demo: Site) -> None:
    made = text(demo).json()
    account = (TWILIO, secret_of(demo, "sms").auth_token)

    found = ask(demo, "GET", MESSAGES, auth=account, params={"To": PHONE}).json()["messages"]
    others = ask(demo, "GET", MESSAGES, auth=account, params={"To": "+15005550009"}).json()["messages"]

    assert [(row["sid"], row["body"], row["to"]) for row in found] == [(made["sid"], "Hello", PHONE)]
    assert others == []
    assert ask(demo, "GET", CALLS, auth=account).json()["calls"] == []


def test_the_chats_provider_answers_as_slack_does(demo: Site) -> None:
    assert say(demo, token="xoxb-wrong") == {"ok": False, "error": "invalid_auth"}
    assert say(demo, channel="C1") == {"ok": False, "error": "channel_not_found"}
    assert say(demo, attachments=[]) == {"ok": False, "error": "invalid_arguments"}
    first, second = say(demo), say(demo)
    assert first["ok"]
    assert first["ts"] != second["ts"]


def test_without_the_demo_there_is_none_of_it(demo: Site, settings: Any, as_alice: Any) -> None:
    settings.PULSE_DEMO = False

    assert as_alice.get("/demo/phone/").status_code == 404
    assert as_alice.get("/demo/chat/").status_code == 404
    assert Client().post(MESSAGES).status_code == 404
    assert Client().post(POST).status_code == 404


def test_only_members_see_what_came_and_a_viewer_answers_nothing(
    demo: Site, as_bob: Any, as_charlie: Any
) -> None:
    for page in ("/demo/phone/", "/demo/chat/", "/demo/receiver/"):
        assert as_bob.get(page).status_code == 200
        assert as_charlie.get(page).status_code == Client().get(page).status_code == 404
    for deed in ("/demo/phone/reply/", "/demo/phone/1/key/", "/demo/chat/1/press/"):
        assert as_bob.post(deed, {"text": "ACK"}).status_code == 404


def test_an_outage_that_nobody_takes_reaches_mailbox_phone_and_chat_with_receipts(
    demo: Site, as_alice: Any, courier: Any
) -> None:
    called(demo, courier)

    phone = [row for row in opened(demo) if row.transport == "sms"]
    wait_until(
        lambda: [row.receipt for row in opened(demo) if row.transport == "sms"] == ["delivered"],
        10,
        "a receipt",
    )
    assert phone[0].provider_id.startswith("SM")
    assert LocalMail.objects.filter(to__contains="alice@acme.example", subject__contains="shop").exists()
    assert "shop is down" in as_alice.get("/demo/phone/").content.decode()
    chat = as_alice.get("/demo/chat/").content.decode()
    assert "Down: shop" in chat
    assert "/press/" in chat


def test_a_reply_from_the_phone_stops_the_policy(demo: Site, as_alice: Any, courier: Any) -> None:
    called(demo, courier)

    page = as_alice.post("/demo/phone/reply/", {"text": "ack"}, follow=True).content.decode()

    assert "shop: somebody at Demo phone, text has it." in page
    assert demo.incident.acknowledged_by == "somebody at Demo phone, text"
    assert chain(demo).state == "acknowledged"
    let_time_pass()
    courier.wake()
    with pytest.raises(AssertionError):
        wait_until(lambda: len(opened(demo)) > 3, 1.2, "another call")


def test_the_button_in_the_chat_takes_it_and_the_thread_tells_the_rest(
    demo: Site, as_alice: Any, courier: Any
) -> None:
    called(demo, courier)
    (post,) = as_alice.get("/demo/chat/").context["posts"]

    as_alice.post(f"/demo/chat/{post.number}/press/")
    demo.becomes(Status.UP)
    courier.wake()
    wait_until(
        lambda: len(as_alice.get("/demo/chat/").context["posts"][0].replies) >= 2,
        10,
        "the end, in the thread",
    )
    # Nobody is to press a button of what is over: it goes in a request of its own, after the reply.
    wait_until(lambda: not as_alice.get("/demo/chat/").context["posts"][0].button, 10, "the button to go")

    assert demo.incident.acknowledged_by == "alice (Slack)"
    (post,) = as_alice.get("/demo/chat/").context["posts"]
    assert post.replies[0].text == "shop: alice (Slack) has it."
    assert any("is up again" in reply.text for reply in post.replies)


def test_a_call_is_heard_on_the_phone_and_a_key_takes_the_incident(
    demo: Site, as_alice: Any, courier: Any
) -> None:
    with in_tenant(demo.organisation):
        call = NotificationChannel.objects.get(kind="voice")
    demo.tell(name="ring", channels=[str(call.pk)])
    demo.becomes(Status.DOWN)
    courier.wake()
    wait_until(lambda: as_alice.get("/demo/phone/").context["rows"], 10, "a call")

    (row,) = as_alice.get("/demo/phone/").context["rows"]
    as_alice.post(f"/demo/phone/{row['number']}/key/")

    assert "Press 1 to take care of it." in row["text"]
    assert demo.incident.acknowledged_by == "somebody at Demo phone, call"


def test_every_step_is_on_the_incidents_page(demo: Site, as_alice: Any, courier: Any) -> None:
    called(demo, courier)
    as_alice.post("/demo/phone/reply/", {"text": "ack"})
    wait_until(lambda: len(demo.deliveries()) == 2 * len(opened(demo)), 10, "the others to hear who has it")
    incident = demo.incident

    page = as_alice.get(f"/o/acme/incidents/{incident.pk}/").content.decode()
    told = as_alice.get(
        f"/o/acme/deliveries/incident/{incident.pk}/", headers={"HX-Request": "true"}
    ).content.decode()

    for step in ("step 1: telling", "step 2: telling Demo phone, text, Demo chat", "has it"):
        assert step in page, step
    for receiver in ("alice@acme.example", "Demo phone, text", "Demo chat"):
        assert receiver in told, receiver
    assert told.count("/why/") == len(demo.deliveries())


def test_a_page_that_shows_all_of_it_already_is_not_sent_again(demo: Site, as_alice: Any) -> None:
    text(demo)
    wait_until(lambda: b"delivered" in as_alice.get("/demo/phone/").content, 5, "the text to arrive")
    shown = as_alice.get("/demo/phone/").context["known"]
    again = {"headers": {"HX-Request": "true"}}

    assert as_alice.get("/demo/phone/", {"known": shown}, **again).status_code == 204
    text(demo)
    assert b"Text from Pulse" in as_alice.get("/demo/phone/", {"known": shown}, **again).content
    wait_until(lambda: as_alice.get("/demo/phone/").content.count(b"delivered") >= 2, 5, "that one to arrive")


def test_a_report_goes_to_this_pulse_alone() -> None:
    assert twilio.path_of("http://localhost:8000/t/r/1-1-x") == "/t/r/1-1-x"
    assert twilio.path_of("http://localhost:8000.example/t/r/1") == ""
    assert twilio.path_of("http://169.254.169.254/") == ""


def test_the_first_start_makes_all_of_it_and_a_second_one_changes_nothing(world: None, settings: Any) -> None:
    settings.PULSE_DEMO = True
    filling.make()
    before = _made()
    call_command("first_start")

    assert _made() == before
    assert before["people"] == ["owner@localhost", "robin@localhost"]
    assert before["policy"] == [
        "Tell whoever is on call by Shop duty, then wait 20 s.",
        "Tell Demo phone, text and Demo chat, then wait 20 s.",
    ]
    assert "call people by the policy Shop call" in before["rules"][0]


def _made() -> dict[str, Any]:
    demo = Organisation.objects.get(slug=SLUG)
    with in_tenant(demo):
        return {
            "people": sorted(
                Membership.objects.filter(organisation=demo).values_list("user__email", flat=True)
            ),
            "users": User.objects.count(),
            "channels": sorted(NotificationChannel.objects.values_list("name", "sealed_secret")),
            "schedules": list(Schedule.objects.values_list("name", "layers")),
            "policy": list(policy_rows()[0].steps),
            "policies": EscalationPolicy.objects.count(),
            "rules": [sentence(rule) for rule in Rule.objects.order_by("name")],
            "audit": _audited(),
        }


def _audited() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_audit")
        return int(cursor.fetchone()[0])
