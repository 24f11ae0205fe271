"""Pages of monitors: who may see them, who may change what, and what a stranger gets."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from monitors.availability.reading import first_day
from monitors.models import Monitor
from monitors.telemetry.models import Status
from pulse.scoping import in_tenant
from tests.monitors.making import make, put, result

UNKNOWN = UUID("01900000-0000-7000-8000-000000000000")
GOOD = {
    "name": "Shop", "target": "http://127.0.0.1:9/", "interval_seconds": "30", "timeout_seconds": "5", "method": "GET",
    "expected_status": "200-399", "response_time_limit_ms": "", "down_after": "3", "up_after": "2", "enabled": "on",
}  # fmt: skip
PARTS = ("", "state/", "figures/", "results/")
VERBS = ("pause/", "snooze/", "check/", "deletion/")


def stored(organisation: Any, monitor: Monitor) -> Monitor:
    with in_tenant(organisation):
        return Monitor.objects.get(pk=monitor.pk)


@pytest.mark.parametrize("path", ["", "new/", "table/", "filters/", "summary/"])
def test_a_stranger_gets_what_an_unknown_organisation_gives(acme: Any, as_charlie: Any, path: str) -> None:
    unknown = as_charlie.get(f"/o/nobody/monitors/{path}")
    foreign = as_charlie.get(f"/o/acme/monitors/{path}")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)


@pytest.mark.parametrize("part", [*PARTS, "edit/"])
def test_a_foreign_monitor_is_an_unknown_one(acme: Any, globex: Any, as_charlie: Any, part: str) -> None:
    monitor = make(acme)

    unknown = as_charlie.get(f"/o/globex/monitors/{UNKNOWN}/{part}")
    foreign = as_charlie.get(f"/o/globex/monitors/{monitor.pk}/{part}")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)


@pytest.mark.parametrize("verb", VERBS)
def test_a_stranger_changes_nothing(acme: Any, globex: Any, as_charlie: Any, verb: str) -> None:
    monitor = make(acme)

    assert as_charlie.post(f"/o/globex/monitors/{monitor.pk}/{verb}").status_code == 404
    assert as_charlie.post(f"/o/acme/monitors/{monitor.pk}/{verb}").status_code == 404
    assert stored(acme, monitor).enabled


def test_a_viewer_sees_but_may_not_touch(acme: Any, as_bob: Any) -> None:
    monitor = make(acme)
    page = f"/o/acme/monitors/{monitor.pk}/"

    for part in PARTS:
        assert as_bob.get(page + part).status_code == 200
    for verb in VERBS:
        assert as_bob.post(page + verb).status_code == 403
    assert as_bob.post("/o/acme/monitors/new/", GOOD).status_code == 403
    assert as_bob.get(page + "edit/").status_code == 403
    content = as_bob.get(page).content.decode()
    for word in ("Check now", "Pause", "Delete", "Edit"):
        assert f">{word}</" not in content


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_are_posted(acme: Any, as_alice: Any, verb: str) -> None:
    assert as_alice.get(f"/o/acme/monitors/{make(acme).pk}/{verb}").status_code == 405


def test_a_new_monitor_is_saved_and_shown(acme: Any, as_alice: Any) -> None:
    answer = as_alice.post("/o/acme/monitors/new/", GOOD, follow=True)

    with in_tenant(acme):
        monitor = Monitor.objects.get(name="Shop")
    assert answer.redirect_chain == [(f"/o/acme/monitors/{monitor.pk}/", 302)]
    assert monitor.created_by == "alice@acme.example"
    assert "Waiting for its first check" in answer.content.decode()


def test_an_edit_is_saved(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)

    answer = as_alice.post(f"/o/acme/monitors/{monitor.pk}/edit/", GOOD | {"interval_seconds": "45"})

    assert answer.status_code == 302
    assert stored(acme, monitor).interval_seconds == 45


def test_an_edit_takes_nothing_back_that_somebody_else_changed_meanwhile(
    acme: Any, as_alice: Any, api: Any
) -> None:
    monitor = make(acme)
    page = f"/o/acme/monitors/{monitor.pk}/edit/"
    posted = {**GOOD, "notes": "mine", "version": as_alice.get(page).context["form"].version}
    api.patch(f"monitors/{monitor.pk}", {"enabled": False})

    refused = as_alice.post(page, posted)
    wrong = as_alice.post(page, posted | {"interval_seconds": "1"})
    between = api.get(f"monitors/{monitor.pk}").json()
    confirmed = as_alice.post(page, posted | {"version": refused.context["form"].version})

    assert refused.status_code == 422
    assert "This monitor was changed elsewhere" in refused.content.decode()
    assert refused.context["form"]["notes"].value() == "mine"
    assert (
        wrong.context["form"].version == posted["version"]
    )  # who is told of something else first still hears of it
    assert (between["enabled"], between["notes"]) == (False, "")
    assert confirmed.status_code == 302
    assert api.get(f"monitors/{monitor.pk}").json()["notes"] == "mine"


def test_pause_and_resume(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)
    page = f"/o/acme/monitors/{monitor.pk}/"

    paused = as_alice.post(page + "pause/", follow=True).content.decode()
    assert "Nobody checks it" in paused
    assert not stored(acme, monitor).enabled

    as_alice.post(page + "pause/", {"resume": "1"})
    assert stored(acme, monitor).enabled


def test_snooze_and_its_end(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)
    page = f"/o/acme/monitors/{monitor.pk}/"

    as_alice.post(page + "snooze/", {"duration": "1h"})
    until = stored(acme, monitor).snoozed_until
    assert until is not None
    assert timedelta(minutes=59) < until - timezone.now() < timedelta(minutes=61)
    assert "messages wait" in as_alice.get(page).content.decode()

    as_alice.post(page + "snooze/", {"end": "1"})
    assert stored(acme, monitor).snoozed_until is None


def test_a_snooze_without_a_length_says_what_to_do(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)

    answer = as_alice.post(f"/o/acme/monitors/{monitor.pk}/snooze/", {"duration": "for ever"}, follow=True)

    assert "Choose for how long to snooze the monitor." in answer.content.decode()
    assert stored(acme, monitor).snoozed_until is None


def test_check_now_waits_for_the_result_it_asked_for(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)

    answer = as_alice.post(f"/o/acme/monitors/{monitor.pk}/check/", follow=True)
    awaited = answer.context["awaiting"]
    assert "checking now…" in answer.content.decode()
    result(acme, monitor, awaited)
    part = as_alice.get(answer.redirect_chain[0][0].partition("#")[0].replace("/?", "/results/?"))

    assert "checking now…" not in part.content.decode()
    assert "answered 200" in part.content.decode()


def test_check_now_of_a_paused_monitor_says_what_to_do(acme: Any, as_alice: Any) -> None:
    monitor = make(acme, enabled=False)

    answer = as_alice.post(f"/o/acme/monitors/{monitor.pk}/check/", follow=True)

    assert "The monitor is paused: resume it, then check it." in answer.content.decode()


def test_a_new_monitor_that_is_paused_promises_no_check(acme: Any, as_alice: Any) -> None:
    page = f"/o/acme/monitors/{make(acme).pk}/"
    assert "due within seconds" in as_alice.get(page).content.decode()

    as_alice.post(page + "pause/")

    for address in (page, page + "results/"):
        content = as_alice.get(address).content.decode()
        assert "It is paused: nothing is checked until somebody resumes it." in content
        assert "due within seconds" not in content


@pytest.mark.parametrize("awaited", ["", "x", "2026-02-31T00:00:00Z", "2026-05-01T00:00:00"])
def test_nonsense_awaited_is_nothing_awaited(acme: Any, as_alice: Any, awaited: str) -> None:
    page = as_alice.get(f"/o/acme/monitors/{make(acme).pk}/", {"awaiting": awaited})

    assert page.context["awaiting"] is None


def test_a_deleted_monitor_is_gone(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)

    answer = as_alice.post(f"/o/acme/monitors/{monitor.pk}/deletion/", follow=True)

    assert "shop is deleted; its incidents stay." in answer.content.decode()
    assert as_alice.get(f"/o/acme/monitors/{monitor.pk}/").status_code == 404


def test_the_state_sentence_names_the_cause(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)
    put(acme, monitor, Status.DOWN, detail="answered 503, expected 200-399")

    page = as_alice.get(f"/o/acme/monitors/{monitor.pk}/").content.decode()

    assert "Down for" in page
    assert "14 min" in page
    assert "Answered 503, expected 200-399." in page


@pytest.mark.parametrize("chosen", ["3h", "24h", "7d", "nonsense"])
def test_the_chart_counts_results_of_the_chosen_time(acme: Any, as_alice: Any, chosen: str) -> None:
    monitor = make(acme)
    for minutes in (5, 65, 125, 60 * 12, 60 * 24 * 2):
        result(acme, monitor, timezone.now() - timedelta(minutes=minutes))
    result(acme, monitor, timezone.now() - timedelta(minutes=4), ok=False)

    figures = as_alice.get(f"/o/acme/monitors/{monitor.pk}/", {"range": chosen}).context["figures"]

    answers = {"3h": 3, "24h": 4, "7d": 5, "nonsense": 3}[chosen]
    assert figures.chart.summary == f"{answers} answers, 8.0 ms on average, 71 ms at most. 1 failed."


def test_uptime_tells_how_much_was_measured(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)
    now = timezone.now()
    put(acme, monitor, Status.UP, now - timedelta(hours=12))

    tiles = as_alice.get(f"/o/acme/monitors/{monitor.pk}/").context["figures"].tiles

    assert (tiles[0].value, tiles[0].note) == ("100", "measured 50 % of it")
    of_seven_days = timedelta(hours=12) / (now - first_day(7, now))
    assert float(tiles[1].note.split()[1]) == pytest.approx(of_seven_days * 100, abs=0.2)


def test_recent_results_tell_every_phase_of_each(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)
    result(acme, monitor, timezone.now(), total_us=99_000)
    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_checkresult SET dns_us = 21000, tls_us = 22000, transfer_us = 48000"
            " WHERE monitor_no = %s",
            [monitor.no],
        )

    page = as_alice.get(f"/o/acme/monitors/{monitor.pk}/results/").content.decode()

    heads = re.findall(r"<th[^>]*table__num[^>]*>([^<]+)</th>", page)
    cells = re.findall(r'<td class="table__num[^>]*>([^<]+)</td>', page)
    assert dict(zip(heads, cells, strict=True)) == {
        "DNS": "21 ms", "Connect": "3.0 ms", "TLS": "22 ms", "First byte": "5.0 ms", "Transfer": "48 ms",
        "Total": "99 ms",
    }  # fmt: skip


@pytest.mark.parametrize("page", ["", "list"])
def test_pages_say_why_a_monitor_is_degraded(acme: Any, as_alice: Any, page: str) -> None:
    monitor = make(acme)
    put(acme, monitor, Status.DEGRADED, detail="answered 200, but [RESPONSE_TIME] < 5 failed: it was 71")

    shown = as_alice.get("/o/acme/monitors/" if page else f"/o/acme/monitors/{monitor.pk}/").content.decode()

    assert "[RESPONSE_TIME] &lt; 5 failed: it was 71" in shown
