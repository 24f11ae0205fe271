"""What is due at once goes out as soon as it is committed, and only where there is a place for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from incidents import resolving
from notifications import channels, notices
from notifications.ledger import queue
from notifications.ledger.models import Attempt, Delivery
from notifications.ledger.queue import Finished
from notifications.models import NotificationChannel
from notifications.relay import relay
from notifications.sending import SENDS_AT_ONCE, SENDS_PER_DESTINATION, Senders
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.notifications.making import delivery, outage, rule, webhook
from tests.receivers import WebhookReceiver, wait_until
from tests.triggers import REFUSE, trouble

HERE = "127.0.0.1:9"


class Outcomes(list[Finished]):
    def put(self, item: Finished | None) -> None:
        if item is not None:
            self.append(item)


@pytest.fixture
def outcomes() -> Outcomes:
    return Outcomes()


@pytest.fixture
def senders(outcomes: Outcomes) -> Iterator[Senders]:
    senders = Senders(outcomes.put)
    yield senders
    senders.abandon()


def rows(organisation: Any) -> list[Delivery]:
    with in_tenant(organisation):
        return list(Delivery.objects.filter(tenant_no=organisation.no).order_by("no"))


def claimed(rooms: dict[str, int], each: int = 64) -> list[int]:
    with as_pipeline():
        return [item.no for item in queue.claim(64, each, rooms)]


def test_a_new_message_goes_out_without_being_claimed(
    acme: Any, receiver: WebhookReceiver, senders: Senders, outcomes: Outcomes
) -> None:
    rule(acme, webhook(acme, url=receiver.url))
    outage(acme)

    relay(senders)
    receiver.wait_for(1)
    wait_until(lambda: outcomes and not senders.busy, 5, "the outcome")

    (row,) = rows(acme)
    with in_tenant(acme):
        tries = list(Attempt.objects.filter(delivery_no=row.no).values_list("number", "outcome"))
    assert (row.state, row.attempts, row.repeats, row.fencing_token) == ("sending", 1, 0, 1)
    assert tries == [(1, "unknown")]
    assert outcomes[0].attempted.leased.no == row.no
    assert receiver.ledger[0].headers["webhook-id"] == f"msg_{row.id.hex}"
    assert claimed({}) == []


def test_its_outcome_is_written_as_that_of_any_other(
    acme: Any, receiver: WebhookReceiver, courier: Any
) -> None:
    rule(acme, webhook(acme, url=receiver.url))
    outage(acme)

    courier.wake()
    wait_until(lambda: [row.state for row in rows(acme)] == ["sent"], 5, "the outcome to be written")


def test_what_waits_for_its_delay_is_not_started(acme: Any, senders: Senders) -> None:
    rule(acme, webhook(acme), delay_seconds=60)
    outage(acme)

    relay(senders)

    assert [(row.state, row.attempts) for row in rows(acme)] == [("pending", 0)]
    assert not senders.busy


def test_a_destination_without_a_place_is_left_to_the_queue(acme: Any, senders: Senders) -> None:
    rule(acme, webhook(acme, url=f"http://{HERE}/hook"))
    outage(acme)
    for _ in range(SENDS_PER_DESTINATION):
        assert senders.take(HERE)

    relay(senders)

    assert [row.state for row in rows(acme)] == ["pending"]


def test_nothing_new_goes_before_what_waits_already(acme: Any, senders: Senders) -> None:
    rule(acme, webhook(acme))
    outage(acme)
    senders.behind = True

    relay(senders)

    assert [row.state for row in rows(acme)] == ["pending"]


def test_an_end_is_not_started_before_its_beginning_is_through(
    acme: Any, receiver: WebhookReceiver, senders: Senders
) -> None:
    rule(acme, webhook(acme, url=receiver.url))
    incident = outage(acme)
    relay(senders)
    receiver.wait_for(1)
    with in_tenant(acme):
        resolving.resolve(acme, incident, COMMAND_LINE)

    relay(senders)
    wait_until(lambda: not senders.busy, 5, "its place to be free again")

    assert [(row.event, row.state) for row in rows(acme)] == [
        ("incident.opened", "sending"),
        ("incident.resolved", "pending"),
    ]


def test_what_cannot_be_committed_is_not_sent_and_keeps_no_place(
    acme: Any, receiver: WebhookReceiver, senders: Senders
) -> None:
    rule(acme, webhook(acme, url=receiver.url))
    outage(acme)

    with trouble("public.ledger_attempt", REFUSE):
        relay(senders)

    assert rows(acme) == []
    assert not senders.busy
    assert receiver.ledger == []


def test_what_people_are_told_by_their_own_ways_is_claimed_first(acme: Any, senders: Senders) -> None:
    """They may have left by then, or somebody may have it."""
    channel = webhook(acme)
    with in_tenant(acme), transaction.atomic():
        notices.channel_fails(acme, channel, "answered 404")

    relay(senders)

    (row,) = rows(acme)
    assert row.person_id is not None
    assert (row.state, row.attempts) == ("pending", 0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _, channel: NotificationChannel.objects.filter(pk=channel).update(sealed_secret="of another"),
        lambda organisation, channel: channels.switch_off(organisation, channel, "gone"),
    ],
    ids=["sealed by another key", "switched off"],
)
def test_a_channel_that_cannot_be_used_keeps_no_place(
    spoil: Callable[[Any, UUID], Any], acme: Any, senders: Senders
) -> None:
    channel = webhook(acme)
    rule(acme, channel)
    outage(acme)
    with in_tenant(acme), transaction.atomic():
        spoil(acme, channel.pk)

    relay(senders)

    assert not senders.busy


@pytest.mark.parametrize(("room", "taken"), [(0, 0), (1, 1), (3, 3), (9, 6)])
def test_a_claim_takes_no_more_than_a_destination_has_room_for(room: int, taken: int, acme: Any) -> None:
    channel = webhook(acme)
    for _ in range(6):
        delivery(acme, channel)

    assert len(claimed({HERE: room})) == taken


def test_of_a_destination_that_is_not_named_a_claim_takes_as_many_as_is_usual(acme: Any) -> None:
    channel = webhook(acme)
    for _ in range(6):
        delivery(acme, channel)

    assert len(claimed({"elsewhere:1": 9}, each=4)) == 4


def test_places_are_counted_and_given_back(senders: Senders) -> None:
    assert senders.rooms() == (SENDS_AT_ONCE, {})
    for _ in range(SENDS_PER_DESTINATION):
        assert senders.take(HERE)
    assert not senders.take(HERE)
    assert senders.rooms() == (SENDS_AT_ONCE - SENDS_PER_DESTINATION, {HERE: 0})
    senders.give_back(HERE)
    assert senders.rooms()[1] == {HERE: 1}
    assert senders.take(HERE)


def test_all_destinations_together_have_so_many_places(senders: Senders) -> None:
    taken = [senders.take(f"192.0.2.{number}:80") for number in range(SENDS_AT_ONCE + 1)]

    assert taken == [True] * SENDS_AT_ONCE + [False]


def test_who_stops_takes_nothing_new(senders: Senders) -> None:
    senders.close()

    assert not senders.take(HERE)
    assert senders.rooms() == (0, {})


def test_a_process_that_is_ahead_of_the_database_keeps_no_message_waiting(acme: Any) -> None:
    ahead = timezone.now() + timedelta(minutes=10)
    row = delivery(acme, webhook(acme), now=ahead, retry_at=ahead)

    assert claimed({}) == [row.no]
