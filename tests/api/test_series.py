"""A monitor's series through the API: which there are, and their points in any resolution."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from monitors.series import storing
from monitors.series.model import Points
from pulse.scoping import in_tenant
from tests.monitors.making import make


@pytest.fixture
def path(acme: Any) -> str:
    """Of the only series of a host, that has ten values, one a minute."""
    monitor = make(acme, "web-1", kind="host", target="")
    start = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=10)
    points = [(start + timedelta(minutes=place), float(place)) for place in range(10)]
    with in_tenant(acme):
        storing.store(acme.no, monitor.no, [Points("disk.used", points, (("mount", "/"),), "bytes")])
    return f"monitors/{monitor.pk}/series"


def test_series_are_listed_with_their_newest_value(api: Any, path: str) -> None:
    (series,) = api.get(path).json()["results"]

    assert (series["name"], series["labels"], series["unit"], series["kind"]) == (
        "disk.used", {"mount": "/"}, "bytes", "gauge",
    )  # fmt: skip
    assert series["newest"]["value"] == 9


def test_points_come_in_the_resolution_that_was_asked_for(api: Any, path: str) -> None:
    number = api.get(path).json()["results"][0]["no"]

    chosen = api.get(f"{path}/{number}/points").json()
    coarse = api.get(f"{path}/{number}/points", resolution="86400").json()
    raw = api.get(f"{path}/{number}/points", resolution="raw").json()

    assert chosen["resolution"] == 15
    assert [point["mean"] for point in chosen["points"]] == list(range(10))
    assert sum(point["samples"] for point in coarse["points"]) == 10
    assert [point["value"] for point in raw["points"]] == list(range(10))


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from": "yesterday"}, "/from"),
        ({"to": "2026-01-01T00:00:00"}, "/to"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "/from"),
        ({"from": "0001-01-01T00:00:00Z"}, "/from"),
        ({"resolution": "0"}, "/resolution"),
        ({"resolution": "fine"}, "/resolution"),
        ({"resolution": "1", "from": "2026-01-01T00:00:00Z"}, "/resolution"),
        ({"resolution": "raw", "from": "2026-01-01T00:00:00Z"}, "/resolution"),
    ],
)
def test_what_cannot_be_read_is_told(api: Any, path: str, query: dict[str, str], pointer: str) -> None:
    number = api.get(path).json()["results"][0]["no"]

    answer = api.get(f"{path}/{number}/points", **query)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_an_unknown_series_and_anothers_are_404(api: Any, globex_api: Any, path: str) -> None:
    number = api.get(path).json()["results"][0]["no"]

    assert api.get(f"{path}/0/points").status_code == 404
    assert api.get(f"{path}/x/points").status_code == 404
    assert globex_api.get(path).status_code == 404
    assert globex_api.get(f"{path}/{number}/points").status_code == 404
