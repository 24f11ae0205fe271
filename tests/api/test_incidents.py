"""`/v1/incidents`: listed, read and acknowledged by a script."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.models import Incident, TimelineEntry
from monitors.models import Monitor
from monitors.telemetry.models import Status
from pulse.scoping import in_tenant
from tests.api.making import UNKNOWN, make_monitor, open_incident, pointers, problem_of
from tests.incidents.making import become


def test_an_incident_is_shown_with_its_timeline(api: Any, acme: Any) -> None:
    monitor = make_monitor(api)
    incident = open_incident(acme, monitor)

    shown = api.get(f"incidents/{incident.pk}").json()

    assert shown["state"] == "open"
    assert shown["cause"] == "answered 503"
    assert shown["monitor"] == {
        "id": monitor["id"],
        "name": "shop",
        "kind": "http",
        "target": monitor["target"],
    }
    assert shown["started_at"].endswith("Z")
    assert shown["resolved_at"] is None
    assert [entry["kind"] for entry in shown["timeline"]] == ["started", "opened"]
    assert shown["url"] == f"http://localhost:8000/v1/incidents/{incident.pk}"


def test_acknowledging_names_who_and_does_so_once(api: Any, acme: Any) -> None:
    incident = open_incident(acme, make_monitor(api))

    first = api.post(f"incidents/{incident.pk}/acknowledgement")
    second = api.post(f"incidents/{incident.pk}/acknowledgement/")

    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert first.json()["state"] == "acknowledged"
    assert first.json()["acknowledged_by"] == "API key suite"
    timeline = api.get(f"incidents/{incident.pk}").json()["timeline"]
    assert [entry["kind"] for entry in timeline].count("acknowledged") == 1


def test_a_resolved_incident_stays_as_it_is(api: Any, acme: Any) -> None:
    monitor = make_monitor(api)
    incident = open_incident(acme, monitor)
    api.delete(f"monitors/{monitor['id']}")
    before = api.get(f"incidents/{incident.pk}").json()

    assert api.post(f"incidents/{incident.pk}/acknowledgement").status_code == 200

    assert api.get(f"incidents/{incident.pk}").json() == before


def test_incidents_are_filtered_by_state(api: Any, acme: Any) -> None:
    monitors = [make_monitor(api, name=f"m{n}") for n in range(3)]
    opened, acknowledged, resolved = (open_incident(acme, monitor) for monitor in monitors)
    api.post(f"incidents/{acknowledged.pk}/acknowledgement")
    api.patch(f"monitors/{monitors[2]['id']}", {"enabled": False})

    def listed(state: str) -> list[str]:
        return [row["id"] for row in api.get("incidents", state=state).json()["results"]]

    assert listed("open") == [str(opened.pk)]
    assert listed("acknowledged") == [str(acknowledged.pk)]
    assert listed("resolved") == [str(resolved.pk)]
    assert len(api.get("incidents").json()["results"]) == 3


def test_opened_by_hand_with_a_key_it_is_the_same_one_again(api: Any, acme: Any) -> None:
    monitor = make_monitor(api)
    body = {
        "title": "Checkout fails",
        "monitors": [monitor["id"]],
        "severity": "critical",
        "key": "deploy-42",
    }

    first = api.post("incidents", body)
    second = api.post("incidents", body)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.json()["kind"] == "manual"
    assert [row["name"] for row in first.json()["monitors"]] == ["shop"]
    api.post(f"incidents/{first.json()['id']}/resolution")
    assert api.post("incidents", body).status_code == 201


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({}, ["/title"]),
        ({"title": "x", "monitors": ["nonsense"]}, ["/monitors"]),
        ({"title": "x", "monitors": "all"}, ["/monitors"]),
        ({"title": "x", "severity": "huge"}, ["/severity"]),
        ({"title": "x", "impact": 1}, ["/impact"]),
        ({"title": "x", "public_state": "resolved"}, ["/public_state"]),
        ({"title": "x", "started_at": "yesterday"}, ["/started_at"]),
        ({"title": "x", "started_at": "2999-01-01T00:00:00Z"}, ["/started_at"]),
        ({"title": "x", "note": "\u0007"}, ["/note"]),
        ({"title": "x" * 201}, ["/title"]),
        ({"title": "x", "colour": "red"}, ["/colour"]),
    ],
)
def test_what_cannot_be_opened_names_its_fields(api: Any, acme: Any, body: Any, at: list[str]) -> None:
    assert pointers(api.post("incidents", body)) == at


def test_every_verb_done_twice_answers_the_same(api: Any, acme: Any) -> None:
    incident = f"incidents/{open_incident(acme, make_monitor(api)).pk}"

    def twice(method: str, path: str, *body: Any) -> dict[str, Any]:
        answers = [getattr(api, method)(f"{incident}/{path}", *body) for _ in range(2)]
        assert [answer.status_code for answer in answers] in ([200, 200], [201, 201]), answers[1].content
        assert answers[0].json() == answers[1].json()
        shown: dict[str, Any] = answers[1].json()
        return shown

    assert twice("post", "acknowledgement")["state"] == "acknowledged"
    assert twice("delete", "acknowledgement")["state"] == "open"
    member = {"member": "alice@acme.example"}
    assert twice("put", "assignee", member)["assignee"]["name"] == "alice@acme.example"
    assert twice("delete", "assignee")["assignee"] is None
    assert twice("post", "notes", {"text": "looked at it\nagain"})["text"] == "looked at it\nagain"
    assert twice("post", "resolution")["resolution"] == "by hand"
    assert twice("delete", "resolution")["state"] == "open"
    timeline = api.get(incident).json()["timeline"]
    assert [entry["kind"] for entry in timeline] == [
        "started", "opened", "acknowledged", "released", "assigned", "assigned", "note", "resolved", "reopened",
    ]  # fmt: skip


def test_what_contradicts_is_a_conflict_that_says_why(api: Any, acme: Any) -> None:
    monitor = make_monitor(api)
    old = f"incidents/{open_incident(acme, monitor).pk}"
    assert "resolve it first" in problem_of(api.patch(old, {"public_state": "resolved"}), 409)["detail"]
    api.post(f"{old}/acknowledgement")
    api.post(f"{old}/resolution")

    problem_of(api.delete(f"{old}/acknowledgement"), 409)
    problem_of(api.put(f"{old}/assignee", {"member": "alice@acme.example"}), 409)
    assert pointers(api.put(f"{old}/assignee", {"member": "bob@acme.example"})) == ["/member"]
    assert pointers(api.put(f"{old}/assignee", {})) == ["/member"]
    problem_of(api.patch(old, {"public_state": "investigating"}), 409)
    become(acme, found(acme, monitor), Status.DOWN, Status.UP)
    become(acme, found(acme, monitor), Status.UP, Status.DOWN)
    assert "newer incident" in problem_of(api.delete(f"{old}/resolution"), 409)["detail"]


def test_an_edit_over_somebody_elses_is_refused(api: Any, acme: Any) -> None:
    incident = f"incidents/{open_incident(acme, make_monitor(api)).pk}"
    version = api.get(incident).json()["version"]

    changed = api.patch(incident, {"severity": "minor", "impact": "degraded", "version": version})

    assert changed.json()["severity"] == "minor"
    problem_of(api.patch(incident, {"severity": "critical", "version": version}), 409)
    assert api.patch(incident, {"severity": "minor", "version": version}).status_code == 200
    assert pointers(api.patch(incident, {"severity": "none"})) == ["/severity"]
    texts = [entry["text"] for entry in api.get(incident).json()["timeline"]]
    assert "API key suite changed the severity from major to minor." in texts
    assert "API key suite set the impact to degraded." in texts


def test_merged_and_split_again(api: Any, acme: Any) -> None:
    one, other = (open_incident(acme, make_monitor(api, name=name)) for name in ("one", "other"))

    whole = api.post(f"incidents/{one.pk}/members", {"incidents": [str(other.pk)]}).json()

    assert (whole["kind"], whole["affected"], whole["title"]) == ("group", 2, "2 monitors")
    assert api.post(f"incidents/{one.pk}/members", {"incidents": [str(other.pk)]}).json() == whole
    listed = api.get("incidents", whole="true").json()["results"]
    assert [row["id"] for row in listed] == [whole["id"]]
    alone = api.delete(f"incidents/{whole['id']}/members/{other.pk}").json()
    assert (alone["part_of"], alone["state"]) == (None, "open")
    assert api.delete(f"incidents/{whole['id']}/members/{other.pk}").json() == alone
    api.post(f"incidents/{one.pk}/resolution")
    assert api.get(f"incidents/{whole['id']}").json()["resolution"] == "ended"
    problem_of(api.post(f"incidents/{other.pk}/members", {"incidents": [str(one.pk)]}), 409)
    assert pointers(api.post(f"incidents/{other.pk}/members", {"incidents": [UNKNOWN]})) == ["/incidents"]
    assert pointers(api.post(f"incidents/{other.pk}/members", {})) == ["/incidents"]


def test_a_postmortem_is_drafted_from_facts_and_never_written_over(api: Any, acme: Any) -> None:
    incident = open_incident(acme, make_monitor(api))
    path = f"incidents/{incident.pk}/postmortem"
    api.post(f"incidents/{incident.pk}/notes", {"text": "The disk was full."})

    draft = api.get(path).json()

    assert draft["version"] == 0
    assert all(
        words in draft["text"] for words in ("shop", "answered 503", "Time to detect", "The disk was full.")
    )
    saved = api.put(path, {"text": "Mine.", "version": 0}).json()
    assert (saved["text"], saved["version"], saved["updated_by"]) == ("Mine.", 1, "API key suite")
    assert api.put(path, {"text": "Mine.", "version": 0}).json() == saved
    assert "meanwhile" in problem_of(api.put(path, {"text": "Theirs.", "version": 0}), 409)["detail"]
    assert api.put(path, {"text": "Ours.", "version": 1}).json()["version"] == 2
    assert pointers(api.put(path, {"text": "x"})) == ["/version"]


def test_lists_are_filtered(api: Any, acme: Any) -> None:
    shop = make_monitor(api, name="shop", tags=["prod"])
    first = open_incident(acme, shop)
    second = open_incident(acme, make_monitor(api, name="other"))
    by_hand = api.post(
        "incidents", {"title": "By hand", "monitors": [shop["id"]], "severity": "minor"}
    ).json()
    api.put(f"incidents/{second.pk}/assignee", {"member": "alice@acme.example"})
    alice = api.get(f"incidents/{second.pk}").json()["assignee"]["id"]

    def listed(**query: str) -> list[str]:
        answer = api.get("incidents", **query)
        assert answer.status_code == 200, answer.content
        return [row["title"] for row in answer.json()["results"]]

    assert listed(severity="minor") == ["By hand"]
    assert listed(monitor=shop["id"]) == ["By hand", "shop"]
    assert listed(tag="prod") == ["By hand", "shop"]
    assert listed(assignee=alice) == ["other"]
    assert listed(assignee="nobody") == ["By hand", "shop"]
    assert listed(since="2999-01-01T00:00:00Z") == []
    assert listed(until="2999-01-01T00:00:00Z") == ["By hand", "other", "shop"]
    wrong = api.get("incidents", severity="x", monitor="x", since="x", assignee="x")
    assert pointers(wrong) == ["/severity", "/monitor", "/assignee", "/since"]
    assert {str(first.pk), by_hand["id"]} <= {row["id"] for row in api.get("incidents").json()["results"]}


def test_medians_are_of_what_got_so_far(api: Any, acme: Any) -> None:
    monitors = [make_monitor(api, name=f"m{n}") for n in range(3)]
    incidents = [open_incident(acme, monitor) for monitor in monitors]
    now = timezone.now()
    with in_tenant(acme):
        for place, incident in enumerate(incidents, 1):
            Incident.objects.filter(pk=incident.pk).update(
                started_at=now - timedelta(minutes=10 * place), opened_at=now - timedelta(minutes=9 * place)
            )
        Incident.objects.filter(pk=incidents[0].pk).update(resolved_at=now, resolution="recovered")

    figures = api.get("incidents/figures").json()

    assert (figures["incidents"], figures["acknowledged"], figures["resolved"]) == (3, 0, 1)
    assert figures["median_seconds_to"] == {"detect": 120, "acknowledge": None, "resolve": 600}
    assert api.get("incidents/figures", severity="minor").json()["incidents"] == 0


def test_a_timeline_of_very_many_entries_is_given_from_its_newest_on(api: Any, acme: Any) -> None:
    incident = open_incident(acme, make_monitor(api))
    with in_tenant(acme):
        TimelineEntry.objects.bulk_create(
            TimelineEntry(incident=incident, kind="note", text=str(number)) for number in range(1_500)
        )

    told = [entry["text"] for entry in api.get(f"incidents/{incident.pk}").json()["timeline"]]

    assert told == [str(number) for number in range(500, 1_500)]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"])
def test_figures_of_the_ends_of_time_are_refused(api: Any, moment: str) -> None:
    assert pointers(api.get("incidents/figures", until=moment)) == ["/until"]


def found(organisation: Any, monitor: dict[str, Any]) -> Monitor:
    with in_tenant(organisation):
        return Monitor.objects.get(pk=monitor["id"])
