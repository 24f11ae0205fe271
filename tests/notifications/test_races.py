"""Moments at which two transactions, or two organisations, could get in each other's way."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
from django.db import connections, transaction
from django.utils import timezone

from notifications import answering, channels, tokens
from notifications.courier import Courier
from notifications.ledger.models import Delivery
from notifications.relay import relay, route
from notifications.ruling import read_ruling
from notifications.starting import Starting
from pulse.outbox import relaying
from pulse.scoping import as_pipeline, in_tenant
from tenants import muting
from tenants.actors import COMMAND_LINE
from tests.faults.test_killed_workers import expire_leases
from tests.notifications.making import outage, rule, webhook
from tests.receivers import WebhookReceiver, wait_until
from tests.triggers import REFUSE, trouble

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def deliveries(organisation: Any) -> list[Delivery]:
    with in_tenant(organisation):
        return list(Delivery.objects.filter(tenant_no=organisation.no).order_by("no"))


def beside(work: Callable[[], object]) -> threading.Thread:
    """`work` on a thread with a connection of its own."""

    def run() -> None:
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_mute_that_ends_while_a_hold_is_written_lets_the_message_go(acme: Any) -> None:
    rule(acme, webhook(acme))
    muting.mute(acme, timezone.now() + timedelta(hours=1), COMMAND_LINE)
    outage(acme)
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"]) as superuser:
        # The relay has decided to hold the fact, and waits to say so in the timeline.
        superuser.execute("LOCK TABLE o_acme.incidents_timelineentry IN SHARE MODE")
        relaying_it = beside(relay)
        wait_until(lambda: superuser.execute(WAITING).fetchone() == (1,), 10, "the relay to wait")
        unmuting = beside(lambda: muting.unmute(acme, COMMAND_LINE))
        wait_until(lambda: superuser.execute(WAITING).fetchone() == (2,), 10, "the end of the mute to wait")
        superuser.rollback()
    relaying_it.join(10)
    unmuting.join(10)

    relay()

    assert [row.state for row in deliveries(acme)] == ["pending"]


def test_a_channel_deleted_while_a_message_is_planned_for_it_cancels_the_message(
    acme: Any, receiver: WebhookReceiver
) -> None:
    channel = webhook(acme, url=receiver.url)
    rule(acme, channel)
    outage(acme)
    with as_pipeline():
        (fact,) = relaying.claim(10)

    def delete() -> None:
        with in_tenant(acme):
            channels.delete(acme, channel, COMMAND_LINE)

    with in_tenant(acme), transaction.atomic():
        ruling = read_ruling()
        beside(delete).join(10)
        route(acme, [fact], ruling, Starting(acme, None))
    courier = Courier()
    courier.start()
    try:
        wait_until(lambda: deliveries(acme)[0].state != "pending", 10, "the courier to look")
    finally:
        courier.stop()

    assert [(row.state, row.last_answer) for row in deliveries(acme)] == [
        ("cancelled", "the channel was deleted or switched off")
    ]
    assert receiver.ledger == []


def test_outcomes_that_cannot_be_written_keep_back_nobody_elses(
    acme: Any, globex: Any, receiver: WebhookReceiver, courier: Any
) -> None:
    for organisation in (acme, globex):
        rule(organisation, webhook(organisation, url=receiver.url))
    with trouble("o_acme.incidents_timelineentry", REFUSE, when="NEW.kind = 'told'"):
        for organisation in (acme, globex):
            outage(organisation)
        wait_until(lambda: [row.state for row in deliveries(globex)] == ["sent"], 10, "the other's outcome")
        receiver.wait_for(2)
        assert [row.state for row in deliveries(acme)] == ["sending"]

    expire_leases()
    wait_until(lambda: deliveries(acme)[0].state == "sent", 10, "the outcome")

    assert deliveries(acme)[0].repeats == 1
    assert len({entry.key for entry in receiver.ledger}) == 2


def test_two_links_that_are_pressed_at_once_wait_in_no_circle(acme: Any) -> None:
    """Whoever acknowledges ends what follows each message of it, so both would need each other's."""
    rule(acme, webhook(acme, "one"), webhook(acme, "two"), repeat_seconds=600)
    outage(acme)
    relay()
    with in_tenant(acme):
        Delivery.objects.filter(tenant_no=acme.no).update(state="sent", repeat_at=timezone.now())
    asked = [
        found
        for row in deliveries(acme)
        if (found := answering.find(tokens.token_of(acme.no, row.no, "acknowledge")))
    ]
    answered: list[str] = []

    def press(one: answering.Asked) -> None:
        incident = answering.acknowledge(one).incident
        answered.append(incident.acknowledged_by if incident else "")

    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"]) as superuser:
        superuser.execute("SELECT FROM o_acme.incidents_incident FOR UPDATE")
        pressing = [beside(partial(press, one)) for one in asked]
        wait_until(lambda: superuser.execute(WAITING).fetchone() == (2,), 10, "both to wait")
        superuser.rollback()
    for thread in pressing:
        thread.join(10)

    assert len(answered) == 2
    assert len(set(answered)) == 1
    assert {row.repeat_at for row in deliveries(acme)} == {None}
