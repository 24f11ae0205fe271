"""Deliveries against real receivers: retries, refusals, and who hears of an end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents import handling
from incidents.models import Incident
from monitors import editing
from monitors.models import Monitor
from monitors.telemetry.models import Status
from notifications import channels, rules
from notifications.ledger import queue
from notifications.ledger.models import Attempt
from notifications.models import NotificationChannel
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.notifications.site import Site, let_time_pass
from tests.receivers import SmtpReceiver, WebhookReceiver, wait_until


def test_a_failed_delivery_is_tried_again_with_the_same_key(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    receiver.answers = [(500, {}), (302, {"Location": "http://127.0.0.1:9/"})]
    site.channel("webhook", {"url": receiver.url})

    site.becomes(Status.DOWN)
    while len(receiver.ledger) < 3:
        site.wait_for_one_of("retrying", "sent")
        let_time_pass()

    (row,) = site.wait("sent")
    assert {entry.key for entry in receiver.ledger} == {f"msg_{row.id.hex}"}
    assert (row.attempts, row.repeats, row.last_answer) == (3, 0, "answered 204")
    with in_tenant(site.organisation):
        attempts = Attempt.objects.filter(delivery_no=row.no).order_by("number")
        assert [(attempt.outcome, attempt.status_code) for attempt in attempts] == [
            ("failed", 500),
            ("failed", 302),
            ("sent", 204),
        ]
    assert site.texts()[-1] == "Told webhook of the outage: answered 204."


@pytest.mark.parametrize(("answer", "seconds"), [((503, {}), 5), ((429, {"Retry-After": "120"}), 120)])
def test_the_first_retry_comes_after_five_seconds_or_when_the_receiver_says(
    answer: tuple[int, dict[str, str]], seconds: int, site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    receiver.answers = [answer]
    site.channel("webhook", {"url": receiver.url})

    site.becomes(Status.DOWN)
    (row,) = site.wait("retrying")

    assert row.retry_at is not None
    assert abs((row.retry_at - timezone.now()).total_seconds() - seconds) < 1.6


def test_after_the_last_try_it_is_a_dead_letter_that_can_be_sent_again(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    receiver.answers = [(500, {})] * 8
    site.channel("webhook", {"url": receiver.url})

    site.becomes(Status.DOWN)
    while len(receiver.ledger) < 8:
        site.wait_for_one_of("retrying", "dead")
        let_time_pass()
        courier.senders.forgive()  # the rest of a destination that fails is over, too
        courier.wake()
    row, notice = site.wait("dead", "sent")
    assert row.attempts == 8
    assert "Could not tell webhook of the outage: answered 500. Given up after 8 tries." in site.texts()
    assert (notice.event, notice.recipient) == ("channel.failing", "alice@acme.example")

    with in_tenant(site.organisation):
        assert queue.resend(site.organisation.no, row.no)
    courier.wake()

    assert site.wait("sent", "sent")[0].id == row.id


def test_a_receiver_that_is_gone_is_switched_off(site: Site, receiver: WebhookReceiver, courier: Any) -> None:
    receiver.answers = [(410, {})]
    channel = site.channel("webhook", {"url": receiver.url})

    site.becomes(Status.DOWN)
    site.wait("dead", "sent")  # the second one tells the owner

    with in_tenant(site.organisation):
        channel.refresh_from_db()
    assert channel.disabled_at is not None
    assert channel.disabled_reason == "answered 410: it wants no more messages"


def test_a_private_address_is_refused_where_it_is_not_allowed(
    site: Site, receiver: WebhookReceiver, courier: Any, settings: Any
) -> None:
    site.channel("webhook", {"url": receiver.url.replace("127.0.0.1", "localhost")})
    settings.PULSE_ALLOW_PRIVATE_WEBHOOKS = ""

    site.becomes(Status.DOWN)
    row, _ = site.wait("dead", "sent")

    assert receiver.ledger == []
    assert row.attempts == 1
    assert "loopback" in row.last_answer


def test_a_hanging_receiver_delays_nobody_else(site: Site, receiver: WebhookReceiver, courier: Any) -> None:
    slow = WebhookReceiver(delay=4).start()
    try:
        for _ in range(6):
            site.channel("webhook", {"url": slow.url})
        site.channel("webhook", {"url": receiver.url})
        began = timezone.now()
        site.becomes(Status.DOWN)
        receiver.wait_for(1, 5)
        assert timezone.now() - began < timedelta(seconds=3)
    finally:
        slow.stop()


def test_the_end_is_told_to_those_who_were_told_whatever_the_rules_say_by_now(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    site.channel("webhook", {"url": receiver.url})
    site.becomes(Status.DOWN)
    site.wait("sent")
    late = WebhookReceiver().start()
    with in_tenant(site.organisation):
        rules.delete(site.organisation, site.rule, COMMAND_LINE)
    site.channel("webhook", {"url": late.url})

    site.becomes(Status.UP)
    site.wait("sent", "sent")
    late.stop()

    assert [entry.json["type"] for entry in receiver.ledger] == ["incident.opened", "incident.resolved"]
    assert late.ledger == []


def test_the_end_never_overtakes_the_beginning(site: Site, receiver: WebhookReceiver, courier: Any) -> None:
    receiver.delay = 1
    site.channel("webhook", {"url": receiver.url})
    site.becomes(Status.DOWN)
    receiver.wait_for(1)

    site.becomes(Status.UP)
    site.wait("sent", "sent")

    assert [entry.json["type"] for entry in receiver.ledger] == ["incident.opened", "incident.resolved"]
    assert receiver.ledger[1].at - receiver.ledger[0].at > 0.9


def test_a_beginning_that_did_not_get_through_is_told_with_the_end_as_one_message(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    receiver.answers = [(500, {})]
    site.channel("webhook", {"url": receiver.url})
    site.becomes(Status.DOWN)
    site.wait("retrying")

    site.becomes(Status.UP)
    beginning, end = site.wait("folded", "sent")

    assert beginning.folded_into == end.no
    assert end.reason == "the beginning had not got through yet"
    assert [entry.json["type"] for entry in receiver.ledger] == ["incident.opened", "incident.resolved"]


def test_deleting_a_channel_cancels_what_waits_for_it(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    receiver.answers = [(500, {})]
    channel = site.channel("webhook", {"url": receiver.url})
    site.becomes(Status.DOWN)
    site.wait("retrying")

    with in_tenant(site.organisation):
        channels.delete(site.organisation, channel, COMMAND_LINE)
    let_time_pass()
    courier.wake()

    assert site.wait("cancelled")[0].last_answer == "command line deleted the channel"
    assert len(receiver.ledger) == 1


def test_mail_is_the_same_message_at_every_try(site: Site, smtp: SmtpReceiver, courier: Any) -> None:
    smtp.refuse["ops@acme.example"] = "451 try later"
    site.channel("email", {"to": "ops@acme.example"})
    site.becomes(Status.DOWN)
    (row,) = site.wait("retrying")
    assert "451" in row.last_answer
    smtp.refuse.clear()
    let_time_pass()

    site.wait("sent")
    (mail,) = smtp.mails
    assert mail["Message-ID"] == f"<msg_{row.id.hex}@localhost>"
    assert mail["Subject"] == "Down: shop"
    assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html"}


def test_an_address_that_does_not_exist_is_told_at_once(site: Site, smtp: SmtpReceiver, courier: Any) -> None:
    smtp.refuse["nobody@acme.example"] = "550 no such user"
    site.channel("email", {"to": "nobody@acme.example"})

    site.becomes(Status.DOWN)

    assert site.wait("dead", "sent")[0].attempts == 1


def test_deleting_a_monitor_resolves_its_incident_and_tells_those_who_were_told(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    site.channel("webhook", {"url": receiver.url})
    site.becomes(Status.DOWN)
    site.wait("sent")

    with in_tenant(site.organisation):
        editing.delete(site.organisation, Monitor.objects.get(pk=site.monitor.pk), COMMAND_LINE)
        assert Incident.objects.get().resolution == "deleted"

    site.wait("sent", "sent")
    assert receiver.ledger[-1].json["type"] == "incident.resolved"


def test_a_second_outage_is_a_second_incident(site: Site) -> None:
    for status in (Status.DOWN, Status.DOWN, Status.UP, Status.UP, Status.DOWN):
        site.becomes(status)

    with in_tenant(site.organisation):
        states = list(Incident.objects.order_by("started_at").values_list("resolved_at", flat=True))
    assert [moment is None for moment in states] == [False, True]


def test_acknowledging_twice_keeps_the_first(site: Site) -> None:
    site.becomes(Status.DOWN)
    with in_tenant(site.organisation):
        incident = Incident.objects.get()
        first = handling.acknowledge(site.organisation, incident, COMMAND_LINE)
        second = handling.acknowledge(site.organisation, incident, COMMAND_LINE)
        kinds = list(incident.timeline.values_list("kind", flat=True))

    assert first.acknowledged_at == second.acknowledged_at
    assert kinds.count("acknowledged") == 1


def test_a_secret_that_does_not_open_holds_up_no_other_channel(
    site: Site, globex: Any, receiver: WebhookReceiver, courier: Any
) -> None:
    broken = site.channel("webhook", {"url": receiver.url.replace("/hook", "/broken")})
    with in_tenant(site.organisation):
        NotificationChannel.objects.filter(pk=broken.pk).update(sealed_secret="v1.k1.AAAA.AAAA")
    site.channel("webhook", {"url": receiver.url})

    site.becomes(Status.DOWN)

    receiver.wait_for(1, 10)
    wait_until(lambda: {row.state for row in site.deliveries()} == {"pending", "sent"}, 10, "the outcome")
    states = {row.channel_id == broken.pk: row.state for row in site.deliveries()}
    assert states == {True: "pending", False: "sent"}
