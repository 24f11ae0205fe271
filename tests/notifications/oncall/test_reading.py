"""Who has the pager, asked of the database: of one schedule, of all, of a person; and who left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Schedule
from notifications.oncall import reading
from pulse.scoping import in_tenant
from tenants import membership
from tenants.actors import COMMAND_LINE
from tenants.models import Membership
from tests.notifications.oncall.making import layer, member, override, schedule

NOW = datetime(2027, 1, 4, 12, 0, tzinfo=UTC)


def test_a_schedule_says_who_has_it_until_when_and_who_is_next(acme: Any, alice: Any, bob: Any) -> None:
    one = schedule(acme, layer(alice, bob))
    with in_tenant(acme):
        (standing,) = reading.standings([one], NOW)

        assert reading.who_is_on_call(one, NOW) == alice.pk
        assert (standing.name, standing.next_name) == (str(alice), str(bob))
        assert standing.until == NOW + timedelta(hours=21)
        assert reading.who_is_on_call(one, NOW - timedelta(days=1)) is None


def test_an_override_has_it_while_it_lasts(acme: Any, alice: Any, bob: Any) -> None:
    with time_machine.travel(NOW, tick=False):
        one = schedule(acme, layer(alice))
        override(one, bob, NOW + timedelta(hours=1), 2, acme)
    with in_tenant(acme):
        assert reading.who_is_on_call(one, NOW) == alice.pk
        assert reading.who_is_on_call(one, NOW + timedelta(hours=1)) == bob.pk
        assert reading.who_is_on_call(one, NOW + timedelta(hours=3)) == alice.pk


def test_who_left_is_never_on_call_and_the_schedule_says_so(acme: Any, alice: Any) -> None:
    dana = member(acme, "dana@acme.example", "Dana")
    one = schedule(acme, layer(dana))
    with time_machine.travel(NOW, tick=False):
        override(one, dana, NOW, 5, acme)
    with in_tenant(acme):
        assert reading.who_is_on_call(one, NOW) == dana.pk
    membership.remove(Membership.objects.get(user=dana), COMMAND_LINE)
    with in_tenant(acme):
        assert reading.who_is_on_call(one, NOW) is None
        known = reading.know([one], NOW, NOW + timedelta(days=1))[one.pk]

    assert "Dana is no longer a member" in known.warnings[0]


def test_an_account_that_was_closed_is_never_on_call(acme: Any, alice: Any) -> None:
    dana = member(acme, "dana@acme.example", "Dana")
    one = schedule(acme, layer(dana))
    dana.is_active = False
    dana.save()
    with in_tenant(acme):
        assert reading.who_is_on_call(one, NOW) is None


def test_a_person_reads_for_how_long_they_are_on_call(acme: Any, alice: Any, bob: Any) -> None:
    schedule(acme, layer(alice, bob), name="Primary")
    schedule(acme, layer(alice), name="Alone")
    schedule(acme, layer(bob), name="Other")
    with in_tenant(acme):
        duties = reading.on_call_of(alice.pk, NOW)

    assert [(duty.schedule.name, duty.until) for duty in duties] == [
        ("Primary", NOW + timedelta(hours=21)), ("Alone", None),
    ]  # fmt: skip


def test_all_schedules_together_cost_as_many_queries_as_one(
    acme: Any, globex: Any, alice: Any, bob: Any
) -> None:
    counts = []
    for name in ("One", "Two", "Three"):
        made = schedule(acme, layer(alice, bob), name=name)
        with time_machine.travel(NOW, tick=False):
            override(made, bob, NOW, 1, acme)
        with in_tenant(acme), CaptureQueriesContext(connection) as queries:
            found = reading.who_are_on_call(list(Schedule.objects.all()), NOW)
        counts.append(len(queries))

    assert set(found.values()) == {bob.pk}
    assert counts[0] == counts[-1] == 5  # schedules, overrides, names, members, and the scope's own
    with in_tenant(globex):
        assert not Schedule.objects.exists()
