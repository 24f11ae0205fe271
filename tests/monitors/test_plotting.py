"""A host's page shows its series: newest values, rates of counters, bounds; strangers see nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from monitors.models import Monitor
from monitors.plotting import panel
from monitors.series import storing
from monitors.series.model import Points
from pulse.scoping import in_tenant
from tests.monitors.making import make


@pytest.fixture
def web(acme: Any) -> Monitor:
    thresholds = ['last(disk.used_percent{mount="/"}, 5m) > 85 warn, > 95 crit']
    return make(acme, "web-1", kind="host", target="", config={"thresholds": thresholds})


@pytest.fixture
def filled(acme: Any, web: Monitor) -> Monitor:
    now = timezone.now().replace(microsecond=0)
    times = [now - timedelta(seconds=30 * back) for back in range(20, -1, -1)]
    with in_tenant(acme):
        storing.store(
            acme.no,
            web.no,
            [
                Points("cpu.percent", [(at, 10.0 + place) for place, at in enumerate(times)], unit="%"),
                Points("disk.used_percent", [(at, 80.0) for at in times], (("mount", "/"),), "%"),
                Points("network.sent", [(at, place % 15 * 3000.0) for place, at in enumerate(times)], unit="bytes",
                       kind="counter"),
                Points("disk.busy", [(at, place * 15.0) for place, at in enumerate(times)], unit="s", kind="counter"),
            ],
        )  # fmt: skip
    return web


def test_series_are_grouped_with_their_newest_values(acme: Any, filled: Monitor) -> None:
    with in_tenant(acme):
        found = panel(filled, "1h", None, timezone.now())

    assert [(family, [one.name for one in listed]) for family, listed in found.families] == [
        ("cpu", ["cpu.percent"]),
        ("disk", ["disk.busy", "disk.used_percent"]),
        ("network", ["network.sent"]),
    ]
    values = {one.name: one.value for _, listed in found.families for one in listed}
    assert values["cpu.percent"] == "30 %"
    assert values["disk.used_percent"] == "80 %"


def test_a_counter_is_shown_as_its_rate_also_over_a_restart(acme: Any, filled: Monitor) -> None:
    with in_tenant(acme):
        found = panel(filled, "1h", None, timezone.now())
        sent = next(one for _, listed in found.families for one in listed if one.name == "network.sent")
        busy = next(one for _, listed in found.families for one in listed if one.name == "disk.busy")
        shown = panel(filled, "1h", int(sent.url.rpartition("=")[2]), timezone.now()).chart

    assert shown is not None
    assert busy.value == "50 %"
    assert all(not row.cells[1].startswith("-") for row in shown.rows)
    assert {row.cells[1] for row in shown.rows} == {"100 B/s", "0 B/s"}


def test_the_series_with_a_threshold_is_drawn_first_with_its_bounds(acme: Any, filled: Monitor) -> None:
    with in_tenant(acme):
        found = panel(filled, "1h", None, timezone.now())

    assert found.title == 'disk.used_percent{mount="/"}'
    assert found.chart is not None
    assert [(limit.level, limit.label) for limit in found.chart.limits] == [
        ("warning", "warning 85 %"),
        ("critical", "critical 95 %"),
    ]


@pytest.mark.parametrize("chosen", ["1h", "6h", "24h", "7d", "30d", "90d", "1y", "nonsense"])
def test_every_range_shows_it(as_alice: Any, filled: Monitor, chosen: str) -> None:
    answer = as_alice.get(
        f"/o/acme/monitors/{filled.pk}/series/?range={chosen}", headers={"HX-Request": "true"}
    )

    assert answer.status_code == 200
    assert b"chart__line" in answer.content


def test_without_scripts_it_is_a_page_of_its_own(as_bob: Any, filled: Monitor) -> None:
    answer = as_bob.get(f"/o/acme/monitors/{filled.pk}/series/?series=nonsense")

    assert b"<html" in answer.content
    assert b"cpu.percent" in answer.content


def test_a_host_that_sent_nothing_says_how_to_begin(as_alice: Any, web: Monitor) -> None:
    page = as_alice.get(f"/o/acme/monitors/{web.pk}/series/").content.decode()

    assert "PULSE_AGENT_URL=http://localhost:8000" in page
    assert "/v1/ingest/metrics" in page


def test_the_page_of_a_host_leads_to_its_series(as_alice: Any, web: Monitor) -> None:
    answer = as_alice.get(f"/o/acme/monitors/{web.pk}/")

    assert answer.status_code == 200
    assert f"/o/acme/monitors/{web.pk}/series/".encode() in answer.content


def test_a_stranger_sees_no_series(as_charlie: Any, filled: Monitor) -> None:
    assert as_charlie.get(f"/o/acme/monitors/{filled.pk}/series/").status_code == 404
    assert as_charlie.get(f"/o/globex/monitors/{filled.pk}/series/").status_code == 404
