"""What was planned before a mute, a departure, an end or an acknowledgement: it waits, or it is given up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from incidents import handling
from incidents.models import Incident
from monitors.telemetry.models import Status
from notifications import delivery, tokens
from notifications.contacts.models import ContactMethod
from notifications.following import follow_up_all
from notifications.ledger import chains as chains_sql
from notifications.ledger import follow_ups, queue
from notifications.ledger.queue import Finished
from notifications.models import NotificationChannel
from notifications.packing import prepare_all
from notifications.relay import relay
from notifications.stepping import step_all
from pulse.scoping import as_pipeline, in_tenant
from tenants import membership, muting
from tenants.actors import COMMAND_LINE, Actor
from tenants.models import Membership, Organisation
from tests.notifications.making import policy, rule, webhook
from tests.notifications.site import Site, let_time_pass
from tests.notifications.working import chains, deliveries, execute, leased, run


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
