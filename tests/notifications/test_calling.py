"""Policies at work: people are called one after the other until somebody acts, by the ways that messages name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents import handling, resolving
from incidents.models import Incident
from monitors.telemetry.models import Status
from notifications import policies
from notifications.contacts.models import ContactMethod
from notifications.ledger.models import Escalation
from notifications.models import EscalationPolicy
from pulse.scoping import in_tenant
from tenants import membership
from tenants.abilities import Role
from tenants.actors import COMMAND_LINE, Actor
from tenants.models import Membership
from tests.notifications.site import Site, let_time_pass
from tests.receivers import SmtpReceiver, WebhookReceiver, wait_until


@pytest.fixture
def carol(acme: Any) -> Any:
    """An operator of acme."""
    user, _ = membership.find_or_create_user("carol@acme.example", "correct horse battery")
    membership.add(acme, user, Role.OPERATOR, COMMAND_LINE)
    return user


def chain(site: Site) -> Escalation:
    with in_tenant(site.organisation):
        return Escalation.objects.get(tenant_no=site.organisation.no)


def pass_on(courier: Any) -> None:
    let_time_pass()
    courier.wake()


def mails(smtp: SmtpReceiver, count: int) -> list[Any]:
    wait_until(lambda: len(smtp.mails) >= count, 15, f"{count} mails")
    return smtp.mails


def link(mail: Any) -> str:
    found = re.search(r"https?://[^/]+(/t/a/[\w-]+)", mail.get_body(("plain",)).get_content())
    assert found, mail.get_body(("plain",)).get_content()
    return found[1]


def test_the_next_step_comes_when_nobody_acts_and_the_last_one_says_so(
    site: Site, alice: Any, carol: Any, smtp: SmtpReceiver, courier: Any
) -> None:
    site.policy([alice], [carol])
    site.becomes(Status.DOWN)
    (first,) = mails(smtp, 1)
    wait_until(lambda: chain(site).step == 1, 10, "the second step to be next")

    pass_on(courier)
    second = mails(smtp, 2)[1]

    assert (first["To"], second["To"]) == ("alice@acme.example", "carol@acme.example")
    wait_until(lambda: chain(site).state == "exhausted", 10, "the policy to end")
    said = [text for text in site.texts() if text.startswith("Ops, step")]
    assert (
        said[0]
        == "Ops, step 1: telling alice@acme.example. The next step comes in 300 s unless somebody acknowledges."
    )
    assert said[1] == "Ops, step 2: telling carol@acme.example. That was its last step."


def test_looking_at_the_link_changes_nothing_and_its_button_stops_the_chain(
    site: Site, alice: Any, carol: Any, smtp: SmtpReceiver, courier: Any
) -> None:
    site.policy([alice], [carol])
    site.becomes(Status.DOWN)
    (mail,) = mails(smtp, 1)
    wait_until(lambda: chain(site).step == 1, 10, "the step to be taken")
    anybody = Client()

    for method in (anybody.get, anybody.head):
        assert method(link(mail)).status_code == 200
    assert site.incident.acknowledged_at is None
    assert anybody.post(link(mail)).status_code == 302

    assert site.incident.acknowledged_by == "alice@acme.example"
    assert chain(site).state == "acknowledged"
    pass_on(courier)
    assert "You have it" in anybody.get(link(mail)).content.decode()
    with pytest.raises(AssertionError):
        wait_until(lambda: len(smtp.mails) > 1, 1.2, "a second mail")


def test_giving_it_back_calls_the_next_at_once_and_the_link_works_again(
    site: Site, alice: Any, carol: Any, smtp: SmtpReceiver, courier: Any
) -> None:
    site.policy([alice], [carol])
    site.becomes(Status.DOWN)
    (mail,) = mails(smtp, 1)
    anybody = Client()
    anybody.post(link(mail))

    anybody.post(link(mail), {"undo": "1"})

    assert site.incident.acknowledged_at is None
    assert mails(smtp, 2)[1]["To"] == "carol@acme.example"
    anybody.post(link(mail))
    assert site.incident.acknowledged_by == "alice@acme.example"


def test_the_others_who_were_called_hear_who_has_it(
    site: Site, alice: Any, carol: Any, smtp: SmtpReceiver, courier: Any
) -> None:
    site.policy([alice, carol])
    site.becomes(Status.DOWN)
    mails(smtp, 2)
    site.wait("sent", "sent")

    with in_tenant(site.organisation):
        handling.acknowledge(site.organisation, site.incident, Actor.person(carol))
    courier.wake()

    heard = mails(smtp, 3)[2]
    assert heard["To"] == "alice@acme.example"
    assert "carol@acme.example" in heard.get_body(("plain",)).get_content()


def test_the_end_ends_the_policy_and_is_told_to_those_who_were_called(
    site: Site, alice: Any, carol: Any, smtp: SmtpReceiver, courier: Any
) -> None:
    site.policy([alice], [carol])
    site.becomes(Status.DOWN)
    mails(smtp, 1)
    site.wait("sent")

    site.becomes(Status.UP)
    end = mails(smtp, 2)[1]
    pass_on(courier)

    assert end["To"] == "alice@acme.example"
    assert chain(site).state == "over"


def test_who_may_no_longer_cannot_act_by_an_old_link(
    site: Site, carol: Any, acme: Any, smtp: SmtpReceiver, courier: Any
) -> None:
    site.policy([carol])
    site.becomes(Status.DOWN)
    (mail,) = mails(smtp, 1)
    Membership.objects.filter(organisation=acme, user=carol).update(role=Role.VIEWER)

    page = Client().get(link(mail)).content.decode()
    Client().post(link(mail))

    assert "You may not acknowledge" in page
    assert site.incident.acknowledged_at is None


@pytest.mark.parametrize("cut", [1, 3, -1])
def test_a_link_that_was_not_made_here_is_no_page(
    site: Site, alice: Any, smtp: SmtpReceiver, courier: Any, cut: int
) -> None:
    site.policy([alice])
    site.becomes(Status.DOWN)
    good = link(mails(smtp, 1)[0])
    token = good.rpartition("/")[2]
    wrong = f"{token[:cut]}{'A' if token[cut] != 'A' else 'B'}{token[cut + 1 :]}" if cut > 0 else token[:-1]

    assert Client().get(f"/t/a/{wrong}").status_code == 404
    assert Client().get(good.replace("/a/", "/r/")).status_code == 405
    assert Client().post(good.replace("/a/", "/r/")).status_code == 404


def test_somebody_who_left_and_a_deleted_policy_are_said_and_call_nobody(
    site: Site, carol: Any, acme: Any, smtp: SmtpReceiver, courier: Any
) -> None:
    policy = site.policy([carol], [carol])
    membership.remove(Membership.objects.get(organisation=acme, user=carol), COMMAND_LINE)
    site.becomes(Status.DOWN)
    wait_until(
        lambda: any("left the organisation" in text for text in site.texts()), 10, "a word about carol"
    )

    with in_tenant(acme):
        policies.delete(acme, EscalationPolicy.objects.get(pk=policy.pk), COMMAND_LINE)
    pass_on(courier)

    wait_until(lambda: chain(site).state == "cancelled", 10, "the policy to be given up")
    assert smtp.mails == []


def test_a_channel_of_a_step_is_told_and_round_robin_goes_around(
    site: Site, receiver: WebhookReceiver, alice: Any, carol: Any, smtp: SmtpReceiver, courier: Any
) -> None:
    hook = site.lonely("webhook", {"url": receiver.url})
    steps = [
        {"targets": [{"kind": "channel", "id": str(hook.pk)}]},
        {
            "targets": [{"kind": "person", "id": str(alice.pk)}, {"kind": "person", "id": str(carol.pk)}],
            "round_robin": True,
        },
    ]
    with in_tenant(site.organisation):
        values = policies.read({"name": "Turns", "steps": steps})
        policy = policies.create(site.organisation, values, COMMAND_LINE)
    site.tell(name="call", policy=str(policy.pk))

    for count, whom in ((1, "alice@acme.example"), (3, "carol@acme.example")):
        site.becomes(Status.DOWN)
        receiver.wait_for(count)
        wait_until(lambda: _running(site), 10, "the first step to be taken")
        pass_on(courier)
        assert mails(smtp, count)[count - 1]["To"] == whom
        site.becomes(Status.UP)
        mails(smtp, count + 1)


def _running(site: Site) -> bool:
    with in_tenant(site.organisation):
        return Escalation.objects.filter(tenant_no=site.organisation.no, state="running", step=1).exists()


def test_resolving_by_hand_stops_it_too(
    site: Site, alice: Any, carol: Any, smtp: SmtpReceiver, courier: Any
) -> None:
    site.policy([alice], [carol])
    site.becomes(Status.DOWN)
    mails(smtp, 1)
    with in_tenant(site.organisation):
        resolving.resolve(site.organisation, Incident.objects.get(), Actor.person(carol))
    courier.wake()

    wait_until(lambda: chain(site).state == "over", 10, "the policy to end")


def test_a_person_who_is_not_reached_by_one_way_is_tried_by_the_next_at_once(
    site: Site, alice: Any, smtp: SmtpReceiver, courier: Any
) -> None:
    smtp.refuse["alice@acme.example"] = "550 no such user"
    later = ContactMethod(user=alice, kind="email", label="Private", after_seconds=3600)
    later.config, later.verified_at = {"to": "alice@home.example"}, timezone.now()
    later.save()
    site.policy([alice])

    site.becomes(Status.DOWN)

    assert mails(smtp, 1)[0]["To"] == "alice@home.example"
