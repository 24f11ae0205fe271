"""Pages of heartbeats: addresses for those who may, pings and what they brought along, what is expected."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from monitors.heartbeats import showing
from monitors.heartbeats.page import upcoming
from monitors.heartbeats.settings import SETTINGS
from monitors.models import Monitor
from pulse.charts import dots
from pulse.scoping import in_tenant
from tests.monitors.heartbeats.serving import ask, heartbeat, token_of
from tests.monitors.heartbeats.test_deadlines import back
from tests.monitors.heartbeats.test_schedule import at

NIGHTLY = {"schedule": "cron", "calendar": ["0 3 * * *"], "zone": "Europe/Riga", "grace_seconds": 1800}


def page(person: Any, monitor: Monitor, part: str = "") -> Any:
    return person.get(f"/o/acme/monitors/{monitor.pk}/{part}")


def test_the_page_has_addresses_pings_and_what_is_expected(acme: Any, as_alice: Any, pings: str) -> None:
    monitor = heartbeat(acme, config=NIGHTLY)
    token = token_of(acme, monitor)
    for suffix in ("/start", "/7", "/0"):
        ask(f"{pings}/{token}{suffix}", "POST", b"all fine")

    shown = page(as_alice, monitor)

    text = shown.content.decode()
    assert shown.status_code == 200
    assert f"http://localhost:8000/ping/{token}/fail" in text
    for words in (
        "Expected next",
        "How long runs took",
        "Crontab",
        "exit 7",
        "8\xa0bytes",
        "0 3 * * *",
        "PowerShell",
    ):
        assert words in text
    assert text.count("Europe/Riga)") >= 5


def test_a_viewer_sees_no_address_and_makes_none(acme: Any, as_bob: Any) -> None:
    monitor = heartbeat(acme)
    token = token_of(acme, monitor)
    assert token not in page(as_bob, monitor).content.decode()
    assert as_bob.post(f"/o/acme/monitors/{monitor.pk}/rotation/").status_code == 403
    assert token_of(acme, monitor) == token


def test_a_stranger_finds_nothing(acme: Any, as_charlie: Any) -> None:
    monitor = heartbeat(acme)
    for part in ("", "pings/", "pings/1/", "pings/1/body/", "heartbeat/"):
        assert page(as_charlie, monitor, part).status_code == 404
    assert as_charlie.post(f"/o/acme/monitors/{monitor.pk}/rotation/").status_code == 404


def test_a_new_address_by_a_button(acme: Any, as_alice: Any) -> None:
    monitor = heartbeat(acme)
    before = token_of(acme, monitor)
    assert as_alice.post(f"/o/acme/monitors/{monitor.pk}/rotation/").status_code == 302
    assert token_of(acme, monitor) != before


def test_late_is_a_word_of_its_own(acme: Any, as_alice: Any, pings: str) -> None:
    monitor = heartbeat(acme, config={"period_seconds": 600, "grace_seconds": 600})
    ask(f"{pings}/{token_of(acme, monitor)}")
    back(monitor, timedelta(minutes=15))
    for part in (page(as_alice, monitor), as_alice.get("/o/acme/monitors/")):
        assert 'data-status="late"' in part.content.decode()
        assert "grace until" in part.content.decode()


def test_a_body_is_shown_on_demand_and_downloaded_as_it_came(acme: Any, as_alice: Any, pings: str) -> None:
    monitor = heartbeat(acme)
    url = f"{pings}/{token_of(acme, monitor)}"
    ask(url, "POST", b"<script>alert(1)</script>")
    ask(url, "POST", b"\x00\x01\xff" * 40_000)
    ask(url)

    text = page(as_alice, monitor, "pings/1/").content.decode()
    binary = page(as_alice, monitor, "pings/2/").content.decode()
    file = page(as_alice, monitor, "pings/2/body/")

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "It is no text" in binary
    assert "000000  00 01 ff" in binary
    assert "It had 117.2\xa0KB; the first 97.7\xa0KB are kept." in binary
    assert file.content == (b"\x00\x01\xff" * 40_000)[:100_000]
    assert (file["Content-Type"], file["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert file["Content-Disposition"] == 'attachment; filename="ping-2.txt"'
    assert [page(as_alice, monitor, f"pings/{n}/").status_code for n in (3, 4, 10**30)] == [404, 404, 404]


def test_older_pings_are_a_page_away(acme: Any, as_alice: Any, pings: str) -> None:
    monitor = heartbeat(acme)
    token = token_of(acme, monitor)
    for _ in range(30):
        ask(f"{pings}/{token}")
    first = page(as_alice, monitor, "pings/").content.decode()
    older = re.search(r"\?before=(\d+)", first)
    assert older is not None
    assert older[1] == "6"
    assert page(as_alice, monitor, "pings/?before=6").content.decode().count("<tr>") == 5


def test_a_form_makes_one_and_says_what_is_wrong(acme: Any, as_alice: Any) -> None:
    typed = {"name": "backup", "schedule": "cron", "calendar": "0 3 * *", "zone": "UTC", "grace_seconds": "30 min",
             "period_seconds": "1 d", "tolerance_seconds": "30", "without_keyword": "ignore", "down_after": "1",
             "up_after": "1", "degraded_after": "1", "enabled": "on"}  # fmt: skip
    wrong = as_alice.post("/o/acme/monitors/new/?kind=heartbeat", typed)
    assert wrong.status_code == 422
    assert "Write it like 0 3 * * *." in wrong.content.decode()

    made = as_alice.post("/o/acme/monitors/new/?kind=heartbeat", {**typed, "calendar": "0 3 * * *"})

    assert made.status_code == 302
    with in_tenant(acme):
        monitor = Monitor.objects.get()
    assert (monitor.config["grace_seconds"], monitor.config["calendar"]) == (1800, ["0 3 * * *"])
    assert "30 min" in page(as_alice, monitor, "edit/").content.decode()


def test_the_form_shows_the_next_times_of_what_is_typed(acme: Any, as_alice: Any, as_bob: Any) -> None:
    url = "/o/acme/monitors/expected/"
    typed = {"schedule": "cron", "calendar": "0 3 * * *", "zone": "Asia/Kathmandu", "period_seconds": "1 d"}
    assert as_alice.get(url, typed).content.decode().count("03:00:00 in Asia/Kathmandu") == 5
    wrong = as_alice.get(url, {"schedule": "cron", "calendar": "0 3 * *"}).content.decode()
    assert "cannot be used" in wrong
    assert "Use period or cron" in as_alice.get(url, {"schedule": "moon"}).content.decode()
    assert (
        as_alice.get(url, {"schedule": "period", "period_seconds": "1 h"}).content.decode().count("<li>") == 5
    )
    assert as_bob.get(url).status_code == 403


def test_the_next_times_follow_what_is_expected() -> None:
    now = at("2026-03-28 12:00:00")
    found = upcoming(SETTINGS.load(NIGHTLY), at("2026-03-29 01:00:00"), now)
    # On the 29th the clock jumps over 03:00; from then on it is an hour earlier by UTC.
    assert [one.at.hour for one in found] == [1, 0, 0, 0, 0]
    assert [one.there[-8:] for one in found] == ["04:00:00", *["03:00:00"] * 4]
    assert len(upcoming(SETTINGS.load({}), None, timezone.now())) == 5


@pytest.mark.parametrize(
    ("content", "is_text"), [("grüße\n\tja".encode(), True), (b"\x1b[31mred", False), (b"", True)]
)
def test_what_can_be_shown_as_text_is(content: bytes, is_text: bool) -> None:
    assert showing.of(content, len(content)).is_text is is_text


def test_a_character_that_a_cut_went_through_spoils_nothing() -> None:
    assert showing.of("äö".encode()[:-1], 4).text == "ä"


def test_a_chart_says_in_words_what_it_shows() -> None:
    start, end = at("2026-05-01 00:00:00"), at("2026-05-02 00:00:00")
    some = [dots.Dot(start + timedelta(hours=1), -20), dots.Dot(start + timedelta(hours=2), 95, ok=False)]
    chart = dots.draw(some, start=start, end=end, zone=start.tzinfo, summary="Two.", limit=120)  # type: ignore[arg-type]
    assert [tick.label for tick in chart.y_ticks] == ["2 min", "1 min", "0 s", "-1 min"]
    assert chart.rows[0].cells == ("1 May 02:00:00", "1.58 min", "failed")
    assert (chart.good, chart.limit, chart.zero) == ("M41.67 155.56h0", "0", "133.33")


def test_nothing_is_expected_while_it_waits_is_down_or_paused(acme: Any, as_alice: Any, pings: str) -> None:
    monitor = heartbeat(acme, config={"period_seconds": 600, "grace_seconds": 600})
    url = f"{pings}/{token_of(acme, monitor)}"
    assert (
        "Nothing before its first ping; then 10 min later."
        in page(as_alice, monitor, "upcoming/").content.decode()
    )
    ask(url)
    assert page(as_alice, monitor, "upcoming/").content.decode().count("<li>") == 5
    ask(f"{url}/fail")
    assert "its next success ends that" in page(as_alice, monitor, "upcoming/").content.decode()
    as_alice.post(f"/o/acme/monitors/{monitor.pk}/pause/")
    paused = page(as_alice, monitor).content.decode()
    assert "Nothing while it is paused." in paused
    assert "Its pings are kept" in paused


def test_what_the_schedule_has_no_use_for_is_not_listed(acme: Any, as_alice: Any) -> None:
    plain = heartbeat(acme, config={"zone": "UTC", "tolerance_seconds": 30, "calendar": []})
    assert "Clocks differ by" not in page(as_alice, plain).content.decode()
    assert (
        "Clocks differ by"
        in page(
            as_alice, heartbeat(acme, "nightly", config=NIGHTLY | {"tolerance_seconds": 9})
        ).content.decode()
    )
