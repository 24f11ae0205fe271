"""`/v1/schedules` and `/v1/on-call`: made, read, changed and asked by scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.api.making import UNKNOWN, make_override, make_schedule, pointers, problem_of
from tests.conftest import Api


def test_a_schedule_is_made_read_changed_and_deleted(api: Any, acme: Any, alice: Any, bob: Any) -> None:
    people = api.get("on-call/people").json()["results"]
    assert {row["id"] for row in people} == {str(alice.pk), str(bob.pk)}
    layers = [
        {
            "people": [str(alice.pk), str(bob.pk)],
            "rotation": "weekly",
            "handoff": "02:30",
            "start": "2026-01-05",
        },
        {"people": [str(bob.pk)], "hours": {"days": [0, 1], "from": "22:00", "to": "06:00"}},
    ]
    answer = api.post("schedules", {"name": "Primary", "zone": "Europe/Vienna", "layers": layers})
    made = answer.json()

    assert (answer.status_code, answer["Location"]) == (201, made["url"])
    assert made["layers"][0]["every"] == 1
    assert made["layers"][1]["hours"] == {"days": [0, 1], "from": "22:00", "to": "06:00"}
    assert any("clocks jump over 02:30" in note for note in made["clock_notes"])
    assert api.patch(f"schedules/{made['id']}", made).json() == made  # what is read may be sent back whole
    assert api.patch(f"schedules/{made['id']}", {"name": "Second"}).json()["name"] == "Second"
    assert [row["id"] for row in api.get("schedules").json()["results"]] == [made["id"]]
    assert api.delete(f"schedules/{made['id']}").status_code == 204
    problem_of(api.get(f"schedules/{made['id']}"), 404)


def test_what_cannot_be_is_refused_field_by_field(api: Any, alice: Any, charlie: Any) -> None:
    person = str(alice.pk)
    refused = [
        ({"name": "x"}, "/layers"),
        ({"name": "x", "layers": []}, "/layers"),
        ({"layers": [{"people": [person]}]}, "/name"),
        ({"name": "x", "layers": [{}]}, "/layers/0/people"),
        ({"name": "x", "layers": [{"people": []}]}, "/layers/0/people"),
        ({"name": "x", "layers": [{"people": [str(charlie.pk)]}]}, "/layers/0/people"),
        ({"name": "x", "layers": [{"people": [person], "handoff": "25:00"}]}, "/layers/0/handoff"),
        ({"name": "x", "layers": [{"people": [person], "rotation": "yearly"}]}, "/layers/0/rotation"),
        ({"name": "x", "layers": [{"people": [person], "rotation": "custom", "unit": "weeks", "every": 99}]},
         "/layers/0/every"),
        ({"name": "x", "layers": [{"people": [person], "hours": {"days": [9], "from": "1", "to": "2"}}]},
         "/layers/0/hours"),
        ({"name": "x", "zone": "Mars/Olympus", "layers": [{"people": [person]}]}, "/zone"),
    ]  # fmt: skip
    for body, pointer in refused:
        assert pointer in pointers(api.post("schedules", body)), body


def test_scripts_ask_who_has_it_now_later_and_for_a_month(api: Any, alice: Any, bob: Any) -> None:
    schedule = make_schedule(api)
    address = f"schedules/{schedule['id']}"
    noon = api.get(f"{address}/on-call", at="2026-02-01T12:00:00Z").json()
    following = api.get(f"{address}/on-call", at="2026-02-02T12:00:00Z").json()

    assert noon["until"] == "2026-02-02T09:00:00.000Z"
    assert noon["next"] == following["person"]
    assert {noon["person"]["id"], following["person"]["id"]} == {str(alice.pk), str(bob.pk)}
    shifts = api.get(
        f"{address}/shifts", **{"from": "2026-02-01T12:00:00Z", "to": "2026-02-03T12:00:00Z"}
    ).json()
    assert [row["end"] for row in shifts["results"]] == [
        "2026-02-02T09:00:00.000Z", "2026-02-03T09:00:00.000Z", "2026-02-03T12:00:00.000Z",
    ]  # fmt: skip
    assert api.get("on-call").json()["results"][0]["schedule"]["id"] == schedule["id"]
    problem_of(api.get(f"{address}/on-call", at="yesterday"), 422)
    problem_of(
        api.get(f"{address}/shifts", **{"from": "2026-02-01T12:00:00Z", "to": "2036-02-01T12:00:00Z"}), 422
    )


def test_an_override_is_added_listed_and_ended(api: Any, alice: Any) -> None:
    schedule = make_schedule(api)
    made = make_override(api, schedule)
    address = f"schedules/{schedule['id']}/overrides"

    assert api.get("on-call").json()["results"][0]["person"] == made["person"]
    assert [row["id"] for row in api.get(address).json()["results"]] == [made["id"]]
    assert api.delete(f"{address}/{made['id']}").status_code == 204
    problem_of(api.delete(f"{address}/{UNKNOWN}"), 404)


def test_an_override_in_the_past_or_backwards_is_refused_with_the_reason(api: Any, charlie: Any) -> None:
    schedule, now = make_schedule(api), timezone.now()
    person = schedule["layers"][0]["people"][0]

    def refused(start: float, end: float, who: str = person) -> dict[str, Any]:
        times = {"starts_at": now + timedelta(hours=start), "ends_at": now + timedelta(hours=end)}
        body = {"person": who} | {name: at.isoformat() for name, at in times.items()}
        return problem_of(api.post(f"schedules/{schedule['id']}/overrides", body), 422)

    assert "over already" in str(refused(-3, -1))
    assert "not in the past" in str(refused(-3, 1))
    assert "after the start" in str(refused(2, 1))
    assert "within 90 days" in str(refused(1, 24 * 100))
    assert "member" in str(refused(1, 2, str(charlie.pk)))


def test_a_key_needs_the_scope_and_a_stranger_finds_nothing(acme: Any, api: Any, globex_api: Any) -> None:
    schedule = make_schedule(api)
    reader = Api(acme, ["oncall:read"])

    assert reader.get(f"schedules/{schedule['id']}").status_code == 200
    assert reader.post("schedules", {}).status_code == 403
    assert Api(acme, ["rules:write"]).get("on-call").status_code == 403
    problem_of(globex_api.get(f"schedules/{schedule['id']}"), 404)
    problem_of(globex_api.get(f"schedules/{schedule['id']}/on-call"), 404)
    assert globex_api.get("on-call").json()["results"] == []
