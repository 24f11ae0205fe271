"""Pages of on-call: who has it, the calendar, the form that works without a script, overrides; and who may do what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import Override, Schedule
from notifications.oncall import planning
from pulse.scoping import in_tenant
from tenants import membership
from tenants.abilities import Role
from tenants.actors import COMMAND_LINE
from tenants.models import Membership
from tests.notifications.oncall.making import layer, member, schedule

HOME = "/o/acme/on-call/"
NOW = datetime(2027, 1, 5, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    """Before anybody signs in: a session of another year would be over."""
    with time_machine.travel(NOW, tick=False):
        yield


def text(answer: Any) -> str:
    return " ".join(str(answer.content.decode()).split())


def typed(*people: Any, **more: str) -> dict[str, Any]:
    """What the form posts for one layer of weekly turns."""
    usual = {
        "name": "Days", "rotation": "weekly", "every": "12", "unit": "hours", "weekday": "0", "handoff": "09:00",
        "start": "2027-01-04", "limited": "all", "begins": "09:00", "ends": "17:00",
    }  # fmt: skip
    fields = {f"layer-0-{name}": value for name, value in (usual | more).items()}
    chosen = [str(getattr(person, "pk", person)) for person in people]
    return {"name": "Primary", "zone": "Europe/Vienna", "layers": "1", "layer-0-people": chosen, **fields}


def only(organisation: Any) -> Schedule:
    with in_tenant(organisation):
        return Schedule.objects.get()


def test_a_schedule_is_made_shown_edited_and_deleted(acme: Any, as_alice: Any, alice: Any, bob: Any) -> None:
    assert "Nobody is on call" in text(as_alice.get(HOME))
    made = as_alice.post(f"{HOME}new/", typed(alice, bob))
    assert made.status_code == 302, text(made)
    page = text(as_alice.get(made["Location"]))

    assert "every week on Monday at 09:00" in page
    assert f"{alice}, then {bob}" in page
    assert f"<strong>{alice}</strong>" in text(as_alice.get(HOME)) or f"<strong>{bob}</strong>" in text(
        as_alice.get(HOME)
    )
    form = text(as_alice.get(f"{made['Location']}edit/"))
    assert form.count(" selected") >= 4
    changed = as_alice.post(
        f"{made['Location']}edit/", typed(bob, limited="chosen") | {"layer-0-days": ["0", "1"]}
    )
    assert changed.status_code == 302, text(changed)
    assert only(acme).layers[0]["hours"] == {"days": [0, 1], "from": "09:00", "to": "17:00"}
    assert as_alice.post(f"{made['Location']}deletion/").status_code == 302
    assert "Nobody is on call" in text(as_alice.get(HOME))


def test_buttons_add_move_and_remove_layers_and_people_and_save_nothing(
    acme: Any, as_alice: Any, alice: Any, bob: Any
) -> None:
    def pressed(button: str, *people: Any) -> str:
        answer = as_alice.post(f"{HOME}new/", typed(*people) | {"press": button})
        assert answer.status_code == 200
        return text(answer)

    assert pressed("add-person:0", alice).count('name="layer-0-people"') == 2
    assert pressed("remove-person:0:0", alice, bob).count('name="layer-0-people"') == 1
    assert 'name="layer-1-rotation"' in pressed("add-layer", alice)
    swapped = pressed("up-person:0:1", alice, bob)
    assert swapped.index(f'value="{bob.pk}" selected') < swapped.index(f'value="{alice.pk}" selected')
    for nonsense in ("", "up-person:9:9", "remove-layer:7", "remove-layer:x", "up-person:0", "bang:0:0:0"):
        as_alice.post(f"{HOME}new/", typed(alice) | {"press": nonsense or "-"})
    with in_tenant(acme):
        assert not Schedule.objects.exists()


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "Give the schedule a name"),
    ({"zone": "Mars/Olympus"}, "Use the name of a time zone"),
    ({"layer-0-people": [""]}, "Choose at least one person"),
    ({"layer-0-handoff": "soon"}, "Write a time of day"),
    ({"layer-0-start": "1066-10-14"}, "Use a day from 2000 on"),
    ({"layer-0-rotation": "custom", "layer-0-every": "none"}, "Use a whole number"),
    ({"layer-0-limited": "chosen"}, "Choose at least one day"),
    ({"layers": "0"}, "a schedule without people pages nobody"),
    ({"layers": "99"}, "Use at most 10 layers"),
]


def test_a_form_that_cannot_be_keeps_what_was_typed_and_says_what_to_change(
    acme: Any, as_alice: Any, alice: Any, charlie: Any
) -> None:
    stranger = ({"layer-0-people": [str(charlie.pk)]}, "nobody of this organisation")
    for changes, words in [*REFUSED, stranger]:
        answer = as_alice.post(f"{HOME}new/", typed(alice) | changes)

        assert answer.status_code == 422, changes
        assert words in text(answer), changes
        assert charlie.email not in text(answer)


def test_what_is_typed_is_shown_before_it_is_saved_with_what_clocks_do(
    acme: Any, as_alice: Any, alice: Any, bob: Any
) -> None:
    page = text(as_alice.post(f"{HOME}draft/", typed(alice, bob, handoff="02:30", rotation="daily")))
    unfinished = text(as_alice.post(f"{HOME}draft/", typed()))

    assert f"{alice}</span>" in page
    assert "clocks jump over 02:30" in page
    assert "clocks show 02:30 twice" in page
    assert "once each layer has its people" in unfinished


def test_week_and_month_show_layers_overrides_and_gaps_in_words(
    acme: Any, as_alice: Any, alice: Any, bob: Any
) -> None:
    hours = {"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "17:00"}
    one = schedule(acme, layer(alice, name="Days", hours=hours))
    as_alice.post(
        f"{HOME}{one.pk}/overrides/",
        {"person": str(bob.pk), "starts_at": "2027-01-06T10:00", "ends_at": "2027-01-06T12:00"},
    )
    week = text(as_alice.get(f"{HOME}{one.pk}/"))
    month = text(as_alice.get(f"{HOME}{one.pk}/?view=month"))
    part = as_alice.get(f"{HOME}{one.pk}/calendar/?view=month&day=2027-02-01")

    assert "4 Jan to 10 Jan 2027" in week
    assert 'data-kind="gap"' in week
    assert "a gap: nobody is paged" in week
    assert "an override" in week
    assert "The next gap is" in week
    assert "January 2027" in month
    assert "10:00 to 12:00" in month
    assert "February 2027" in text(part)
    assert as_alice.get(f"{HOME}{one.pk}/?day=9999-99-99").status_code == 200


def test_overrides_are_on_the_readers_clocks_and_in_the_past_refused(
    acme: Any, as_alice: Any, alice: Any, bob: Any
) -> None:
    as_alice.cookies["zone"] = "Asia/Tokyo"
    one = schedule(acme, layer(alice))
    page = f"{HOME}{one.pk}/overrides/"
    wanted = {"person": str(bob.pk), "starts_at": "2027-01-06T10:00", "ends_at": "2027-01-06T12:00"}
    past = as_alice.post(page, wanted | {"starts_at": "2027-01-01T10:00", "ends_at": "2027-01-01T12:00"})
    backwards = as_alice.post(page, wanted | {"ends_at": "2027-01-06T09:00"})
    nonsense = as_alice.post(page, wanted | {"ends_at": "later"})
    assert as_alice.post(page, wanted).status_code == 302

    assert past.status_code == backwards.status_code == nonsense.status_code == 422
    assert "It is over already" in text(past)
    assert "Use an end after the start" in text(backwards)
    assert "Write a date and time" in text(nonsense)
    with in_tenant(acme):
        made = Override.objects.get()
    assert made.starts_at == datetime(2027, 1, 6, 1, 0, tzinfo=UTC)
    assert as_alice.post(f"{page}{made.pk}/removal/").status_code == 302
    with in_tenant(acme):
        assert not Override.objects.exists()


def test_an_override_under_way_ends_now_and_its_past_stays(
    acme: Any, as_alice: Any, alice: Any, bob: Any
) -> None:
    one = schedule(acme, layer(alice))
    wanted = {"person": str(bob.pk), "starts_at": "2027-01-05T12:00", "ends_at": "2027-01-06T12:00"}
    assert as_alice.post(f"{HOME}{one.pk}/overrides/", wanted).status_code == 302
    with in_tenant(acme):
        made = Override.objects.get()
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        as_alice.post(f"{HOME}{one.pk}/overrides/{made.pk}/removal/")
    with in_tenant(acme):
        made.refresh_from_db()

    assert made.ends_at == NOW + timedelta(hours=2)


def test_who_would_be_on_call_is_answered_for_any_time(
    acme: Any, as_alice: Any, alice: Any, bob: Any
) -> None:
    one = schedule(acme, layer(alice, bob))
    page = f"{HOME}{one.pk}/who/"

    assert str(bob) in text(as_alice.get(page, {"at": "2027-01-05T10:00"}))
    assert str(alice) in text(as_alice.get(page, {"at": "2027-01-06T10:00"}))
    assert "Nobody" in text(as_alice.get(page, {"at": "2026-01-06T10:00"}))
    assert "Write a date and time" in text(as_alice.get(page, {"at": "soon"}))
    part = as_alice.get(page, {"at": "2027-01-05T10:00"}, headers={"HX-Request": "true"})
    assert "<h1>" not in text(part)
    assert "<h1>Primary</h1>" in text(as_alice.get(page, {"at": "2027-01-05T10:00"}))  # without a script


def test_who_left_is_said_and_may_stay_in_the_form_while_others_are_changed(
    acme: Any, as_alice: Any, alice: Any
) -> None:
    dana = member(acme, "dana@acme.example", "Dana")
    one = schedule(acme, layer(dana, alice))
    membership.remove(Membership.objects.get(user=dana), COMMAND_LINE)

    assert "Dana is no longer a member" in text(as_alice.get(HOME))
    assert "Dana is no longer a member" in text(as_alice.get(f"{HOME}{one.pk}/"))
    assert "left" in text(as_alice.get(f"{HOME}{one.pk}/edit/"))
    assert str(alice) in text(as_alice.post(f"{HOME}{one.pk}/edit/draft/", typed(dana, alice)))
    assert as_alice.post(f"{HOME}{one.pk}/edit/", typed(dana, alice)).status_code == 302


def test_the_first_page_tells_a_person_until_when_they_are_on_call(
    acme: Any, as_alice: Any, as_bob: Any, alice: Any
) -> None:
    now = timezone.now()
    schedule(acme, layer(alice, start=(now - timedelta(days=3)).date().isoformat()))

    assert "oncall" not in text(as_bob.get(f"{HOME}duty/"))
    assert "You are on call" in text(as_alice.get(f"{HOME}duty/"))
    assert f'hx-get="{HOME}duty/"' in text(as_alice.get("/o/acme/"))


def test_operators_take_over_admins_edit_viewers_look_and_strangers_find_nothing(
    acme: Any, as_bob: Any, as_charlie: Any, bob: Any, alice: Any
) -> None:
    one = schedule(acme, layer(alice))
    wanted = {"person": str(bob.pk), "starts_at": "2027-01-06T10:00", "ends_at": "2027-01-06T12:00"}
    assert as_bob.get(f"{HOME}{one.pk}/").status_code == 200
    assert as_bob.post(f"{HOME}{one.pk}/overrides/", wanted).status_code == 403
    assert as_bob.post(f"{HOME}new/", typed(alice)).status_code == 403
    membership.add(acme, bob, Role.OPERATOR, COMMAND_LINE)
    assert as_bob.post(f"{HOME}{one.pk}/overrides/", wanted).status_code == 302
    assert as_bob.post(f"{HOME}{one.pk}/deletion/").status_code == 403
    for page in ("", f"{one.pk}/", f"{one.pk}/calendar/", f"{one.pk}/who/?at=2027-01-06T10:00"):
        assert as_charlie.get(f"{HOME}{page}").status_code == 404
        assert as_charlie.get(f"/o/globex/on-call/{page}").status_code == (404 if page else 200)


def test_there_are_only_as_many_schedules_and_overrides_as_a_page_can_work_out(
    acme: Any, as_alice: Any, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "SCHEDULES_AT_MOST", 1)
    monkeypatch.setattr(planning, "OVERRIDES_AT_MOST", 1)
    one = schedule(acme, layer(alice))
    wanted = {"person": str(alice.pk), "starts_at": "2027-01-06T10:00", "ends_at": "2027-01-06T12:00"}

    assert "Delete a schedule first" in text(as_alice.post(f"{HOME}new/", typed(alice)))
    assert as_alice.post(f"{HOME}{one.pk}/overrides/", wanted).status_code == 302
    assert "Remove some overrides first" in text(as_alice.post(f"{HOME}{one.pk}/overrides/", wanted))


def test_pages_cost_as_many_queries_for_many_schedules_as_for_one(
    acme: Any, as_alice: Any, alice: Any, bob: Any
) -> None:
    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert as_alice.get(path).status_code == 200
        return sum(
            not query["sql"].startswith(("SET", "SELECT set_config")) for query in queries.captured_queries
        )

    one = schedule(acme, layer(alice, bob))
    paths = (HOME, f"{HOME}now/", f"{HOME}duty/", f"{HOME}{one.pk}/", f"{HOME}{one.pk}/?view=month")
    before = [cost(path) for path in paths]
    for number in range(5):
        schedule(acme, layer(alice), layer(bob), name=str(number))

    assert [cost(path) for path in paths] == before
    assert max(before) < 30
