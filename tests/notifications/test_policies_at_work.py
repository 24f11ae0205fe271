"""Policies beside each other, beside mass outages, mutes and faults: nobody who should be called is left out."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents import handling, merging
from incidents.models import Incident
from monitors.telemetry.models import Status
from notifications import delivery, policies, previewing, tokens
from notifications.contacts.models import ContactMethod
from notifications.following import follow_up_all
from notifications.ledger import chains as chains_sql
from notifications.ledger import follow_ups, queue
from notifications.ledger.models import Delivery, Escalation
from notifications.ledger.queue import Finished, Leased
from notifications.models import EscalationPolicy, NotificationChannel, Rule
from notifications.packing import prepare_all
from notifications.relay import relay
from notifications.stepping import step_all
from pulse.outbox.models import Fact
from pulse.scoping import as_pipeline, in_tenant
from tenants import membership, muting
from tenants.abilities import Role
from tenants.actors import COMMAND_LINE, Actor
from tenants.models import Membership, Organisation
from tests.incidents.making import fail, groups, recover, route_all, several
from tests.notifications.making import rule, webhook
from tests.notifications.site import Site, let_time_pass


@pytest.fixture
def site(acme: Any) -> Site:
    return Site(acme)


@pytest.fixture
def carol(acme: Any) -> Any:
    """An operator of acme."""
    user, _ = membership.find_or_create_user("carol@acme.example", "correct horse battery")
    membership.add(acme, user, Role.OPERATOR, COMMAND_LINE)
    return user


def policy(organisation: Any, *people: Any, **more: Any) -> EscalationPolicy:
    steps = [{"targets": [{"kind": "person", "id": str(person.pk)}]} for person in people]
    with in_tenant(organisation):
        values = policies.read({"name": "Ops", "steps": steps, **more})
        return policies.create(organisation, values, COMMAND_LINE)


def deliveries(organisation: Any) -> list[Delivery]:
    with in_tenant(organisation):
        return list(Delivery.objects.filter(tenant_no=organisation.no).order_by("no"))


def chains(organisation: Any) -> list[Escalation]:
    with in_tenant(organisation):
        return list(Escalation.objects.filter(tenant_no=organisation.no).order_by("no"))


def execute(statement: str, *values: Any) -> None:
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        superuser.execute(statement, values)


def run() -> None:
    relay()
    step_all()


def test_one_person_in_two_policies_is_called_by_each_in_its_time_and_once_where_that_is_the_same(
    site: Site, alice: Any
) -> None:
    first, second, late = (policy(site.organisation, alice) for _ in range(3))
    rule(site.organisation, name="a", policy=str(first.pk), channels=[])
    rule(site.organisation, name="b", policy=str(second.pk), channels=[])
    rule(site.organisation, name="c", policy=str(late.pk), channels=[], delay_seconds=600)
    site.becomes(Status.DOWN)

    run()
    assert len(site.deliveries()) == 1
    let_time_pass()
    run()

    assert len(site.deliveries()) == 2
    assert {one.state for one in chains(site.organisation)} == {"exhausted"}


def test_a_policy_that_cannot_be_read_keeps_no_other_from_its_step(site: Site, alice: Any) -> None:
    good, bad = policy(site.organisation, alice), policy(site.organisation, alice)
    rule(site.organisation, name="bad", policy=str(bad.pk), channels=[])
    rule(site.organisation, name="good", policy=str(good.pk), channels=[])
    with in_tenant(site.organisation):
        EscalationPolicy.objects.filter(pk=bad.pk).update(steps=[{"nonsense": True}])
    site.becomes(Status.DOWN)

    run()

    assert len(site.deliveries()) == 1
    standing = {one.policy_id: one for one in chains(site.organisation)}
    assert standing[bad.pk].state == "running"
    due = standing[bad.pk].due_at
    assert due is not None
    assert due > timezone.now() + timedelta(seconds=30)


def test_a_mute_that_is_ended_early_lets_the_policy_go_on_at_once(site: Site, alice: Any, carol: Any) -> None:
    site.policy([alice], [carol])
    site.becomes(Status.DOWN)
    run()
    muting.mute(site.organisation, timezone.now() + timedelta(hours=9), COMMAND_LINE)
    let_time_pass()
    step_all()
    assert len(site.deliveries()) == 1
    assert chains(site.organisation)[0].state == "paused"

    muting.unmute(site.organisation, COMMAND_LINE)
    step_all()

    assert len(site.deliveries()) == 2
    assert chains(site.organisation)[0].state == "exhausted"


def test_who_joins_late_with_a_policy_of_its_own_sets_it_to_work_once(
    acme: Any, alice: Any, carol: Any
) -> None:
    *early, late, last = several(acme, "a", "b", "c", "d", "e")
    for_all, for_late = policy(acme, alice), policy(acme, carol)
    rule(acme, webhook(acme), name="all", policy=str(for_all.pk))
    rule(
        acme,
        name="late",
        monitors=[str(late.pk), str(last.pk)],
        policy=str(for_late.pk),
        channels=[],
    )

    fail(acme, early)
    route_all()
    fail(acme, [late])
    route_all()
    fail(acme, [last])
    route_all()

    assert [one.policy_id for one in chains(acme)] == [for_all.pk, for_late.pk]


def test_a_policy_that_works_on_one_outage_goes_on_with_the_larger_one_that_it_turns_out_to_be(
    acme: Any, alice: Any, carol: Any
) -> None:
    first, *others = several(acme, "a", "b", "c", "d")
    rule(acme, name="all", policy=str(policy(acme, alice, carol).pk), channels=[])
    fail(acme, [first])
    route_all()
    fail(acme, others)
    route_all()

    states = {one.incident_id: one.state for one in chains(acme)}

    (group,) = groups(acme)
    assert states.pop(group.pk) == "running"
    assert list(states.values()) == ["over"]


def test_taking_an_outage_takes_what_was_merged_into_it_and_giving_it_back_gives_back_all(
    site: Site, acme: Any, alice: Any, carol: Any
) -> None:
    other = Site(acme)
    site.policy([alice], [carol])
    for one in (site, other):
        one.becomes(Status.DOWN)
    run()
    with in_tenant(acme):
        first, second = Incident.objects.all()
        merged = merging.merge(acme, first, [second], COMMAND_LINE)
        handling.acknowledge(acme, merged, Actor.person(alice))
    let_time_pass()
    step_all()

    assert [one.state for one in chains(acme)] == ["acknowledged"] * 2
    assert {row.recipient for row in deliveries(acme)} == {"alice@acme.example"}
    with in_tenant(acme):
        handling.release(acme, merged, Actor.person(alice))
    step_all()
    assert [row.recipient for row in deliveries(acme)].count("carol@acme.example") == 2


def test_a_cooldown_counts_what_a_policy_told(site: Site, alice: Any) -> None:
    rule(
        site.organisation,
        name="call",
        policy=str(policy(site.organisation, alice).pk),
        channels=[],
        cooldown_seconds=3600,
    )
    for _ in range(2):
        site.becomes(Status.DOWN)
        run()
        site.becomes(Status.UP)
        run()

    opened = [row for row in site.deliveries() if row.event == "incident.opened"]
    assert len(opened) == 1
    assert any("is silent until" in text for text in site.texts())


def test_who_joined_an_outage_whose_end_was_told_is_told_nothing(acme: Any) -> None:
    """The process that had the fact died, and another one routed the end."""
    *early, late = several(acme, "a", "b", "c", "d")
    rule(acme, webhook(acme, "early"), monitors=[str(early[0].pk)])
    rule(acme, webhook(acme, "late"), monitors=[str(late.pk)])
    fail(acme, early)
    route_all()
    fail(acme, [late])
    execute("UPDATE outbox_fact SET lease_until = now() + interval '1 hour' WHERE kind = 'incident.joined'")
    recover(acme, *early, late)
    route_all()
    execute("UPDATE outbox_fact SET lease_until = NULL")
    route_all()

    with in_tenant(acme):
        assert not Fact.objects.filter(routed_at=None).exists()
    assert [row.channel_name for row in deliveries(acme)] == ["early", "early"]


def test_a_reminder_waits_while_everything_is_muted(site: Site) -> None:
    rule(site.organisation, webhook(site.organisation), repeat_seconds=600)
    site.becomes(Status.DOWN)
    relay()
    execute("UPDATE ledger_delivery SET state = 'sent', repeat_at = now()")
    muting.mute(site.organisation, timezone.now() + timedelta(hours=1), COMMAND_LINE)

    follow_up_all()
    assert len(site.deliveries()) == 1
    muting.unmute(site.organisation, COMMAND_LINE)
    let_time_pass()
    follow_up_all()

    assert len(site.deliveries()) == 2


def test_who_left_is_not_told_of_what_was_still_to_come(site: Site, carol: Any, acme: Any) -> None:
    later = ContactMethod(user=carol, kind="email", label="Private", after_seconds=3600)
    later.config, later.verified_at = {"to": "carol@home.example"}, timezone.now()
    later.save()
    site.policy([carol])
    site.becomes(Status.DOWN)
    run()
    membership.remove(Membership.objects.get(organisation=acme, user=carol), COMMAND_LINE)
    let_time_pass()

    found = leased()
    assert len(found) == 2
    assert list(prepare_all(found)) == []
    assert {(row.state, row.last_answer) for row in site.deliveries()} == {
        ("cancelled", "the person left the organisation")
    }


def test_a_page_that_is_still_tried_is_given_up_when_the_outage_is_over(site: Site, alice: Any) -> None:
    site.policy([alice], repeat=1)
    site.becomes(Status.DOWN)
    run()
    execute("UPDATE ledger_delivery SET state = 'sent'")
    let_time_pass()
    step_all()
    execute(
        "UPDATE ledger_delivery SET state = 'retrying', retry_at = now() + interval '2 hours' WHERE turn > 1"
    )

    site.becomes(Status.UP)
    relay()

    assert [(row.event, row.state) for row in site.deliveries()] == [
        ("incident.opened", "sent"),
        ("incident.opened", "cancelled"),
        ("incident.resolved", "pending"),
    ]


def test_a_link_is_no_page_for_who_left(site: Site, carol: Any, acme: Any, client: Any) -> None:
    site.policy([carol])
    site.becomes(Status.DOWN)
    run()
    (row,) = site.deliveries()
    path = f"/t/a/{tokens.token_of(row.tenant_no, row.no, 'acknowledge')}"
    assert client.get(path).status_code == 200
    membership.remove(Membership.objects.get(organisation=acme, user=carol), COMMAND_LINE)

    assert client.get(path).status_code == 404


def leased() -> list[Leased]:
    with as_pipeline():
        return queue.claim(64, 64, {})


def test_what_was_planned_before_a_mute_waits_too_and_goes_out_when_it_ends(site: Site, acme: Any) -> None:
    rule(acme, webhook(acme))
    site.becomes(Status.DOWN)
    relay()
    muting.mute(acme, timezone.now() + timedelta(hours=1), COMMAND_LINE)

    assert list(prepare_all(leased())) == []
    assert leased() == []
    muting.unmute(acme, COMMAND_LINE)
    let_time_pass()

    assert len(list(prepare_all(leased()))) == 1


def test_who_was_chosen_while_somebody_else_took_it_is_not_called(site: Site, alice: Any, carol: Any) -> None:
    site.policy([carol])
    site.becomes(Status.DOWN)
    run()
    # The acknowledgement has seen no message of the step that was committed just after it.
    with in_tenant(site.organisation):
        Incident.objects.update(acknowledged_at=timezone.now(), acknowledged_by="alice")

    assert list(prepare_all(leased())) == []
    assert [(row.state, row.last_answer) for row in site.deliveries()] == [("cancelled", "somebody has it")]


def test_what_a_suspended_organisation_has_waiting_takes_nobodys_place(
    site: Site, acme: Any, alice: Any
) -> None:
    rule(acme, webhook(acme), policy=str(policy(acme, alice).pk), repeat_seconds=600)
    site.becomes(Status.DOWN)
    relay()
    Site(acme).becomes(Status.DOWN)
    execute("UPDATE ledger_delivery SET repeat_at = now()")
    Organisation.objects.filter(pk=acme.pk).update(state=Organisation.State.SUSPENDED)

    assert relay() == 0
    assert leased() == []
    with as_pipeline():
        assert chains_sql.due() == []
        assert follow_ups.due() == []
    Organisation.objects.filter(pk=acme.pk).update(state=Organisation.State.READY)
    assert relay() == 1
    assert len(leased()) == 2
    assert follow_up_all() == 1


def test_a_channel_that_wants_no_more_hands_on_all_that_waits_and_passes_over_who_is_off(
    site: Site, acme: Any
) -> None:
    first, off, last = (webhook(acme, name) for name in ("first", "off", "last"))
    with in_tenant(acme):
        NotificationChannel.objects.filter(pk=first.pk).update(fallback=off)
        NotificationChannel.objects.filter(pk=off.pk).update(fallback=last, disabled_at=timezone.now())
        NotificationChannel.objects.filter(pk=last.pk).update(fallback=first)
    rule(acme, first)
    for one in (site, Site(acme)):
        one.becomes(Status.DOWN)
    relay()

    with as_pipeline():
        oldest = queue.claim(1, 1, {})
    (parcel,) = list(prepare_all(oldest))
    gone = Finished(parcel.attempted, "dead", "failed", "answered 410", 410, gone=True)
    delivery.finish(acme, [gone])

    assert [(row.channel_name, row.state, row.purpose) for row in deliveries(acme)] == [
        ("first", "dead", "rule"),
        ("first", "cancelled", "rule"),
        ("last", "pending", "fallback"),
        ("last", "pending", "fallback"),
    ]


def test_reminders_go_on_when_nobody_has_it_any_more(site: Site, acme: Any, alice: Any) -> None:
    rule(acme, webhook(acme), repeat_seconds=600)
    site.becomes(Status.DOWN)
    relay()
    execute("UPDATE ledger_delivery SET state = 'sent', repeat_at = now()")
    follow_up_all()
    with in_tenant(acme):
        handling.acknowledge(acme, site.incident, Actor.person(alice))
        handling.release(acme, site.incident, Actor.person(alice))
    let_time_pass()
    follow_up_all()

    assert [(row.event, row.state) for row in site.deliveries()] == [
        ("incident.opened", "sent"),
        ("incident.reminder", "cancelled"),
        ("incident.reminder", "pending"),
    ]


def test_a_preview_asks_no_more_for_many_steps_than_for_one(site: Site, acme: Any, alice: Any) -> None:
    short, long = policy(acme, alice), policy(acme, *[alice] * 20, repeat=1)
    made = rule(acme, name="call", channels=[], policy=str(short.pk))
    asked = []
    for one in (short, short, long):
        with in_tenant(acme):
            Rule.objects.filter(pk=made.pk).update(policy=one)
            with CaptureQueriesContext(connection) as queries:
                lines = previewing.preview(acme, site.monitor, "major", timezone.now()).lines
        asked.append((len(lines), len(queries)))

    _, (few, little), (many, same) = asked
    assert (few, many) == (1, 40)
    assert little == same


def test_a_beginning_that_was_under_way_when_the_outage_ended_and_failed_is_told_with_the_end(
    site: Site, acme: Any
) -> None:
    rule(acme, webhook(acme))
    site.becomes(Status.DOWN)
    relay()
    (parcel,) = prepare_all(leased())
    site.becomes(Status.UP)
    relay()
    failed = Finished(parcel.attempted, "retrying", "failed", "answered 503", 503, timedelta(minutes=5))
    delivery.finish(acme, [failed])
    let_time_pass()

    assert list(prepare_all(leased())) == []
    beginning, end = deliveries(acme)
    assert (beginning.state, beginning.folded_into, end.follows_no) == ("folded", end.no, None)
    (told,) = prepare_all(leased())
    assert told.message.event == "incident.resolved"
