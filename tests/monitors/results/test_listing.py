"""Results are listed page by page: none is left out or told twice where packed ones begin."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from monitors.models import Monitor
from monitors.reading import result_id
from monitors.results.listing import newest
from monitors.results.packing import pack_closed
from monitors.telemetry.scheduling import location_no
from pulse.scoping import in_tenant
from tests.monitors.making import make, result

HOUR = timedelta(hours=1)
AT = """
INSERT INTO telemetry_checkresult (monitor_no, slot, tenant_no, lateness_us, location, error, ok, detail)
VALUES (%s, %s, %s, 900, %s, 30, false, 'refused')
"""


@pytest.fixture
def start() -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0) - 5 * HOUR


def pages(api: Any, monitor: Monitor, limit: int) -> list[list[Any]]:
    found, url = [], f"monitors/{monitor.pk}/results?limit={limit}"
    while url:
        answer = api.get(url).json()
        found.append(answer["results"])
        url = answer["next"] and answer["next"].partition("/v1/")[2]
    return found


@pytest.mark.parametrize("limit", [7, 60, 61, 500])
def test_pages_cross_the_border_without_gap_or_double(
    limit: int, acme: Any, api: Any, start: datetime
) -> None:
    monitor = make(acme)
    slots = [start + timedelta(minutes=3 * place, milliseconds=17) for place in range(50)]
    for slot in slots:
        result(acme, monitor, slot)
    pack_closed(before=start + 2 * HOUR)
    result(acme, monitor, start + timedelta(minutes=1))  # late, for an hour that is packed

    found = pages(api, monitor, limit)

    wanted = sorted([*slots, start + timedelta(minutes=1)], reverse=True)
    assert [one["at"] for page in found for one in page] == [
        slot.isoformat(timespec="milliseconds").replace("+00:00", "Z") for slot in wanted
    ]
    assert {len(page) for page in found[:-1]} <= {limit}


def test_results_of_several_places_at_one_moment_are_each_told_once(
    acme: Any, api: Any, start: datetime
) -> None:
    monitor = make(acme)
    places = [location_no("default"), location_no("fra"), location_no("nyc")]
    with in_tenant(acme), connection.cursor() as cursor:
        for hour in range(3):
            for place in places:
                cursor.execute(AT, [monitor.no, start + hour * HOUR, acme.no, place])
    pack_closed(before=start + 2 * HOUR)

    found = [one["id"] for page in pages(api, monitor, 2) for one in page]

    wanted = {str(result_id(start + hour * HOUR, monitor.pk, place)) for hour in range(3) for place in places}
    assert len(found) == 9
    assert set(found) == wanted


def test_a_single_packed_result_is_read_with_its_words(acme: Any, api: Any, start: datetime) -> None:
    monitor = make(acme)
    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute(AT, [monitor.no, start, acme.no, 1])
    identity = result_id(start, monitor.pk, 1)
    before = api.get(f"monitors/{monitor.pk}/results/{identity}").json()

    pack_closed(before=start + HOUR)

    assert api.get(f"monitors/{monitor.pk}/results/{identity}").json() == before
    assert before["detail"] == "refused"


def test_the_newest_are_found_however_sparse_they_are(acme: Any, start: datetime) -> None:
    monitor = make(acme)
    for days in range(6):
        result(acme, monitor, start - timedelta(days=days))
    pack_closed(before=start + HOUR)

    with in_tenant(acme):
        assert [one.slot for one in newest(monitor.no, 4)] == [
            start - timedelta(days=days) for days in range(4)
        ]
        assert newest(monitor.no, 4, (start - timedelta(days=5), 1)) == []


def test_a_strangers_result_is_unknown(acme: Any, globex_api: Any, start: datetime) -> None:
    monitor = make(acme)
    result(acme, monitor, start)
    pack_closed(before=start + HOUR)
    identity = result_id(start, monitor.pk, 1)

    assert globex_api.get(f"monitors/{monitor.pk}/results/{identity}").status_code == 404
    assert globex_api.get(f"monitors/{monitor.pk}/results").status_code == 404
