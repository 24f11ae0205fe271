"""How people are reached: proven ways in their order, and never nobody."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.contacts.models import ContactMethod, Quiet
from notifications.contacts.reaching import reaches


def method(user: Any, label: str, **more: Any) -> ContactMethod:
    usual: dict[str, Any] = {"kind": "email", "config": {"to": label}, "verified_at": timezone.now()}
    return ContactMethod.objects.create(user=user, label=label, **(usual | more))


def test_everybody_is_reached_by_the_address_of_their_account(alice: Any) -> None:
    person = reaches([alice.pk])[alice.pk]
    alice.email = "new@acme.example"
    alice.save()

    assert [reach.config for reach in person.methods] == [{"to": "alice@acme.example"}]
    assert reaches([alice.pk])[alice.pk].methods[0].config == {"to": "new@acme.example"}
    assert ContactMethod.objects.filter(user=alice).count() == 1


def test_proven_ways_come_in_their_order_and_others_do_not(alice: Any) -> None:
    method(alice, "later@acme.example", after_seconds=300)
    method(alice, "unproven@acme.example", verified_at=None)
    method(alice, "broken@acme.example", broken_at=timezone.now())
    method(alice, "soon@acme.example", after_seconds=60)

    assert [(reach.label, reach.after_seconds) for reach in reaches([alice.pk])[alice.pk].methods] == [
        ("E-mail of the account", 0), ("soon@acme.example", 60), ("later@acme.example", 300),
    ]  # fmt: skip


def test_a_broken_account_address_is_used_where_nothing_else_is_left(alice: Any) -> None:
    reaches([alice.pk])
    ContactMethod.objects.filter(user=alice).update(broken_at=timezone.now())
    assert [reach.kind for reach in reaches([alice.pk])[alice.pk].methods] == ["email"]
    method(alice, "other@acme.example")

    assert [reach.label for reach in reaches([alice.pk])[alice.pk].methods] == ["other@acme.example"]


def test_quiet_hours_and_limit_come_along_on_the_clocks_of_the_person(alice: Any) -> None:
    alice.time_zone = "Asia/Tokyo"
    alice.save()
    Quiet.objects.create(user=alice, starts=time(22), ends=time(7), except_for=["critical"], hourly_limit=5)
    person = reaches([alice.pk])[alice.pk]
    night = datetime(2027, 1, 5, 15, 0, tzinfo=UTC)  # midnight in Tokyo

    assert person.hourly_limit == 5
    assert person.quiet_until("major", night) == datetime(2027, 1, 5, 22, 0, tzinfo=UTC)
    assert person.quiet_until("critical", night) is None


def test_many_people_cost_as_many_queries_as_one(alice: Any, bob: Any, charlie: Any) -> None:
    with CaptureQueriesContext(connection) as one:
        reaches([alice.pk])
    with CaptureQueriesContext(connection) as many:
        found = reaches([alice.pk, bob.pk, charlie.pk, uuid4()])

    assert set(found) == {alice.pk, bob.pk, charlie.pk}
    assert len(many) == len(one) <= 7
    with CaptureQueriesContext(connection) as known:
        reaches([alice.pk, bob.pk, charlie.pk])
    assert len(known) == 3


def test_a_closed_account_is_reached_by_nothing(bob: Any) -> None:
    bob.is_active = False
    bob.save()

    assert reaches([bob.pk]) == {}
