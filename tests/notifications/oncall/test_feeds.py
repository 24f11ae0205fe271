"""Calendars behind secret addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import time_machine
from django.test import Client
from icalendar import Calendar

from notifications.oncall import feeding
from pulse.scoping import in_tenant
from tenants import membership
from tenants.actors import COMMAND_LINE
from tenants.models import Handle, Membership, Organisation
from tests.notifications.oncall.making import layer, member, schedule

NOW = datetime(2027, 1, 5, 12, 0, tzinfo=UTC)


def path(address: str) -> str:
    return urlsplit(address).path


def events(answer: Any) -> list[Any]:
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


def test_a_schedule_is_read_by_its_address_until_that_is_changed(acme: Any, alice: Any, bob: Any) -> None:
    one, client = schedule(acme, layer(alice, bob)), Client()
    with in_tenant(acme):
        address = feeding.make(acme, one, COMMAND_LINE)
    with time_machine.travel(NOW, tick=False):
        answer = client.get(path(address))

    found = events(answer)
    assert answer["Content-Type"].startswith("text/calendar")
    assert answer["Cache-Control"] == "private, max-age=900"
    assert str(found[1]["summary"]) == f"{alice}: Primary"
    assert found[1]["dtstart"].dt == datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
    assert str(found[0]["summary"]) == "Nobody is on call: Primary"  # before its first day
    assert len({str(event["uid"]) for event in found}) == len(found)
    with time_machine.travel(NOW, tick=False):
        assert client.get(path(address), headers={"If-None-Match": answer["ETag"]}).status_code == 304
    with in_tenant(acme):
        newer = feeding.make(acme, one, COMMAND_LINE)
    assert client.get(path(address)).status_code == 404
    assert client.get(path(newer)).status_code == 200
    with in_tenant(acme):
        feeding.revoke(acme, one, COMMAND_LINE)
    assert client.get(path(newer)).status_code == client.get("/on-call/guess.ics").status_code == 404


def test_the_address_is_kept_as_a_hash_only(acme: Any, alice: Any) -> None:
    one = schedule(acme, layer(alice))
    with in_tenant(acme):
        token = path(feeding.make(acme, one, COMMAND_LINE)).removeprefix("/on-call/").removesuffix(".ics")
        one.refresh_from_db()

    assert token not in (one.feed_hash, *Handle.objects.values_list("key", flat=True))


def test_a_person_reads_their_own_shifts_alone_and_only_as_a_member(acme: Any, alice: Any) -> None:
    dana = member(acme, "dana@acme.example", "Dana")
    schedule(acme, layer(alice, dana))
    with in_tenant(acme):
        address = feeding.make_own(acme, dana)
    with time_machine.travel(NOW, tick=False):
        found = events(Client().get(path(address)))

    assert {str(event["summary"]) for event in found} == {"On call: Primary"}
    assert found[0]["dtstart"].dt == datetime(2027, 1, 5, 9, 0, tzinfo=UTC)
    membership.remove(Membership.objects.get(user=dana), COMMAND_LINE)
    assert Client().get(path(address)).status_code == 404


def test_an_organisation_that_is_suspended_shows_nothing(acme: Any, alice: Any) -> None:
    one = schedule(acme, layer(alice))
    with in_tenant(acme):
        address = feeding.make(acme, one, COMMAND_LINE)
    Organisation.objects.filter(pk=acme.pk).update(state=Organisation.State.SUSPENDED)

    assert Client().get(path(address)).status_code == 404


def test_pages_make_and_stop_addresses_and_show_them_once(
    acme: Any, alice: Any, as_alice: Any, as_bob: Any, as_charlie: Any
) -> None:
    one = schedule(acme, layer(alice))
    page = f"/o/acme/on-call/{one.pk}/"
    made = as_alice.post(f"{page}feed/").content.decode()

    assert "Copy the address now" in made
    assert ".ics" in made
    assert ".ics" not in as_alice.get(page).content.decode()
    assert as_bob.post(f"{page}feed/").status_code == 403
    assert as_charlie.post(f"{page}feed/").status_code == 404
    assert as_alice.post(f"{page}feed/", {"revoke": "1"}).status_code == 302
    own = as_alice.post("/o/acme/on-call/shifts-feed/").content.decode()
    assert ".ics" in own
    assert as_alice.post("/o/acme/on-call/shifts-feed/", {"revoke": "1"}).status_code == 302
    assert not Handle.objects.filter(kind__in=(feeding.SCHEDULE, feeding.PERSON)).exists()
