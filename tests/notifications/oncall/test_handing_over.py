"""Hand-overs are told once, a little before, to whoever takes over."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import time_machine
from django.db import connection

from notifications.models import Schedule
from notifications.oncall import planning
from notifications.oncall.definition import as_json
from notifications.oncall.handing_over import notice_due, organisations_with_schedules
from pulse.scoping import in_tenant
from tenants import membership
from tenants.actors import COMMAND_LINE
from tenants.models import Membership
from tests.notifications.oncall.making import layer, member, override, schedule

NOW = datetime(2027, 1, 5, 8, 50, tzinfo=UTC)


def facts(organisation: Any) -> list[dict[str, Any]]:
    with in_tenant(organisation), connection.cursor() as cursor:
        cursor.execute("SELECT payload FROM outbox_fact WHERE kind = 'oncall.handover' ORDER BY no")
        return [row[0] if isinstance(row[0], dict) else json.loads(row[0]) for row in cursor.fetchall()]


def made(organisation: Any, *layers: Any) -> Schedule:
    with time_machine.travel(NOW - timedelta(days=30), tick=False):
        return schedule(organisation, *layers)


def test_who_takes_over_is_told_a_quarter_of_an_hour_before_and_once(acme: Any, alice: Any, bob: Any) -> None:
    one = made(acme, layer(alice, bob))

    assert notice_due(acme, NOW - timedelta(minutes=6)) == 0
    assert notice_due(acme, NOW) == 1
    assert notice_due(acme, NOW) == notice_due(acme, NOW + timedelta(minutes=5)) == 0
    (fact,) = facts(acme)
    assert fact["person"] == str(bob.pk)
    assert fact["minutes"] == 15
    assert fact["data"]["shift"] == {
        "starts_at": "2027-01-05T09:00:00.000Z", "ends_at": "2027-01-06T09:00:00.000Z",
    }  # fmt: skip
    assert (fact["data"]["person"], fact["data"]["before"]) == (str(bob), str(alice))
    assert fact["data"]["schedule"]["url"].endswith(f"/o/acme/on-call/{one.pk}/")
    assert notice_due(acme, NOW + timedelta(days=1)) == 1
    assert facts(acme)[-1]["person"] == str(alice.pk)


def test_a_hand_over_that_was_missed_is_told_late_and_not_for_ever(acme: Any, alice: Any, bob: Any) -> None:
    made(acme, layer(alice, bob))

    assert notice_due(acme, NOW + timedelta(minutes=20)) == 1
    assert notice_due(acme, NOW + timedelta(days=1, minutes=40)) == 0


def test_whom_an_override_puts_in_anothers_place_is_told_too_and_nobody_twice(
    acme: Any, alice: Any, bob: Any
) -> None:
    dana = member(acme, "dana@acme.example", "Dana")
    one = made(acme, layer(alice, bob))
    assert notice_due(acme, NOW) == 1
    with time_machine.travel(NOW, tick=False):
        override(one, dana, NOW + timedelta(minutes=10), 2, acme)
    notice_due(acme, NOW + timedelta(minutes=1))

    assert [fact["data"]["person"] for fact in facts(acme)] == [str(bob), "Dana"]
    with in_tenant(acme):
        one.refresh_from_db()
        planning.update(acme, one, as_json(one) | {"name": "Renamed"}, COMMAND_LINE)
    notice_due(acme, NOW + timedelta(minutes=2))
    assert [fact["data"]["person"] for fact in facts(acme)] == [str(bob), "Dana"]


def test_a_new_schedule_a_gap_and_who_left_are_told_to_nobody(acme: Any, alice: Any) -> None:
    dana = member(acme, "dana@acme.example", "Dana")
    made(acme, layer(alice, dana))
    membership.remove(Membership.objects.get(user=dana), COMMAND_LINE)
    with time_machine.travel(NOW, tick=False):
        schedule(acme, layer(alice), name="New")

    assert notice_due(acme, NOW) == 0
    assert facts(acme) == []


def test_only_organisations_that_have_schedules_are_looked_at(acme: Any, globex: Any, alice: Any) -> None:
    assert organisations_with_schedules() == []
    one = made(acme, layer(alice))
    assert [organisation.slug for organisation in organisations_with_schedules()] == ["acme"]
    with in_tenant(acme):
        planning.delete(acme, one, COMMAND_LINE)

    assert organisations_with_schedules() == []
    assert notice_due(globex, NOW) == 0


def test_two_sweeps_at_once_tell_it_once(acme: Any, alice: Any, bob: Any) -> None:
    made(acme, layer(alice, bob))
    told: list[int] = []

    def sweep() -> None:
        try:
            told.append(notice_due(acme, NOW))
        finally:
            connection.close()

    sweeps = [Thread(target=sweep) for _ in range(4)]
    for one in sweeps:
        one.start()
    for one in sweeps:
        one.join()

    assert sorted(told) == [0, 0, 0, 1]
    assert len(facts(acme)) == 1
