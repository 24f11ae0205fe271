"""Muting holds every message of an organisation back; checks and incidents go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from pulse.scoping import in_tenant
from tenants import muting
from tenants.actors import Actor
from tests.api.making import make_channel, make_monitor, make_rule, open_incident
from tests.receivers import wait_until


def test_a_mute_has_an_end_a_name_and_an_entry(acme: Any, alice: Any) -> None:
    now = timezone.now()

    muting.mute(acme, now + timedelta(hours=1), Actor.person(alice))

    acme.refresh_from_db()
    assert acme.muted_at(now)
    assert not acme.muted_at(now + timedelta(hours=1))
    assert acme.muted_by == "alice@acme.example"
    muting.unmute(acme, Actor.person(alice))
    acme.refresh_from_db()
    assert (acme.muted_until, acme.muted_by) == (None, "")
    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute("SELECT verb FROM tenants_audit ORDER BY no")
        assert cursor.fetchall() == [("muted",), ("unmuted",)]


def held_facts(organisation: Any) -> int:
    with in_tenant(organisation), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_fact WHERE hold_until IS NOT NULL AND routed_at IS NULL")
        count: int = cursor.fetchone()[0]
        return count


def test_what_happened_meanwhile_is_told_when_the_mute_ends(
    api: Any, acme: Any, alice: Any, receiver: Any, courier: Any
) -> None:
    make_rule(api, make_channel(api, config={"url": receiver.url}))
    monitor = make_monitor(api)
    muting.mute(acme, timezone.now() + timedelta(hours=1), Actor.person(alice))
    incident = open_incident(acme, monitor)
    assert api.get(f"incidents/{incident.pk}").json()["state"] == "open"

    wait_until(lambda: held_facts(acme) == 1, 10, "the relay to hold the message back")
    assert not receiver.ledger
    muting.unmute(acme, Actor.person(alice))

    assert receiver.wait_for(1, 10)[0].json["data"]["incident"]["id"] == str(incident.pk)
