"""Limits, digests and quiet hours lose nothing, and hold back no more than they say."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import psycopg
from django.utils import timezone

from incidents.models import Incident
from monitors.telemetry.models import Status
from notifications.contacts.models import Quiet
from notifications.following import follow_up_all
from notifications.models import NotificationChannel
from notifications.relay import relay
from notifications.stepping import step_all
from pulse.scoping import in_tenant
from tests.notifications.making import outage, rule, webhook
from tests.notifications.site import Site, let_time_pass


def states(site: Site) -> list[str]:
    return [row.state for row in site.deliveries()]


def limit(site: Site, channel: NotificationChannel, number: int) -> None:
    with in_tenant(site.organisation):
        NotificationChannel.objects.filter(pk=channel.pk).update(hourly_limit=number)


def test_a_limit_holds_within_one_batch_of_a_storm_too(site: Site) -> None:
    channel = webhook(site.organisation)
    rule(site.organisation, channel)
    limit(site, channel, 2)
    for number in range(5):
        outage(site.organisation, f"shop-{number}")

    relay()

    assert states(site) == ["pending", "pending", "held", "held", "held"]


def test_the_second_digest_of_one_outage_loses_nothing(site: Site, alice: Any) -> None:
    """Each begins with a message of the same fact to the same person."""
    Quiet.objects.create(user=alice, hourly_limit=1)
    site.policy([alice], repeat=9)
    site.becomes(Status.DOWN)
    relay()
    for _ in range(3):
        for _ in range(3):
            step_all()
            steps_are_due()
        let_time_pass()
        follow_up_all()

    rows = site.deliveries()
    within = {row.folded_into for row in rows if row.state == "folded"}
    assert within
    assert within == {row.no for row in rows if row.event == "digest"}


def steps_are_due() -> None:
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        superuser.execute("UPDATE ledger_escalation SET due_at = now() WHERE due_at IS NOT NULL")


def test_what_waits_for_the_morning_does_not_hold_back_what_may_wake_somebody(site: Site, alice: Any) -> None:
    now, hours = timezone.now(), timedelta(hours=2)
    around = {"starts": (now - hours).time(), "ends": (now + hours).time()}
    Quiet.objects.create(user=alice, **around, except_for=["critical"], hourly_limit=5)
    site.policy([alice])
    site.becomes(Status.DOWN)
    relay()
    step_all()
    assert states(site) == ["held"]

    second = Site(site.organisation)
    second.becomes(Status.DOWN)
    with in_tenant(site.organisation):
        Incident.objects.filter(pk=second.incident.pk).update(severity="critical")
    relay()
    step_all()

    assert states(site) == ["held", "pending"]
