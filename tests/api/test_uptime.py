"""Uptime, days and latency by the API, and for how long an organisation keeps results."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from monitors.models import Monitor
from monitors.results import retention
from monitors.results.packing import pack_closed
from monitors.statuses import Status
from pulse.scoping import as_pipeline, in_tenant
from tests.monitors.making import CHANGE, make, result

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def monitor(acme: Any, now: datetime) -> Monitor:
    """Up for twenty hours but for one of them."""
    monitor = make(acme)
    with in_tenant(acme), connection.cursor() as cursor:
        for hours, status in ((20, Status.UP), (10, Status.DOWN), (9, Status.UP)):
            cursor.execute(CHANGE, [monitor.no, now - hours * HOUR, acme.no, int(status)])
    return monitor


def test_uptime_tells_coverage_and_error(api: Any, monitor: Monitor) -> None:
    found = api.get(f"monitors/{monitor.pk}/uptime").json()

    assert found["uptime"] == pytest.approx(19 / 20, abs=0.001)
    assert found["coverage"] == pytest.approx(20 / 24, abs=0.001)
    assert found["error"] == pytest.approx(2 * 60 / (20 * 3600), rel=0.01)
    assert found["down_seconds"] == pytest.approx(3600, abs=1)


PLANNED = """
INSERT INTO telemetry_maintenance (window_id, starts, ends, tenant_no, has_begun, name, numbers)
VALUES (gen_random_uuid(), %s, %s, %s, true, 'upgrade', ARRAY[%s::bigint])
"""


def test_planned_maintenance_is_left_out_if_wanted(
    acme: Any, api: Any, as_alice: Any, monitor: Monitor, now: datetime
) -> None:
    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute(PLANNED, [now - 11 * HOUR, now - 9 * HOUR, acme.no, monitor.no])

    found = api.get(f"monitors/{monitor.pk}/uptime?exclude_maintenance=true").json()
    days = api.get(f"monitors/{monitor.pk}/days?days=2&exclude_maintenance=true").json()["days"]
    page = as_alice.get(f"/o/acme/monitors/{monitor.pk}/?planned=left-out").context["figures"]

    assert (found["uptime"], found["down_seconds"], found["excluded_seconds"]) == (1, 0, 7200)
    assert found["up_seconds"] == pytest.approx(18 * 3600, abs=1)
    assert sum(day["excluded_seconds"] for day in days) == pytest.approx(7200, abs=1)
    assert sum(day["down_seconds"] for day in days) == 0
    assert [tile.value for tile in page.tiles[:5]] == ["100"] * 5
    assert [(tab.label, tab.current) for tab in page.planned] == [("counted", False), ("left out", True)]
    counted = as_alice.get(f"/o/acme/monitors/{monitor.pk}/").context["figures"]
    assert counted.tiles[0].value.startswith("95")


def test_days_begin_at_midnight_utc_and_today_is_the_last(api: Any, monitor: Monitor, now: datetime) -> None:
    found = api.get(f"monitors/{monitor.pk}/days?days=3").json()

    assert found["zone"] == "UTC"
    assert [day["day"] for day in found["days"]] == [
        (now - back * DAY).date().isoformat() for back in (2, 1, 0)
    ]
    assert sum(day["down_seconds"] for day in found["days"]) == pytest.approx(3600, abs=1)


def test_latency_is_told_over_packed_and_fresh(acme: Any, api: Any, monitor: Monitor, now: datetime) -> None:
    for place in range(100):
        result(acme, monitor, now - timedelta(minutes=3 * place + 1), total_us=(place + 1) * 1000)
    pack_closed()

    found = api.get(f"monitors/{monitor.pk}/latency").json()

    assert (found["ok"], found["failed"], found["resolution"]) == (100, 0, 3600)
    assert found["p50_ms"] == pytest.approx(50, rel=0.0101)
    assert found["p99_ms"] == pytest.approx(99, rel=0.0101)
    assert sum(part["ok"] for part in found["parts"]) == 100
    placed = api.get(f"monitors/{monitor.pk}/latency?by_location=true").json()["parts"]
    assert {part["location"] for part in placed} == {"default"}


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("uptime?from=yesterday", "/from"),
        ("uptime?from=2020-01-01T00:00:00Z", "/from"),
        ("uptime?to=2020-01-01T00:00:00Z&from=2020-01-02T00:00:00Z", "/from"),
        ("uptime?exclude_maintenance=perhaps", "/exclude_maintenance"),
        ("days?days=0", "/days"),
        ("days?days=401", "/days"),
        ("latency?resolution=1800", "/resolution"),
        ("latency?resolution=5400", "/resolution"),
        ("latency?by_location=1", "/by_location"),
    ],
)
def test_what_cannot_be_read_is_named(path: str, pointer: str, api: Any, monitor: Monitor) -> None:
    answer = api.get(f"monitors/{monitor.pk}/{path}")

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_an_organisation_sets_for_how_long_it_keeps_results(acme: Any, api: Any) -> None:
    assert api.get("organisation").json()["results_kept_days"] is None

    answer = api.patch("organisation", {"results_kept_days": 7})

    assert answer.status_code == 200
    assert api.get("organisation").json()["results_kept_days"] == 7
    assert api.patch("organisation", {"results_kept_days": None}).json()["results_kept_days"] is None


@pytest.mark.parametrize("value", [2, 401, "7", 7.5, True])
def test_retention_has_bounds(value: Any, api: Any) -> None:
    answer = api.patch("organisation", {"results_kept_days": value})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/results_kept_days"


def test_a_name_cannot_be_changed_here(api: Any) -> None:
    assert api.patch("organisation", {"name": "Other"}).json()["errors"][0]["pointer"] == "/name"


AGED = "UPDATE telemetry_packed SET hour = hour - interval '564 hours' WHERE hour < %s"


def packed() -> dict[tuple[int, int], int]:
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute("SELECT tenant_no, tier, count(*) FROM telemetry_packed GROUP BY 1, 2")
        return {(tenant, tier): count for tenant, tier, count in cursor.fetchall()}


def test_each_organisation_keeps_results_for_its_own_time(
    acme: Any, globex: Any, api: Any, globex_api: Any, now: datetime
) -> None:
    usual, longer = make(acme), make(globex)
    for back in (1, 5, 6):
        result(acme, usual, now - back * DAY)
        result(globex, longer, now - back * DAY)
    pack_closed()
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(AGED, [now - 5.5 * DAY])
    api.patch("organisation", {"results_kept_days": 4})
    globex_api.patch("organisation", {"results_kept_days": 60})

    retention.apply()
    retention.apply()

    assert packed() == {(acme.no, 0): 1, (globex.no, 0): 2, (globex.no, 1): 1}
    with in_tenant(globex):
        assert len(globex_api.get(f"monitors/{longer.pk}/results").json()["results"]) == 3
    assert len(api.get(f"monitors/{usual.pk}/results").json()["results"]) == 1
