"""A worker that stops: what is under way is sent and written down, within its time."""

from __future__ import annotations

from time import monotonic, sleep
from typing import Any

import psycopg

from notifications.courier import Courier
from tests.notifications.making import outage, rule, webhook
from tests.notifications.test_between import waiting
from tests.notifications.test_races import beside, deliveries
from tests.receivers import WebhookReceiver, wait_until
from tests.triggers import CUT, trouble


def test_a_stop_commits_the_outcome_that_comes_while_it_writes_another(
    acme: Any, receiver: WebhookReceiver, other: WebhookReceiver
) -> None:
    receiver.delay, other.delay = 0.3, 0.7
    rule(acme, webhook(acme, "quick", receiver.url), webhook(acme, "slow", other.url))
    outage(acme)
    courier = Courier()
    with trouble(
        "public.ledger_delivery", "PERFORM pg_sleep(0.8)", event="UPDATE", when="NEW.state = 'sent'"
    ):
        courier.start()
        receiver.wait_for(1)
        other.wait_for(1)
        courier.stop()

    assert [row.state for row in deliveries(acme)] == ["sent", "sent"]


def test_a_stop_commits_outcomes_though_the_database_was_away_for_a_moment(
    acme: Any, receiver: WebhookReceiver
) -> None:
    receiver.delay = 0.3
    rule(acme, webhook(acme, url=receiver.url))
    outage(acme)
    courier = Courier()
    courier.start()
    receiver.wait_for(1)
    with trouble("public.ledger_delivery", CUT, event="UPDATE", when="NEW.state = 'sent'"):
        stopping = beside(courier.stop)
        sleep(1)
    stopping.join(10)

    assert [row.state for row in deliveries(acme)] == ["sent"]


def test_a_stop_takes_no_longer_than_it_may(
    acme: Any, receiver: WebhookReceiver, superuser: psycopg.Connection[Any]
) -> None:
    rule(acme, webhook(acme, url=receiver.url))
    superuser.execute("LOCK TABLE ledger_attempt IN SHARE MODE")
    courier = Courier()
    courier.start()
    outage(acme)
    courier.wake()
    waiting(superuser)
    began = monotonic()
    courier.stop()
    took = monotonic() - began
    superuser.rollback()

    assert took < 9
    wait_until(lambda: not courier.senders.busy, 10, "the place that the relay had to be free")
