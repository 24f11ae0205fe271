"""What follows a message: reminders, another way, several as one; and words about channels that fail."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from incidents import handling
from monitors.telemetry.models import Status
from notifications import channels, receipts
from notifications.ledger.models import Delivery
from notifications.models import NotificationChannel
from pulse.scoping import in_tenant
from tenants.actors import Actor
from tests.notifications.site import Site, let_time_pass
from tests.receivers import SmtpReceiver, WebhookReceiver, wait_until


def kinds(receiver: WebhookReceiver) -> list[str]:
    return [entry.json["type"] for entry in receiver.ledger]


def pass_on(courier: Any) -> None:
    let_time_pass()
    courier.wake()


def set_channel(site: Site, channel: NotificationChannel, **values: Any) -> None:
    with in_tenant(site.organisation):
        NotificationChannel.objects.filter(pk=channel.pk).update(**values)


def test_an_outage_that_goes_on_is_told_again_until_somebody_has_it(
    site: Site, receiver: WebhookReceiver, alice: Any, courier: Any
) -> None:
    site.channel("webhook", {"url": receiver.url}, repeat_seconds=600)
    site.becomes(Status.DOWN)
    site.wait("sent")

    for count in (2, 3):
        pass_on(courier)
        site.wait(*["sent"] * count)
    with in_tenant(site.organisation):
        handling.acknowledge(site.organisation, site.incident, Actor.person(alice))
    pass_on(courier)
    site.becomes(Status.UP)
    rows = site.wait(*["sent"] * 4)

    assert kinds(receiver) == [
        "incident.opened",
        "incident.reminder",
        "incident.reminder",
        "incident.resolved",
    ]
    assert [row.purpose for row in rows] == ["rule", "reminder", "reminder", "rule"]
    assert len({entry.key for entry in receiver.ledger}) == 4


def test_an_outage_shorter_than_the_delay_is_told_to_nobody(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    site.channel("webhook", {"url": receiver.url}, delay_seconds=300)
    site.becomes(Status.DOWN)
    site.wait("pending")

    site.becomes(Status.UP)
    (row,) = site.wait("cancelled")

    assert row.last_answer == "it was over before it was time to tell"
    assert receiver.ledger == []


def test_what_comes_within_the_time_of_a_digest_goes_out_as_one_message_that_names_each(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    site.channel("webhook", {"url": receiver.url}, digest_seconds=120)
    other = Site(site.organisation)
    for one in (site, other):
        one.becomes(Status.DOWN)
    site.wait("held", "held")

    pass_on(courier)
    rows = site.wait("folded", "folded", "sent")

    (message,) = receiver.ledger
    assert message.json["type"] == "digest"
    assert [item["event"] for item in message.json["data"]["items"]] == ["incident.opened"] * 2
    assert {row.folded_into for row in rows[:2]} == {rows[2].no}
    site.becomes(Status.UP)
    pass_on(courier)
    site.wait("folded", "folded", "sent", "sent")
    assert kinds(receiver) == ["digest", "incident.resolved"]


def test_one_held_message_goes_out_as_itself(site: Site, receiver: WebhookReceiver, courier: Any) -> None:
    site.channel("webhook", {"url": receiver.url}, digest_seconds=120)
    site.becomes(Status.DOWN)
    site.wait("held")

    pass_on(courier)
    site.wait("sent")

    assert kinds(receiver) == ["incident.opened"]


def test_above_the_limit_of_an_hour_messages_wait_where_everybody_can_see_them(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    set_channel(site, site.channel("webhook", {"url": receiver.url}), hourly_limit=1)
    site.becomes(Status.DOWN)
    site.wait("sent")

    Site(site.organisation).becomes(Status.DOWN)
    held = site.wait("sent", "held")[1]

    assert held.last_answer.startswith("above the limit of 1 an hour; goes out at ")
    assert len(receiver.ledger) == 1


def test_a_channel_that_gives_up_is_followed_by_the_next_one_and_by_a_word_to_who_can_mend_it(
    site: Site, receiver: WebhookReceiver, alice: Any, smtp: SmtpReceiver, courier: Any
) -> None:
    receiver.answers = [(410, {})]
    late = WebhookReceiver().start()
    first = site.channel("webhook", {"url": receiver.url})
    second = site.lonely("webhook", {"url": late.url})
    set_channel(site, first, fallback=second)

    site.becomes(Status.DOWN)
    site.wait("dead", "sent", "sent")
    site.becomes(Status.UP)
    rows = site.wait("dead", "sent", "sent", "sent")
    late.stop()

    assert kinds(late) == ["incident.opened", "incident.resolved"]
    assert {row.purpose for row in rows} == {"rule", "fallback", "notice"}
    (notice,) = smtp.mails
    assert notice["To"] == "alice@acme.example"
    assert "webhook" in str(notice["Subject"])
    assert any(text == "webhook could not deliver it: telling webhook instead." for text in site.texts())


def test_who_stands_in_for_a_channel_that_is_switched_off_is_told_at_once(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    first = site.channel("webhook", {"url": receiver.url})
    second = site.lonely("webhook", {"url": receiver.url})
    third = site.lonely("webhook", {"url": receiver.url})
    set_channel(site, first, fallback=second)
    set_channel(site, second, fallback=third)
    with in_tenant(site.organisation), transaction.atomic():
        for gone in (first, second):
            channels.switch_off(site.organisation, gone.pk, "answered 410")

    site.becomes(Status.DOWN)
    (row,) = site.wait("sent")

    assert (row.channel_id, row.purpose) == (third.pk, "rule")


def test_the_end_is_told_where_nobody_knows_whether_the_beginning_arrived(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    site.channel("webhook", {"url": receiver.url})
    site.becomes(Status.DOWN)
    site.wait("sent")
    with in_tenant(site.organisation):
        Delivery.objects.filter(tenant_no=site.organisation.no).update(state="unknown")

    site.becomes(Status.UP)

    site.wait("unknown", "sent")
    assert kinds(receiver) == ["incident.opened", "incident.resolved"]


def test_a_failed_receipt_tries_the_next_way_at_once_and_a_good_one_never(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    first = site.channel("webhook", {"url": receiver.url})
    second = site.lonely("webhook", {"url": receiver.url})
    set_channel(site, first, fallback=second)
    site.becomes(Status.DOWN)
    (row,) = site.wait("sent")

    assert receipts.report(row.tenant_no, row.no, "failed", "undelivered, error 30003")
    courier.wake()
    site.wait("sent", "sent")

    assert site.deliveries()[0].receipt == "failed"
    assert "webhook did not get the message: undelivered, error 30003." in site.texts()


@pytest.mark.parametrize(
    ("reports", "kept"),
    [
        (["delivered", "delivered"], "delivered"),
        (["delivered", "failed"], "delivered"),
        (["failed", "delivered"], "delivered"),
        (["delivered", "read", "delivered"], "read"),
        (["nonsense"], ""),
    ],
)
def test_receipts_come_twice_late_and_out_of_order(
    site: Site, receiver: WebhookReceiver, courier: Any, reports: list[str], kept: str
) -> None:
    site.channel("webhook", {"url": receiver.url})
    site.becomes(Status.DOWN)
    (row,) = site.wait("sent")

    for report in reports:
        receipts.report(row.tenant_no, row.no, report, "")

    assert site.deliveries()[0].receipt == kept


def test_without_a_receipt_in_time_the_next_way_is_tried_unless_somebody_has_it(
    site: Site, receiver: WebhookReceiver, alice: Any, courier: Any
) -> None:
    first = site.channel("webhook", {"url": receiver.url})
    set_channel(site, first, fallback=site.lonely("webhook", {"url": receiver.url}))
    site.becomes(Status.DOWN)
    (row,) = site.wait("sent")
    with in_tenant(site.organisation):
        waiting = Delivery.objects.filter(tenant_no=row.tenant_no, no=row.no)
        waiting.update(fallback_at=row.created_at)
    courier.wake()
    site.wait("sent", "sent")

    with in_tenant(site.organisation):
        handling.acknowledge(site.organisation, site.incident, Actor.person(alice))
        waiting.update(fallback_at=row.created_at)
    courier.wake()
    wait_until(lambda: site.deliveries()[0].fallback_at is None, 10, "the look")
    assert [row.purpose for row in site.deliveries() if row.event == "incident.opened"] == [
        "rule",
        "fallback",
    ]


@pytest.mark.parametrize(
    ("on", "detail", "told"),
    [
        ("degraded", "slow: took 900 ms, over 500 ms", ["monitor.degraded", "monitor.settled"]),
        (
            "certificate",
            "the certificate expires in 9 days, limit 14",
            ["monitor.certificate", "monitor.settled"],
        ),
        ("certificate", "slow: took 900 ms, over 500 ms", []),
        ("degraded", "[CERTIFICATE_DAYS] is 9, expected at least 14", []),
        ("flapping", "slow", []),
    ],
)
def test_what_opens_no_incident_is_told_where_a_rule_asks_for_it(
    site: Site, receiver: WebhookReceiver, courier: Any, on: str, detail: str, told: list[str]
) -> None:
    site.channel("webhook", {"url": receiver.url}, on=[on])

    site.becomes(Status.DEGRADED, Status.UP, detail)
    site.wait(*["sent"] * len(told[:1]))
    site.becomes(Status.UP, Status.DEGRADED, "answered 200")
    site.wait(*["sent"] * len(told))

    assert kinds(receiver) == told


def test_flapping_is_told_to_who_asked_for_it_and_not_again_to_who_was_told_of_the_outage(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    late = WebhookReceiver().start()
    site.channel("webhook", {"url": receiver.url}, on=["down", "flapping"])
    site.channel("webhook", {"url": late.url}, on=["flapping"])
    site.becomes(Status.DOWN)
    site.wait("sent")

    site.becomes(Status.FLAPPING, Status.DOWN)
    site.wait("sent", "sent")
    late.stop()

    assert kinds(receiver) == ["incident.opened"]
    assert kinds(late) == ["monitor.flapping"]
