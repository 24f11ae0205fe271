"""Pages of incidents: what is open, what happened, and who has it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from incidents import ending, lifecycle
from incidents.models import Incident
from monitors.facts import MonitorChangedStatus
from monitors.telemetry.models import Status
from pulse.scoping import in_tenant
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, step

UNKNOWN = UUID("01900000-0000-7000-8000-000000000000")


def open_one(organisation: Any, name: str = "shop", minutes: int = 14) -> Incident:
    monitor = make(organisation, name)
    began = timezone.now() - timedelta(minutes=minutes)
    outage = MonitorChangedStatus(monitor.no, Status.UP, Status.DOWN, began, timezone.now(), "answered 503")
    with in_tenant(organisation), transaction.atomic():
        return lifecycle.open_for([outage])[0]


def resolve(organisation: Any, incident: Incident) -> None:
    now = timezone.now()
    recovery = MonitorChangedStatus(
        incident.monitor_no or 0, Status.DOWN, Status.UP, now, now, "answered 200"
    )
    with in_tenant(organisation), transaction.atomic():
        ending.resolve_for([recovery])


def stored(organisation: Any, incident: Incident) -> Incident:
    with in_tenant(organisation):
        return Incident.objects.get(pk=incident.pk)


def names_in(answer: Any) -> list[str]:
    return re.findall(r'class="table__name"\s+href="[^"]*">([^<]*)<', answer.content.decode())


@pytest.mark.parametrize("path", ["", "open/", "resolved/", f"{UNKNOWN}/", f"monitor/{UNKNOWN}/"])
def test_a_stranger_gets_what_an_unknown_organisation_gives(acme: Any, as_charlie: Any, path: str) -> None:
    unknown = as_charlie.get(f"/o/nobody/incidents/{path}")
    foreign = as_charlie.get(f"/o/acme/incidents/{path}")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)


@pytest.mark.parametrize("part", ["", "story/"])
def test_a_foreign_incident_is_an_unknown_one(acme: Any, globex: Any, as_charlie: Any, part: str) -> None:
    incident = open_one(acme)

    unknown = as_charlie.get(f"/o/globex/incidents/{UNKNOWN}/{part}")
    foreign = as_charlie.get(f"/o/globex/incidents/{incident.pk}/{part}")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert as_charlie.post(f"/o/globex/incidents/{incident.pk}/acknowledgement/").status_code == 404
    assert stored(acme, incident).acknowledged_at is None


def test_a_viewer_sees_but_may_not_acknowledge(acme: Any, as_bob: Any) -> None:
    incident = open_one(acme)

    page = as_bob.get(f"/o/acme/incidents/{incident.pk}/")

    assert "Nobody has it yet." in page.content.decode()
    assert "Acknowledge</button>" not in page.content.decode()
    assert as_bob.post(f"/o/acme/incidents/{incident.pk}/acknowledgement/").status_code == 403
    assert stored(acme, incident).acknowledged_at is None


def test_acknowledging_says_who_has_it_once(acme: Any, as_alice: Any) -> None:
    incident = open_one(acme)
    path = f"/o/acme/incidents/{incident.pk}/acknowledgement/"

    first = as_alice.post(path, follow=True).content.decode()
    as_alice.post(path)

    assert "You have it. Everybody sees that." in first
    assert first.count("alice@acme.example acknowledged.") == 1
    with in_tenant(acme):
        assert incident.timeline.filter(kind="acknowledged").count() == 1


def test_who_is_nobody_that_could_be_stored_is_not_found(acme: Any, as_alice: Any) -> None:
    path = f"/o/acme/incidents/{open_one(acme).pk}/assignee/"

    answer = as_alice.post(path, {"assignee": "bob\x00"}, follow=True)

    assert "Name a member of this organisation" in answer.content.decode()


def test_acknowledging_what_is_over_says_so(acme: Any, as_alice: Any) -> None:
    incident = open_one(acme)
    resolve(acme, incident)

    answer = as_alice.post(f"/o/acme/incidents/{incident.pk}/acknowledgement/", follow=True)

    assert "It was over before you took it." in answer.content.decode()


def test_open_ones_come_first_and_oldest_first(acme: Any, as_alice: Any) -> None:
    done = open_one(acme, "done")
    resolve(acme, done)
    open_one(acme, "young", minutes=2)
    open_one(acme, "old", minutes=60)

    assert names_in(as_alice.get("/o/acme/incidents/")) == ["old", "young", "done"]
    assert names_in(as_alice.get("/o/acme/incidents/", {"state": "resolved"})) == ["done"]
    assert names_in(as_alice.get("/o/acme/incidents/", {"state": "acknowledged"})) == []
    assert names_in(as_alice.get("/o/acme/incidents/", {"monitor": done.monitor_id})) == ["done"]
    assert names_in(as_alice.get("/o/acme/"))[:2] == ["old", "young"]


def test_resolved_ones_page_older_and_newer(acme: Any, as_alice: Any) -> None:
    for place in range(52):
        resolve(acme, open_one(acme, f"m{place:02}"))

    first = as_alice.get("/o/acme/incidents/")
    older = as_alice.get(first.context["page"].older)
    newer = as_alice.get(older.context["page"].newer)

    assert len(names_in(first)) == 50
    assert first.context["page"].newer == ""
    assert names_in(older) == ["m01", "m00"]
    assert older.context["page"].older == ""
    assert names_in(newer) == names_in(first)


@pytest.mark.parametrize("query", ["state=nonsense", "before=x", "after=1", "monitor=%00"])
def test_nonsense_in_the_address_is_left_out(acme: Any, as_alice: Any, query: str) -> None:
    open_one(acme)

    assert names_in(as_alice.get(f"/o/acme/incidents/?{query}")) == ["shop"]


def test_queries_do_not_grow_with_the_rows(acme: Any, as_alice: Any) -> None:
    from tests.monitors.test_listing import queries_for

    open_one(acme)
    few = len(queries_for(as_alice, "/o/acme/incidents/"))
    for place in range(12):
        open_one(acme, f"m{place}")
        resolve(acme, open_one(acme, f"r{place}"))

    assert len(queries_for(as_alice, "/o/acme/incidents/")) == few


def test_the_first_page_shows_the_oldest_and_leads_to_all(acme: Any, as_alice: Any) -> None:
    for place in range(12):
        open_one(acme, f"m{place:02}", minutes=60 - place)

    page = as_alice.get("/o/acme/incidents/oldest/")

    assert names_in(page) == [f"m{place:02}" for place in range(10)]
    assert "All 12 open incidents" in page.content.decode()
    assert len(names_in(as_alice.get("/o/acme/incidents/open/?state=open"))) == 12


def test_the_timeline_tells_what_checks_found_and_shows_each_sort_alone(acme: Any, as_alice: Any) -> None:
    monitor = make(acme, "shop", policy={"down_after": 2, "up_after": 1})
    for outcome in (GOOD, BAD, BAD):
        step(monitor, outcome)
    with in_tenant(acme):
        incident = Incident.objects.get()
    as_alice.post(f"/o/acme/incidents/{incident.pk}/notes/", {"text": "first\nsecond"})

    def shown(sort: str) -> str:
        return str(as_alice.get(f"/o/acme/incidents/{incident.pk}/", {"show": sort}).content.decode())

    assert "Failure 1 of 2 in a row" in shown("")
    assert "Failure 1 of 2 in a row" in shown("decisions")
    assert "Confirmed down" not in shown("decisions")
    assert "Failure 1 of 2 in a row" not in shown("notes")
    assert "first\nsecond" in shown("notes")
    assert 'id="decision-' in shown("")


def test_two_who_edit_at_once_and_two_who_write_the_postmortem(acme: Any, as_alice: Any) -> None:
    incident = open_one(acme)
    edit, text = f"/o/acme/incidents/{incident.pk}/edit/", f"/o/acme/incidents/{incident.pk}/postmortem/"
    typed = {"severity": "minor", "public_state": "investigating", "version": "1", "impact": "", "title": ""}
    assert as_alice.post(edit, typed).status_code == 302
    late = as_alice.post(edit, typed | {"severity": "critical"})
    assert late.status_code == 422
    assert "Somebody else edited it meanwhile" in late.content.decode()
    assert stored(acme, incident).severity == "minor"

    assert "Time to detect" in as_alice.get(text).content.decode()
    assert as_alice.post(text, {"text": "Hers.", "version": "0"}).status_code == 302
    late = as_alice.post(text, {"text": "His.", "version": "0"})
    assert late.status_code == 422
    assert all(words in late.content.decode() for words in ("Hers.", "His.", "meanwhile"))
    assert as_alice.post(text, {"text": "Both.", "version": "1"}).status_code == 302


def test_lists_are_filtered_and_counted(acme: Any, as_alice: Any) -> None:
    minor, _ = open_one(acme, "minor"), open_one(acme, "other")
    with in_tenant(acme):
        Incident.objects.filter(pk=minor.pk).update(severity="minor")

    page = as_alice.get("/o/acme/incidents/", {"severity": "minor", "who": "nobody", "days": "7"})

    assert names_in(page) == ["minor"]
    assert "Open 1" in page.content.decode()
    assert names_in(as_alice.get("/o/acme/incidents/", {"tag": "none"})) == []


def test_one_that_a_person_opened_about_nothing_says_so(acme: Any, as_alice: Any) -> None:
    as_alice.post("/o/acme/incidents/new/", {"title": "checkout is slow", "severity": "major"})
    with in_tenant(acme):
        incident = Incident.objects.get()

    page = as_alice.get(f"/o/acme/incidents/{incident.pk}/").content.decode()
    assert "It was opened about no monitor in particular." in page
    assert "by a person" in page
