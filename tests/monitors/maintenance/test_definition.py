"""What a window may be, and the words for what it may not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from monitors.maintenance.definition import read
from pulse.fields import ConfigError
from pulse.scoping import in_tenant
from tests.monitors.making import make

NOW = datetime(2027, 1, 10, 12, 0, tzinfo=UTC)
FINE: dict[str, Any] = {
    "name": "Upgrade",
    "start": "2027-01-20T22:00",
    "duration_minutes": 60,
    "everything": True,
}


def complaints(**changes: Any) -> dict[str, str]:
    values = {name: value for name, value in (FINE | changes).items() if value is not ...}
    with pytest.raises(ConfigError) as refused:
        read(values, NOW)
    return dict(refused.value.errors)


def test_an_end_is_as_good_as_a_duration_and_a_moment_is_put_on_the_clocks_of_the_zone() -> None:
    values = {**FINE, "zone": "Europe/Vienna", "start": "2027-01-20T22:00:00Z", "end": "2027-01-21T01:30"}
    del values["duration_minutes"]

    found = read(values, NOW)

    assert (found["start"], found["duration_minutes"]) == ("2027-01-20T23:00:00", 150)


def test_an_end_beyond_a_change_of_clocks_is_the_one_on_the_clocks() -> None:
    values = {**FINE, "zone": "Europe/Vienna", "start": "2027-03-28T01:00", "end": "2027-03-28T04:00"}
    del values["duration_minutes"]

    assert read(values, NOW)["duration_minutes"] == 120


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"name": ""}, "/name", "Give the window a name"),
    ({"name": ...}, "/name", "Give the window a name"),
    ({"start": ...}, "/start", "Say when it starts"),
    ({"duration_minutes": ...}, "/duration_minutes", "or give its end"),
    ({"start": "tomorrow"}, "/start", "like 2027-01-31T22:00"),
    ({"start": "2040-01-01T00:00"}, "/start", "within the next five years"),
    ({"start": "0001-01-01T00:00"}, "/start", "Use a year from 2000 on"),
    ({"start": "2026-01-01T00:00"}, "/start", "It is over already"),
    ({"zone": "Mars/Olympus"}, "/zone", "Use the name of a time zone"),
    ({"duration_minutes": 0}, "/duration_minutes", "from 1 to 44640"),
    ({"duration_minutes": 3 * 365 * 1440}, "/duration_minutes", "from 1 to 44640"),
    ({"end": "2027-01-20T23:00"}, "/end", "not both"),
    ({"end": "2027-01-20T21:00", "duration_minutes": ...}, "/end", "at least a minute after the start"),
    ({"end": "2029-01-20T21:00", "duration_minutes": ...}, "/end", "within 31 days"),
    ({"rule": "FREQ=SECONDLY"}, "/rule", "Use HOURLY or slower"),
    ({"rule": "FREQ=DAILY", "duration_minutes": 1440}, "/duration_minutes", "Shorten it to 23 h 59 min at most"),
    ({"rule": "FREQ=DAILY;COUNT=3", "start": "2026-01-01T00:00"}, "/rule", "All its occurrences are over"),
    ({"rule": "FREQ=DAILY;UNTIL=20260101", "start": "2025-01-01T00:00"}, "/rule", "All its occurrences are over"),
    ({"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "/rule", "It never happens"),
    ({"rule": "FREQ=HOURLY;INTERVAL=24;BYHOUR=5"}, "/rule", "Change the rule"),
    ({"surprise": 1}, "/surprise", "Remove this unknown field"),
]  # fmt: skip


def test_a_window_that_cannot_be_is_refused_with_the_remedy(acme: Any) -> None:
    with in_tenant(acme):
        for changes, pointer, remedy in REFUSED:
            found = complaints(**changes)
            assert list(found) == [pointer], changes
            assert remedy in found[pointer]


def test_what_it_covers_must_be_there_and_be_something(acme: Any, globex: Any) -> None:
    strange = make(globex)
    with in_tenant(acme):
        assert complaints(everything=False) == {"/monitors": "Choose monitors or tags, or everything."}
        assert complaints(everything=False, monitors=[str(strange.pk)]) == {
            "/monitors": f"There is no monitor {strange.pk}."
        }
        assert "/monitors" in complaints(everything=False, monitors="all")
