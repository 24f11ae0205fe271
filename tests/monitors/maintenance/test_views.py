"""Pages of maintenance: calendar, form, one window, and who may do what."""

from __future__ import annotations

from datetime import date, timedelta
from threading import Thread
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from monitors.maintenance.model import MaintenanceWindow
from monitors.suppression.reading import covering
from pulse.scoping import in_tenant
from tenants.abilities import Role
from tests.monitors.making import make
from tests.monitors.suppression.scene import let_pass, window
from tests.monitors.test_busy_rows import waiting_for_locks
from tests.receivers import wait_until

HOME = "/o/acme/maintenance/"
WEEKLY = {
    "name": "Patches", "repeat": "weekly", "start": "2027-01-03T02:00", "end": "", "lasts": "2 h",
    "zone": "Europe/Vienna", "weekdays": ["SU", "WE"], "every": "1", "until": "", "rule": "", "scope": "all",
    "tags": "", "notes": "",
}  # fmt: skip


def text(answer: Any) -> str:
    return str(answer.content.decode())


def only(organisation: Any) -> MaintenanceWindow:
    with in_tenant(organisation):
        return MaintenanceWindow.objects.get()


def test_a_window_is_planned_shown_edited_and_deleted(acme: Any, as_alice: Any) -> None:
    assert "No maintenance is planned" in text(as_alice.get(HOME))
    made = as_alice.post(f"{HOME}new/", WEEKLY)
    assert made.status_code == 302, text(made)
    planned = only(acme)
    assert planned.rule == "FREQ=WEEKLY;BYDAY=SU,WE"

    page = text(as_alice.get(made["Location"]))
    assert "Every week on Sunday and Wednesday, 02:00 to 04:00 Europe/Vienna" in page
    assert "The next ten" in page
    assert "Europe/Vienna" in page
    assert "UTC" in page
    form = text(as_alice.get(f"{HOME}{planned.pk}/edit/"))
    assert 'value="SU"' in form
    assert 'value="2 h"' in form
    changed = as_alice.post(f"{HOME}{planned.pk}/edit/", WEEKLY | {"repeat": "custom", "rule": "FREQ=DAILY"})
    assert changed.status_code == 302
    assert only(acme).rule == "FREQ=DAILY"
    assert as_alice.post(f"{HOME}{planned.pk}/deletion/").status_code == 302
    assert "No maintenance is planned" in text(as_alice.get(HOME))


REFUSED = [
    ({"name": ""}, "Give the window a name"),
    ({"lasts": "7 d"}, "Shorten it to"),
    ({"lasts": "long"}, "Use a whole number of minutes"),
    ({"repeat": "once", "end": "2027-01-03T01:00"}, "at least a minute after the start"),
    ({"repeat": "custom", "rule": "FREQ=SECONDLY"}, "Use HOURLY or slower"),
    ({"repeat": "custom", "rule": ""}, "NAME=VALUE"),
    ({"until": "2026-01-01"}, "UNTIL lies before its start"),
    ({"scope": "chosen"}, "Choose monitors or tags, or everything"),
    ({"every": "x"}, "for INTERVAL"),
]


def test_a_form_that_cannot_be_keeps_what_was_typed_and_says_what_to_change(acme: Any, as_alice: Any) -> None:
    for changes, words in REFUSED:
        answer = as_alice.post(f"{HOME}new/", WEEKLY | changes)

        assert answer.status_code == 422
        assert words in text(answer)
        assert "Europe/Vienna" in text(answer)


def test_the_next_ten_are_shown_while_typing_on_three_clocks(acme: Any, as_alice: Any) -> None:
    as_alice.cookies["zone"] = "America/New_York"
    year = timezone.now().year + 1
    spring = max(day for day in (date(year, 3, number) for number in range(25, 32)) if day.weekday() == 6)
    before = spring - timedelta(days=1)
    values = WEEKLY | {"start": f"{before}T02:30", "repeat": "daily"}
    page = text(as_alice.get(f"{HOME}draft/", values))

    assert page.count("<tr>") == 11
    assert f"{spring:%a %d %b %Y} 03:00" in page
    assert "Clocks jump over 02:30 on this day" in page
    assert f"{before:%a %d %b %Y} 21:00" in page  # New York
    assert f"{spring:%a %d %b %Y} 01:00" in page  # UTC
    assert "Use HOURLY" in text(
        as_alice.get(f"{HOME}draft/", values | {"repeat": "custom", "rule": "FREQ=SECONDLY"})
    )


def test_a_person_chooses_a_time_zone_and_else_the_browser_says_it(acme: Any, as_alice: Any) -> None:
    as_alice.cookies["zone"] = "Asia/Tokyo"
    assert "Asia/Tokyo" in text(as_alice.get(HOME))
    as_alice.cookies["zone"] = "Not/A<Zone"
    assert "clocks of UTC" in text(as_alice.get(HOME))

    refused = as_alice.post("/time-zone/", {"time_zone": "Mars/Olympus"})
    assert refused.status_code == 422
    saved = as_alice.post("/time-zone/", {"time_zone": "Europe/Riga", "next": "https://evil.example/"})
    assert saved["Location"] == "/"
    assert "clocks of Europe/Riga" in text(as_alice.get(HOME))


def test_maintenance_starts_at_once_for_a_monitor_or_for_all(acme: Any, as_alice: Any) -> None:
    shop, mail = make(acme, "shop"), make(acme, "mail")
    answer = as_alice.post(f"{HOME}now/", {"monitor": str(shop.pk), "minutes": "30", "name": ""})
    assert answer["Location"] == f"/o/acme/monitors/{shop.pk}/"
    with in_tenant(acme):
        assert set(covering(None, timezone.now())) == {shop.no}

    page = text(as_alice.get(f"/o/acme/monitors/{shop.pk}/"))
    assert "In maintenance until" in page
    as_alice.post(f"{HOME}now/", {"monitor": "", "minutes": "30", "name": "Move"})
    with in_tenant(acme):
        assert set(covering(None, timezone.now())) == {shop.no, mail.no}
    assert as_alice.post(f"{HOME}now/", {"monitor": "", "minutes": "-5"}).status_code == 302
    assert as_alice.post(f"{HOME}now/", {"monitor": str(uuid4()), "minutes": "30"}).status_code == 404
    assert as_alice.post(f"{HOME}now/", {"monitor": "x", "minutes": "30"}).status_code == 404


def test_what_is_under_way_can_be_extended_ended_paused_and_the_next_left_out(
    acme: Any, as_alice: Any
) -> None:
    shop = make(acme)
    running = window(acme, rule="FREQ=DAILY", monitors=[str(shop.pk)])
    page = f"{HOME}{running.pk}/"
    assert "Under way, ends" in text(as_alice.get(page))

    as_alice.post(f"{page}extension/", {"minutes": "120"})
    with in_tenant(acme):
        ends = covering([shop.no], timezone.now())[shop.no].until
    assert ends is not None
    assert ends - timezone.now() > timedelta(minutes=170)
    as_alice.post(f"{page}skip/")
    assert "left out" in text(as_alice.get(page))
    as_alice.post(f"{page}end/")
    assert "It is not under way" in text(as_alice.post(f"{page}end/", follow=True))
    assert "Begins" in text(as_alice.get(page))
    as_alice.post(f"{page}pause/")
    assert "paused it" in text(as_alice.get(page))
    as_alice.post(f"{page}pause/", {"resume": "1"})
    with in_tenant(acme):
        assert covering([shop.no], timezone.now())  # its time is still now


def test_the_calendar_shows_a_month_and_follows_links_to_others(acme: Any, as_alice: Any) -> None:
    window(acme, rule="FREQ=DAILY", name="Nightly")
    assert "Nightly" in text(as_alice.get(HOME))  # of this month little may be left
    coming = timezone.now().replace(day=1) + timedelta(days=32)
    assert text(as_alice.get(f"{HOME}?month={coming:%Y-%m}")).count("Nightly") > 25
    assert "March 2027" in text(as_alice.get(f"{HOME}?month=2027-03"))
    for odd in ("2027-13", "9999-01", "x", "%00"):
        assert as_alice.get(f"{HOME}?month={odd}").status_code == 200


def test_viewers_see_and_operators_plan_but_only_admins_cover_everything(
    acme: Any, as_alice: Any, as_bob: Any, bob: Any
) -> None:
    shop = make(acme)
    everything = window(acme, name="All of it")
    assert as_bob.get(HOME).status_code == 200
    assert as_bob.get(f"{HOME}{everything.pk}/").status_code == 200
    assert as_bob.get(f"{HOME}new/").status_code == 403
    assert as_bob.post(f"{HOME}now/", {"minutes": "30"}).status_code == 403

    bob.memberships.update(role=Role.OPERATOR)
    chosen = {**WEEKLY, "scope": "chosen", "monitors": [str(shop.pk)]}
    assert as_bob.post(f"{HOME}new/", WEEKLY).status_code == 422
    assert as_bob.post(f"{HOME}new/", chosen).status_code == 302
    assert as_bob.post(f"{HOME}now/", {"minutes": "30"}).status_code == 403
    for verb in ("edit", "end", "extension", "skip", "pause", "deletion"):
        assert as_bob.post(f"{HOME}{everything.pk}/{verb}/", chosen).status_code == 403


def test_a_stranger_sees_nothing_of_it(acme: Any, as_charlie: Any) -> None:
    planned = window(acme)
    unknown = as_charlie.get(f"/o/globex/maintenance/{uuid4()}/")
    foreign = as_charlie.get(f"/o/globex/maintenance/{planned.pk}/")

    assert as_charlie.get(f"{HOME}{planned.pk}/").status_code == 404
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert "Upgrade" not in text(as_charlie.get("/o/globex/maintenance/"))


def test_what_is_over_moves_out_of_the_way(acme: Any, as_alice: Any) -> None:
    window(acme, name="Done")
    running = text(as_alice.get(HOME))
    assert "Under way" in running
    assert "<h2>Over</h2>" not in running
    let_pass(acme, 61)
    with in_tenant(acme):
        MaintenanceWindow.objects.update(start_date="2026-01-01")

    assert "<h2>Over</h2>" in text(as_alice.get(HOME))


def test_of_two_who_delete_a_window_at_once_the_second_finds_nothing(acme: Any, as_alice: Any) -> None:
    running = window(acme)
    answers: list[int] = []

    def delete() -> None:
        answers.append(as_alice.post(f"/o/acme/maintenance/{running.pk}/deletion/").status_code)
        connection.close()

    both = [Thread(target=delete), Thread(target=delete)]
    with in_tenant(acme), transaction.atomic():
        MaintenanceWindow.objects.select_for_update().get(pk=running.pk)
        for each in both:
            each.start()
        wait_until(lambda: waiting_for_locks() == 2, 10, "both to wait")
    for each in both:
        each.join(10)

    assert sorted(answers) == [302, 404]
