"""The page that says why somebody was told, or nobody, and the same for scripts."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db.models import F
from django.utils import timezone

from monitors.models import Monitor
from monitors.telemetry.models import Decision
from pulse.scoping import in_tenant
from tests.api.making import pointers
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, SOFT, step


@pytest.fixture
def monitor(acme: Any) -> Monitor:
    return make(acme, policy={"down_after": 2, "up_after": 1, "flapping_above": 0.0})


def page(client: Any, monitor: Monitor, **values: str) -> str:
    answer = client.get(f"/o/acme/monitors/{monitor.pk}/why/?{urlencode(values)}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_blip_says_how_many_failures_its_policy_asks_for(as_bob: Any, monitor: Monitor) -> None:
    for outcome in (GOOD, BAD, GOOD):
        step(monitor, outcome)

    text = page(as_bob, monitor)
    assert "Results were counted, and its policy asked for more" in text
    assert "Failure 1 of 2 in a row." in text
    assert "Connection refused" in text
    assert "It answered after 1 of 2 failures in a row: no outage." in text


def test_an_outage_leads_from_the_result_to_the_incident(acme: Any, as_bob: Any, monitor: Monitor) -> None:
    for outcome in (GOOD, BAD, BAD):
        step(monitor, outcome)

    text = page(as_bob, monitor)
    assert "Became down: 2 of 2 failures in a row." in text
    assert "It was down" in text
    assert "An incident was opened" in text
    assert "#checks" in text


def test_a_blip_before_an_outage_is_not_taken_for_the_outage(
    acme: Any, as_bob: Any, monitor: Monitor
) -> None:
    for outcome in (GOOD, BAD, GOOD):
        step(monitor, outcome)
    with in_tenant(acme):
        Decision.objects.update(at=F("at") - timedelta(minutes=20))
    for outcome in (BAD, BAD):
        step(monitor, outcome)

    blip = page(as_bob, monitor, at=(timezone.now() - timedelta(minutes=20)).isoformat(), span="1h")
    assert "Results were counted" in blip
    assert "Opened an incident: connection refused." in blip, "it is shown further down"
    assert "An incident was opened" in page(as_bob, monitor)


def test_what_became_slow_says_that_nobody_is_told_of_that(acme: Any, as_bob: Any) -> None:
    slow = make(acme, policy={"degraded_after": 1})
    for outcome in (GOOD, SOFT):
        step(slow, outcome)

    assert "It became degraded, which opens no incident" in page(as_bob, slow)


def test_places_are_named_where_there_are_several(as_bob: Any, monitor: Monitor) -> None:
    for outcome in (GOOD, BAD):
        step(monitor, outcome)

    assert "At default" not in page(as_bob, monitor)


def test_times_are_on_the_clocks_of_the_reader(as_bob: Any, bob: Any, monitor: Monitor) -> None:
    as_bob.cookies["zone"] = "Asia/Kolkata"  # what the browser says
    for at in ("2026-03-01T21:42:00Z", "2026-03-02T03:12:00"):
        text = page(as_bob, monitor, at=at)
        assert ">2 Mar 03:12:00</time>?" in text
        assert 'value="2026-03-02T03:12:00"' in text
        assert "At, in Asia/Kolkata" in text
        assert "2026-03-02 03:12:00 IST" in text

    bob.time_zone = "America/New_York"
    bob.save(update_fields=["time_zone"])
    assert ">1 Mar 16:42:00</time>?" in page(as_bob, monitor, at="2026-03-01T21:42:00Z")


def test_evidence_is_found_from_any_time_zone(as_bob: Any, monitor: Monitor) -> None:
    as_bob.cookies["zone"] = "Asia/Kolkata"
    for outcome in (GOOD, BAD):
        step(monitor, outcome)

    detail = as_bob.get(f"/o/acme/monitors/{monitor.pk}/").content.decode()
    links = re.findall(r'href="(\?at=[^"]+)#evidence">connection refused', detail)
    assert len(links) == 1
    shown = as_bob.get(f"/o/acme/monitors/{monitor.pk}/{html.unescape(links[0])}").content.decode()
    assert re.search(r'id="evidence".*?connection refused', shown, re.DOTALL)


def test_a_time_in_which_nothing_was_decided_says_so(as_bob: Any, monitor: Monitor) -> None:
    text = page(as_bob, monitor, at="2026-03-01T03:12:00Z")
    assert "Nothing was decided" in text
    assert "It was pending" in text


def test_what_is_no_moment_is_said(as_bob: Any, monitor: Monitor) -> None:
    for at in ("yesterday", "2026-99-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "0001-01-01T00:00"):
        assert as_bob.get(f"/o/acme/monitors/{monitor.pk}/why/", {"at": at}).status_code == 200
    assert "That is no moment" in page(as_bob, monitor, at="yesterday")


def test_a_stranger_learns_nothing(as_charlie: Any, monitor: Monitor) -> None:
    assert as_charlie.get(f"/o/acme/monitors/{monitor.pk}/why/").status_code == 404
    assert as_charlie.get(f"/o/globex/monitors/{monitor.pk}/why/").status_code == 404
    assert as_charlie.get(f"/o/globex/monitors/{monitor.pk}/decisions/").status_code == 404


def test_scripts_read_decisions_newest_first_page_by_page(
    api: Any, globex_api: Any, monitor: Monitor
) -> None:
    for outcome in (GOOD, BAD, GOOD, BAD, GOOD):
        step(monitor, outcome)

    whole = api.get(f"monitors/{monitor.pk}/decisions").json()["results"]
    assert [row["kind"] for row in whole] == [
        "dismissed", "counted, not changed", "dismissed", "counted, not changed", "changed",
    ]  # fmt: skip
    first = api.get(f"monitors/{monitor.pk}/decisions?limit=2").json()
    rest = api.get(first["next"].partition("/v1/")[2]).json()
    third = api.get(rest["next"].partition("/v1/")[2]).json()
    assert first["results"] + rest["results"] + third["results"] == whole
    assert third["next"] is None
    later = (timezone.now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert api.get(f"monitors/{monitor.pk}/decisions?from={later}").json()["results"] == []
    assert globex_api.get(f"monitors/{monitor.pk}/decisions").status_code == 404


@pytest.mark.parametrize(
    "query", ["after=x", "after=2026-01-01T00:00:00Z_x", "from=soon", "to=2026-01-01", "limit=0"]
)
def test_a_question_that_cannot_be_read_names_its_field(api: Any, monitor: Monitor, query: str) -> None:
    assert pointers(api.get(f"monitors/{monitor.pk}/decisions?{query}")) == [f"/{query.partition('=')[0]}"]
