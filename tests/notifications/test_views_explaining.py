"""The page behind "why this alert": each kind of message says how it came about, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from notifications.ledger import chains
from notifications.ledger.models import Delivery, Escalation
from notifications.notices import NOTICE
from notifications.stepping import TURNS
from pulse.scoping import in_tenant
from tests.notifications.making import UNKNOWN, delivery, outage, rule, tried, webhook

IN_AN_HOUR = timedelta(hours=1)


def path(made: Delivery, slug: str = "acme") -> str:
    return f"/o/{slug}/deliveries/{made.id}/why/"


def change(organisation: Any, made: Delivery, **fields: Any) -> None:
    with in_tenant(organisation):
        Delivery.objects.filter(tenant_no=organisation.no, no=made.no).update(**fields)


def titles(answer: Any) -> list[str]:
    return [line.title for line in answer.context["lines"]]


def test_a_stranger_gets_what_an_unknown_message_gives(acme: Any, globex: Any, as_charlie: Any) -> None:
    made = delivery(acme, webhook(acme), incident=outage(acme))

    for slug in ("acme", "globex"):
        unknown = as_charlie.get(f"/o/{slug}/deliveries/{UNKNOWN}/why/")
        foreign = as_charlie.get(path(made, slug))
        assert (foreign.status_code, foreign.content) == (404, unknown.content)


def test_a_rules_message_is_retold_from_the_failing_check_to_the_answer(acme: Any, as_bob: Any) -> None:
    channel, incident = webhook(acme), outage(acme)
    everything = rule(acme, channel)
    made = delivery(acme, channel, incident=incident, rule_id=everything.pk, reason="rule Everything")
    tried(acme, made, "sent", "answered 204")

    answer = as_bob.get(path(made))

    assert titles(answer) == [
        "First failing check",
        "The incident was opened",
        "This receiver was chosen",
        "Try 1",
    ]
    page = answer.content.decode()
    assert "Why Ops was told" in page
    assert "Rule Everything" in page
    assert "What a rule tells" in page
    assert f"/o/acme/incidents/{incident.pk}/" in page


@pytest.mark.parametrize(
    ("purpose", "turn", "said"),
    [
        ("policy", 1, "Step 1 of a policy<"),
        ("policy", 22, "Step 2 of a policy, round 2<"),
        ("policy", TURNS + 3, "Step 3 of a policy<"),  # another policy because of the same outage
        ("reminder", 10_002, "Reminder 3<"),
        ("fallback", 0, "Instead of another channel<"),
        ("digest", -1, "Several messages in one<"),
        ("test", 0, "A test<"),
        ("notice", 0, "A notice<"),
    ],
)
def test_each_kind_of_message_says_as_what_it_was_sent(
    acme: Any, as_alice: Any, purpose: str, turn: int, said: str
) -> None:
    made = delivery(
        acme, webhook(acme), incident=outage(acme), purpose=purpose, turn=turn, reason="because of it"
    )

    page = as_alice.get(path(made)).content.decode()

    assert said in page
    assert "Because of it" in page


def test_a_message_of_a_policy_says_where_that_stands(acme: Any, alice: Any, as_alice: Any) -> None:
    incident = outage(acme)
    with in_tenant(acme):
        chains.start(
            acme.no, fact=1, incident=incident.pk, policy=UNKNOWN, name="Duty", rule=None, reason="rule X", payload={},
            due=timezone.now(),
        )  # fmt: skip
        number = Escalation.objects.get(tenant_no=acme.no).no
    made = delivery(acme, webhook(acme), incident=incident, purpose="policy", turn=1, escalation_no=number)
    assert "Duty: at work" in as_alice.get(path(made)).content.decode()

    with in_tenant(acme):
        chains.stop(acme.no, [incident.pk], "acknowledged")

    assert "Duty: stopped, somebody has it" in as_alice.get(path(made)).content.decode()


def test_what_is_held_says_until_when_and_why(acme: Any, as_alice: Any) -> None:
    until = timezone.now() + IN_AN_HOUR
    made = delivery(
        acme,
        webhook(acme),
        incident=outage(acme),
        state="held",
        retry_at=until,
        last_answer="12 messages in an hour",
    )

    answer = as_alice.get(path(made))

    assert "Why Ops was to be told" in answer.content.decode()
    assert "Held back.</strong> 12 messages in an hour." in answer.content.decode()
    line = answer.context["lines"][-1]
    assert (line.title, line.at, line.body) == ("It goes out", until, "12 messages in an hour")


def test_what_was_told_within_another_message_leads_there(acme: Any, as_alice: Any) -> None:
    channel, incident = webhook(acme), outage(acme)
    digest = delivery(acme, channel, purpose="digest", turn=-1, event="digest")
    made = delivery(acme, channel, incident=incident)
    change(acme, made, state="folded", folded_into=digest.no, finished_at=timezone.now())

    answer = as_alice.get(path(made))

    assert titles(answer)[-1] == "Told within another message"
    assert path(digest) in answer.content.decode()


@pytest.mark.parametrize(
    ("receipt", "banner"), [("delivered", "Delivered."), ("read", "Read."), ("failed", "Not delivered.")]
)
def test_a_receipt_is_said_before_what_the_provider_answered(
    acme: Any, as_alice: Any, receipt: str, banner: str
) -> None:
    made = tried(acme, delivery(acme, webhook(acme), incident=outage(acme)), "sent", "answered 201: queued")
    change(acme, made, receipt=receipt, receipt_at=timezone.now())

    answer = as_alice.get(path(made))

    assert f"{banner}</strong> Answered 201: queued." in answer.content.decode()
    assert titles(answer)[-1] == f"Receipt: {receipt}"


def test_what_is_still_to_come_is_said(acme: Any, as_alice: Any) -> None:
    made = tried(acme, delivery(acme, webhook(acme), incident=outage(acme)), "sent")
    later = timezone.now() + IN_AN_HOUR
    change(acme, made, fallback_at=later, repeat_at=later, acknowledged_at=timezone.now())

    assert titles(as_alice.get(path(made)))[-3:] == [
        "Its link was used to acknowledge",
        "Without a receipt by then the next channel is told",
        "Said again, if it still lasts and nobody has it",
    ]


def test_a_message_about_nothing_that_is_left_still_explains_itself(acme: Any, as_alice: Any) -> None:
    incident = outage(acme)
    made = delivery(acme, webhook(acme), incident=incident)
    with in_tenant(acme):
        incident.delete()

    answer = as_alice.get(path(made))

    assert answer.status_code == 200
    assert "This receiver was chosen" in titles(answer)


def test_a_notice_has_a_reason(acme: Any) -> None:
    assert all(reason and not reason.endswith(".") for reason in NOTICE.values())
