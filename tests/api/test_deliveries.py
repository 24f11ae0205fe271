"""`/v1/deliveries`: every message with its tries; dead letters are sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from notifications.models import NotificationChannel
from pulse.scoping import in_tenant
from tests.api.making import UNKNOWN, make_channel, make_monitor, open_incident, pointers, problem_of
from tests.conftest import Api
from tests.notifications.making import delivery, tried


@pytest.fixture
def channel(api: Any, acme: Any) -> NotificationChannel:
    identity = make_channel(api)["id"]
    with in_tenant(acme):
        return NotificationChannel.objects.get(pk=identity)


def ids(answer: Any) -> list[str]:
    return [row["id"] for row in answer.json()["results"]]


def test_a_message_is_read_with_its_tries_and_what_it_says(api: Any, acme: Any, channel: Any) -> None:
    incident = open_incident(acme, make_monitor(api))
    made = tried(
        acme, delivery(acme, channel, incident=incident, reason="rule everything"), "sent", "answered 204"
    )

    found = api.get(f"deliveries/{made.id}").json()

    known = {
        "event": "incident.opened", "state": "sent", "purpose": "rule", "reason": "rule everything",
        "incident": str(incident.pk), "channel": str(channel.pk), "person": None, "name": "ops",
        "transport": "webhook", "attempts": 1, "repeats": 0, "last_answer": "answered 204", "receipt": None,
        "next_at": None,
    }  # fmt: skip
    assert {name: found[name] for name in known} == known
    (one,) = found["tries"]
    assert (one["number"], one["outcome"], one["answer"]) == (1, "sent", "answered 204")
    assert one["started_at"] <= one["finished_at"]
    assert found["payload"]["monitor"]["name"] == "shop"


def test_lists_are_filtered_by_state_channel_and_incident(api: Any, acme: Any, channel: Any) -> None:
    incident, later = open_incident(acme, make_monitor(api)), timezone.now() + timedelta(hours=1)
    held = delivery(acme, channel, state="held", retry_at=later, last_answer="quiet hours")
    sent = tried(acme, delivery(acme, channel, incident=incident), "sent")
    dead, unknown = (tried(acme, delivery(acme, channel), state) for state in ("dead", "unknown"))
    folded = tried(acme, delivery(acme, channel), "folded")
    waiting = delivery(acme, channel)

    everything = [str(one.id) for one in (waiting, folded, unknown, dead, sent, held)]
    assert ids(api.get("deliveries")) == everything
    by_state = {
        "waiting": [waiting], "held": [held], "sent": [sent], "dead": [unknown, dead], "folded": [folded],
        "cancelled": [],
    }  # fmt: skip
    for state, rows in by_state.items():
        assert ids(api.get("deliveries", state=state)) == [str(one.id) for one in rows], state
    assert ids(api.get("deliveries", incident=str(incident.pk))) == [str(sent.id)]
    assert ids(api.get("deliveries", channel=str(channel.pk))) == everything
    assert ids(api.get("deliveries", channel=UNKNOWN)) == []
    assert api.get(f"deliveries/{held.id}").json()["next_at"] is not None


def test_pages_follow_each_other_without_a_gap(api: Any, acme: Any, channel: Any) -> None:
    made = [str(delivery(acme, channel).id) for _ in range(5)][::-1]

    first = api.get("deliveries", limit=2).json()
    second = api.client.get(first["next"]).json()
    third = api.client.get(second["next"]).json()

    assert [row["id"] for page in (first, second, third) for row in page["results"]] == made
    assert third["next"] is None


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"state": "lost"}, "/state"),
        ({"channel": "x"}, "/channel"),
        ({"incident": "1"}, "/incident"),
        ({"after": "x"}, "/after"),
        ({"limit": "0"}, "/limit"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(api: Any, query: dict[str, str], pointer: str) -> None:
    assert pointers(api.get("deliveries", **query)) == [pointer]


def test_a_dead_letter_is_sent_again_and_nothing_else_is(api: Any, acme: Any, channel: Any) -> None:
    dead, sent = (tried(acme, delivery(acme, channel), state) for state in ("dead", "sent"))

    answer = api.post(f"deliveries/{dead.id}/resending")

    assert (answer.status_code, answer.json()["state"]) == (202, "retrying")
    assert "dead letters" in problem_of(api.post(f"deliveries/{sent.id}/resending"), 409)["detail"]
    problem_of(api.post(f"deliveries/{UNKNOWN}/resending"), 404)


def test_a_key_needs_the_scope_and_a_stranger_finds_nothing(acme: Any, globex_api: Any, channel: Any) -> None:
    made = tried(acme, delivery(acme, channel), "dead")
    reader = Api(acme, ["deliveries:read"])

    assert reader.get(f"deliveries/{made.id}").status_code == 200
    assert reader.post(f"deliveries/{made.id}/resending").status_code == 403
    assert Api(acme, ["rules:write"]).get("deliveries").status_code == 403
    for answer in (
        globex_api.get(f"deliveries/{made.id}"),
        globex_api.post(f"deliveries/{made.id}/resending"),
    ):
        problem_of(answer, 404)
    assert globex_api.get("deliveries").json()["results"] == []
    assert globex_api.get("deliveries", channel=str(channel.pk)).json()["results"] == []
