"""Policies beside each other, beside mass outages, mutes and faults: nobody who should be called is left out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents import handling, merging
from incidents.models import Incident
from monitors.telemetry.models import Status
from notifications import delivery, previewing
from notifications.ledger.queue import Finished
from notifications.models import EscalationPolicy, Rule
from notifications.packing import prepare_all
from notifications.relay import relay
from notifications.stepping import step_all
from pulse.outbox.models import Fact
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE, Actor
from tests.incidents.making import fail, groups, recover, route_all, several
from tests.notifications.making import policy, rule, webhook
from tests.notifications.site import Site, let_time_pass
from tests.notifications.working import chains, deliveries, execute, leased, run


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
