"""`/v1/incidents`: listed, read and acknowledged by a script."""

from __future__ import annotations

from typing import Any

from tests.api.making import make_monitor, open_incident


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
