"""What happens between the plan of a message and its sending: others change things, steps fail, the worker stops."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from time import sleep
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from monitors.telemetry.models import Status
from notifications import channels
from notifications.courier import Courier
from notifications.ledger import entering
from notifications.ledger.models import Attempt
from notifications.ledger.queue import LEASE_SECONDS
from notifications.relay import relay
from notifications.sending import SENDS_PER_DESTINATION, Senders
from pulse.ids import uuid7
from pulse.outbox.appending import NewFact, append
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.notifications.making import delivery, outage, rule, webhook
from tests.notifications.site import Site
from tests.notifications.test_races import WAITING, beside, deliveries
from tests.receivers import WebhookReceiver, wait_until
from tests.triggers import CUT, trouble

ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


@pytest.fixture
def senders() -> Iterator[Senders]:
    senders = Senders(lambda _: None)
    yield senders
    senders.abandon()


def waiting(superuser: psycopg.Connection[Any], count: int = 1) -> None:
    wait_until(lambda: superuser.execute(WAITING).fetchone() == (count,), 10, f"{count} to wait for a lock")


def host_of(receiver: WebhookReceiver) -> str:
    return receiver.url.removeprefix("http://").removesuffix("/hook")


def test_who_is_suspended_while_the_relay_waits_for_its_turn_is_told_nothing(
    acme: Any, receiver: WebhookReceiver, senders: Senders, superuser: psycopg.Connection[Any]
) -> None:
    rule(acme, webhook(acme, url=receiver.url))
    outage(acme)
    superuser.execute("UPDATE tenants_organisation SET state = 'suspended' WHERE no = %s", [acme.no])
    relaying_it = beside(partial(relay, senders))
    waiting(superuser)
    superuser.commit()
    relaying_it.join(10)
    wait_until(lambda: not senders.busy, 10, "what was started to end")

    assert receiver.ledger == []
    assert deliveries(acme) == []


@pytest.mark.parametrize("end", ["deleted", "switched off"])
def test_from_the_end_of_a_channel_on_nothing_is_started_for_it(
    end: str, acme: Any, receiver: WebhookReceiver, senders: Senders, superuser: psycopg.Connection[Any]
) -> None:
    channel = webhook(acme, url=receiver.url)
    rule(acme, channel)
    outage(acme)

    def end_it() -> None:
        with in_tenant(acme), transaction.atomic():
            if end == "deleted":
                channels.delete(acme, channel, COMMAND_LINE)
            else:
                channels.switch_off(acme, channel.pk, "gone")

    superuser.execute("LOCK TABLE ledger_attempt IN SHARE MODE")
    relaying_it = beside(partial(relay, senders))
    waiting(superuser)
    ending = beside(end_it)
    ending.join(1)
    ended_before = not ending.is_alive()
    superuser.rollback()
    relaying_it.join(10)
    ending.join(10)
    wait_until(lambda: not senders.busy, 10, "what was started to end")

    assert not (ended_before and receiver.ledger)
    assert [row.state for row in deliveries(acme)] == ["cancelled"]


def test_a_lease_counts_from_the_attempt_however_long_the_relay_waited(
    acme: Any, senders: Senders, superuser: psycopg.Connection[Any]
) -> None:
    rule(acme, webhook(acme))
    outage(acme)
    superuser.execute("SELECT FROM tenants_organisation WHERE no = %s FOR UPDATE", [acme.no])
    relaying_it = beside(partial(relay, senders))
    waiting(superuser)
    sleep(1)
    superuser.rollback()
    relaying_it.join(10)

    with in_tenant(acme):
        attempt = Attempt.objects.get(tenant_no=acme.no)
    (row,) = deliveries(acme)
    assert row.lease_until is not None
    assert (row.lease_until - attempt.started_at).total_seconds() > LEASE_SECONDS - 0.5


def test_an_attempt_is_on_disk_before_its_message_goes(acme: Any, senders: Senders) -> None:
    """The relay's other commits need not wait for the disk; the one that starts something does."""
    row = delivery(acme, webhook(acme))
    with in_tenant(acme), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        entering.start(acme.no, [row.id])
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


def test_a_message_that_cannot_be_packed_keeps_back_no_other(
    acme: Any, globex: Any, receiver: WebhookReceiver, senders: Senders
) -> None:
    spoilt = webhook(acme, "spoilt", receiver.url)
    for organisation in (acme, globex):
        rule(organisation, webhook(organisation, url=receiver.url))
    with in_tenant(acme), transaction.atomic():
        append([NewFact("channel.test", uuid7(), 1, {"channel": str(spoilt.pk)})])  # it says nothing
    for organisation in (acme, globex):
        outage(organisation)

    relay(senders)
    receiver.wait_for(2)

    wait_until(lambda: not senders.busy, 10, "all places to be free")
    assert {entry.json["data"]["organisation"]["slug"] for entry in receiver.ledger} == {"acme", "globex"}


def test_claims_and_what_is_new_share_the_places_of_a_destination(
    acme: Any, receiver: WebhookReceiver, courier: Courier, superuser: psycopg.Connection[Any]
) -> None:
    """What the relay starts while a claim is under way takes places that this claim had counted as free."""
    receiver.delay = 2
    channel = webhook(acme, url=receiver.url)
    rule(acme, channel)
    is_claim = "NEW.state = 'pending' AND NEW.lease_until IS NOT NULL"
    with trouble("public.ledger_delivery", "PERFORM pg_sleep(0.4)", event="UPDATE", when=is_claim):
        for _ in range(SENDS_PER_DESTINATION):
            delivery(acme, channel, destination=host_of(receiver))
        superuser.autocommit = True
        wait_until(lambda: superuser.execute(ASLEEP).fetchone() != (0,), 10, "the claim to be under way")
        for number in range(SENDS_PER_DESTINATION):
            outage(acme, f"shop{number}")
        courier.wake()
        receiver.wait_for(1)
        sleep(1.7)

    first = receiver.ledger[0].at
    assert len([entry for entry in receiver.ledger if entry.at < first + 2]) == SENDS_PER_DESTINATION
    wait_until(lambda: {row.state for row in deliveries(acme)} == {"sent"}, 20, "all of them to be sent")
    assert len(receiver.ledger) == 2 * SENDS_PER_DESTINATION
    wait_until(lambda: courier.senders.rooms()[1] == {}, 10, "all places to be free")


def test_what_is_new_does_not_overtake_what_waits_for_a_full_destination(
    acme: Any, receiver: WebhookReceiver, courier: Courier
) -> None:
    receiver.delay = 0.5
    channel = webhook(acme, url=receiver.url)
    rule(acme, channel)
    with transaction.atomic():  # the first claim finds more than there is room for
        old = [delivery(acme, channel, destination=host_of(receiver)) for _ in range(8)]
    receiver.wait_for(SENDS_PER_DESTINATION)
    with trouble(
        "public.ledger_delivery", "PERFORM pg_sleep(0.3)", event="UPDATE", when="NEW.state = 'sent'"
    ):
        wait_until(lambda: not courier.senders.busy, 10, "places to be free, and the queue not yet looked at")
        outage(acme)
        courier.wake()
        receiver.wait_for(9, 20)

    assert {entry.key for entry in receiver.ledger[:8]} == {f"msg_{row.id.hex}" for row in old}


def test_a_connection_cut_over_the_steps_of_one_organisation_keeps_back_no_other(
    acme: Any, globex: Any, receiver: WebhookReceiver
) -> None:
    site = Site(acme)
    site.policy([site.lonely("webhook", {"url": receiver.url})])
    site.becomes(Status.DOWN)
    rule(globex, webhook(globex, url=receiver.url))
    outage(globex)
    relay()
    with trouble("public.ledger_escalation", CUT, event="UPDATE"):
        courier = Courier()
        courier.start()
        try:
            wait_until(
                lambda: [row.state for row in deliveries(globex)] == ["sent"], 10, "the other's message"
            )
        finally:
            courier.stop()


@pytest.mark.parametrize(
    ("table", "event"),
    [
        ("public.ledger_delivery", "INSERT"),
        ("public.ledger_attempt", "INSERT"),
        ("public.ledger_attempt", "UPDATE"),
    ],
    ids=["routing", "beginning", "finishing"],
)
def test_a_connection_cut_over_one_organisation_keeps_back_no_other(
    table: str, event: str, acme: Any, globex: Any, receiver: WebhookReceiver
) -> None:
    """A deadlock or a statement that takes too long looks like a database that is away, and is one organisation's."""
    for organisation in (acme, globex):
        rule(organisation, webhook(organisation, url=receiver.url))
        outage(organisation)
    courier = Courier()
    courier.senders.behind = event == "INSERT"  # so that all of it is claimed
    with trouble(table, CUT, event=event, when=f"NEW.tenant_no = {acme.no}"):
        courier.start()
        try:
            wait_until(
                lambda: [row.state for row in deliveries(globex)] == ["sent"], 10, "the other's outcome"
            )
        finally:
            courier.stop()
    assert [row.state for row in deliveries(acme)] != ["sent"]


def test_who_holds_the_row_of_one_organisation_keeps_back_no_other(
    acme: Any, globex: Any, receiver: WebhookReceiver, courier: Any, superuser: psycopg.Connection[Any]
) -> None:
    for organisation in (acme, globex):
        rule(organisation, webhook(organisation, url=receiver.url))
    superuser.execute("SELECT FROM tenants_organisation WHERE no = %s FOR UPDATE", [acme.no])
    for organisation in (acme, globex):
        outage(organisation)
    courier.wake()

    wait_until(lambda: [row.state for row in deliveries(globex)] == ["sent"], 10, "the other's message")

    assert deliveries(acme) == []
    superuser.rollback()
