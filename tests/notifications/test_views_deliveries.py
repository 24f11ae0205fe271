"""Pages of deliveries: what was sent to whom, every try, and dead letters sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import channels, listing
from notifications.ledger.models import Delivery
from notifications.models import NotificationChannel
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.notifications.making import UNKNOWN, delivery, outage, tried, webhook
from tests.receivers import WebhookReceiver

DELIVERIES = "/o/acme/deliveries/"


def numbers(answer: Any) -> list[int]:
    return [row.delivery.no for row in answer.context["page"].rows]


@pytest.mark.parametrize("path", ["", "table/", f"incident/{UNKNOWN}/"])
def test_a_stranger_gets_what_an_unknown_organisation_gives(acme: Any, as_charlie: Any, path: str) -> None:
    unknown = as_charlie.get(f"/o/nobody/deliveries/{path}")
    foreign = as_charlie.get(f"/o/acme/deliveries/{path}")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)


def test_deliveries_of_others_are_not_listed(acme: Any, globex: Any, as_charlie: Any) -> None:
    incident = outage(acme)
    made = tried(acme, delivery(acme, webhook(acme), incident=incident), "dead")

    assert numbers(as_charlie.get("/o/globex/deliveries/")) == []
    assert as_charlie.get(f"/o/globex/deliveries/incident/{incident.pk}/").status_code == 404
    assert as_charlie.post(f"/o/globex/deliveries/{made.id}/resending/").status_code == 404
    assert as_charlie.post(f"/o/acme/deliveries/{made.id}/resending/").status_code == 404
    with in_tenant(acme):
        assert Delivery.objects.get(tenant_no=acme.no, no=made.no).state == "dead"


def test_a_viewer_looks_and_may_not_resend(acme: Any, as_bob: Any) -> None:
    made = tried(acme, delivery(acme, webhook(acme)), "dead")

    page = as_bob.get(DELIVERIES)

    assert numbers(page) == [made.no]
    assert "Send again" not in page.content.decode()
    assert as_bob.post(f"{DELIVERIES}{made.id}/resending/").status_code == 403


def test_each_state_is_a_filter(acme: Any, as_alice: Any) -> None:
    channel = webhook(acme)
    made = {state: tried(acme, delivery(acme, channel), state).no for state in ("sent", "dead", "retrying")}
    made["pending"] = delivery(acme, channel).no

    assert numbers(as_alice.get(DELIVERIES)) == sorted(made.values(), reverse=True)
    assert numbers(as_alice.get(DELIVERIES, {"state": "sent"})) == [made["sent"]]
    assert numbers(as_alice.get(DELIVERIES, {"state": "dead"})) == [made["dead"]]
    assert numbers(as_alice.get(DELIVERIES, {"state": "waiting"})) == [made["pending"], made["retrying"]]
    assert numbers(as_alice.get(DELIVERIES, {"state": "cancelled"})) == []


def test_what_is_held_back_told_within_another_or_of_unknown_outcome_is_found(
    acme: Any, as_alice: Any
) -> None:
    channel, later = webhook(acme), timezone.now() + timedelta(hours=1)
    held = delivery(acme, channel, state="held", retry_at=later, last_answer="quiet hours of alice")
    folded = tried(acme, delivery(acme, channel), "folded")
    unknown = tried(acme, delivery(acme, channel), "unknown", "no answer: it may have it")

    assert numbers(as_alice.get(DELIVERIES, {"state": "held"})) == [held.no]
    assert numbers(as_alice.get(DELIVERIES, {"state": "waiting"})) == []
    assert numbers(as_alice.get(DELIVERIES, {"state": "folded"})) == [folded.no]
    assert numbers(as_alice.get(DELIVERIES, {"state": "dead"})) == [unknown.no]
    page = as_alice.get(DELIVERIES).content.decode()
    for words in ("Held back", "Quiet hours of alice", "Within another", "Unknown", "Send again"):
        assert words in page, words


@pytest.mark.parametrize(
    ("receipt", "state", "shown"),
    [
        ("delivered", "sent", "Delivered"),
        ("read", "sent", "Read"),
        ("failed", "sent", "Not delivered"),
        ("", "sent", "Sent"),
    ],
)
def test_a_receipt_is_said_instead_of_sent(
    acme: Any, as_alice: Any, receipt: str, state: str, shown: str
) -> None:
    made = tried(acme, delivery(acme, webhook(acme)), state)
    with in_tenant(acme):
        Delivery.objects.filter(tenant_no=acme.no, no=made.no).update(receipt=receipt)

    (row,) = as_alice.get(DELIVERIES).context["page"].rows

    assert row.word.capitalize() == shown
    assert row.status == ("down" if receipt == "failed" else "up")


def test_the_matrix_counts_from_the_opening_of_the_incident(acme: Any, as_alice: Any) -> None:
    incident = outage(acme)
    late = tried(acme, delivery(acme, webhook(acme, "Late"), incident=incident), "sent")
    never = tried(acme, delivery(acme, webhook(acme, "Never"), incident=incident), "dead")
    with in_tenant(acme):
        found = Delivery.objects.filter(tenant_no=acme.no)
        found.filter(no=late.no).update(finished_at=incident.opened_at + timedelta(seconds=90))

    part = as_alice.get(f"{DELIVERIES}incident/{incident.pk}/", headers={"HX-Request": "true"})

    report = part.context["report"]
    assert {one.name: one.first for one in report.receivers} == {"Late": timedelta(seconds=90), "Never": None}
    page = part.content.decode()
    assert "reached after 1 min 30 s" in page
    assert "not reached" in page
    assert f"/deliveries/{never.id}/why/" in page


def test_channel_and_incident_are_filters(acme: Any, as_alice: Any) -> None:
    first, second, incident = webhook(acme, "First"), webhook(acme, "Second"), outage(acme)
    one, two = delivery(acme, first), delivery(acme, second, incident=incident)

    assert numbers(as_alice.get(DELIVERIES, {"channel": str(first.pk)})) == [one.no]
    assert numbers(as_alice.get(DELIVERIES, {"incident": str(incident.pk)})) == [two.no]


@pytest.mark.parametrize(
    "query",
    [
        {"state": "x"},
        {"channel": "x"},
        {"incident": "1"},
        {"before": "-1"},
        {"before": "9" * 30},
        {"after": "x"},
    ],
)
def test_a_nonsense_filter_is_none(acme: Any, as_alice: Any, query: dict[str, str]) -> None:
    made = delivery(acme, webhook(acme))

    assert numbers(as_alice.get(DELIVERIES, query)) == [made.no]


def test_pages_lead_to_older_and_back_to_newer(
    acme: Any, as_alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing.page, "__defaults__", (2,))
    channel = webhook(acme)
    made = [delivery(acme, channel).no for _ in range(5)][::-1]

    first = as_alice.get(DELIVERIES)
    second = as_alice.get(first.context["page"].older)
    third = as_alice.get(second.context["page"].older)
    back = as_alice.get(third.context["page"].newer)

    assert [numbers(page) for page in (first, second, third, back)] == [
        made[:2],
        made[2:4],
        made[4:],
        made[2:4],
    ]
    assert first.context["page"].newer == ""
    assert third.context["page"].older == ""


def test_a_row_tells_every_try(acme: Any, as_alice: Any) -> None:
    made = tried(acme, delivery(acme, webhook(acme), incident=outage(acme), name="shop <b>"), "retrying")

    page = as_alice.get(DELIVERIES).content.decode()

    assert "Opened: shop &lt;b&gt;" in page
    assert "Answered 503" in page
    assert "1 try" in page
    assert f"/o/acme/incidents/{made.incident_id}/" in page


def test_a_dead_letter_is_sent_again_under_its_old_key(
    acme: Any, as_alice: Any, receiver: WebhookReceiver, courier: Any
) -> None:
    made = tried(acme, delivery(acme, webhook(acme, url=receiver.url)), "dead")

    answer = as_alice.post(f"{DELIVERIES}{made.id}/resending/?state=dead")

    assert receiver.wait_for(1)[0].key == f"msg_{made.id.hex}"
    assert answer.headers["Location"] == f"{DELIVERIES}?state=dead"


def test_what_is_not_dead_is_not_sent_again(acme: Any, as_alice: Any) -> None:
    made = tried(acme, delivery(acme, webhook(acme)), "sent")

    page = as_alice.post(f"{DELIVERIES}{made.id}/resending/", follow=True).content.decode()

    assert "Only dead letters are sent again" in page


@pytest.mark.parametrize("how", ["deleted", "switched off"])
def test_a_letter_whose_channel_is_gone_stays_dead(acme: Any, as_alice: Any, how: str) -> None:
    channel = webhook(acme)
    made = tried(acme, delivery(acme, channel), "dead")
    with in_tenant(acme):
        if how == "deleted":
            channels.delete(acme, channel, COMMAND_LINE)
        else:
            NotificationChannel.objects.update(disabled_at=channel.created_at)

    page = as_alice.post(f"{DELIVERIES}{made.id}/resending/", follow=True).content.decode()

    assert f"is {how}" in page
    assert "Send again" not in page
    with in_tenant(acme):
        assert Delivery.objects.get(tenant_no=acme.no, no=made.no).state == "dead"


def test_an_incident_shows_what_was_sent_about_it(acme: Any, as_alice: Any) -> None:
    incident, channel = outage(acme), webhook(acme)
    made = delivery(acme, channel, incident=incident)
    delivery(acme, channel)
    where = f"{DELIVERIES}incident/{incident.pk}/"

    part = as_alice.get(where, headers={"HX-Request": "true"})
    page = as_alice.get(where)

    (receiver,) = part.context["report"].receivers
    assert [cell.delivery.no for cell in receiver.cells] == [made.no]
    assert 'id="incident-deliveries"' in part.content.decode()
    assert page.headers["Location"] == f"{DELIVERIES}?incident={incident.pk}"


def test_the_list_costs_the_same_for_three_and_thirty(acme: Any, as_alice: Any) -> None:
    channel, incident = webhook(acme), outage(acme)

    def cost(number: int) -> int:
        for _ in range(number):
            tried(acme, delivery(acme, channel, incident=incident), "dead")
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(DELIVERIES)
        return len(queries)

    cost(0)
    assert cost(3) == cost(27) < 20


@pytest.mark.parametrize(
    ("recipient", "of_a_person", "shown"),
    [
        ("+4915112345678", True, "+49…678"),
        ("+4915112345678", False, "+4915112345678"),
        ("bob@acme.example", True, "bob@acme.example"),
    ],
)
def test_of_a_persons_number_others_see_as_much_as_they_need(
    recipient: str, of_a_person: bool, shown: str, acme: Any, as_bob: Any, alice: Any, api: Any
) -> None:
    person = alice.pk if of_a_person else None
    row = delivery(acme, webhook(acme), recipient=recipient, transport="sms", person_id=person)

    page = as_bob.get(DELIVERIES).content.decode()
    why = as_bob.get(f"{DELIVERIES}{row.id}/why/").content.decode()

    assert shown in page
    assert shown in why
    assert api.get(f"deliveries/{row.id}").json()["recipient"] == shown
    assert (recipient in page + why) == (recipient == shown)
