"""Quiet hours on a person's own clocks, through the nights that clocks are set in."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.contacts.quieting import quiet_until

VIENNA = "Europe/Vienna"


def local(text: str, zone: str = VIENNA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("starts", "ends", "now", "expected"),
    [
        ("22:00", "07:00", "2027-01-05T23:00", "2027-01-06T07:00"),
        ("22:00", "07:00", "2027-01-06T06:59", "2027-01-06T07:00"),
        ("22:00", "07:00", "2027-01-06T07:00", None),
        ("22:00", "07:00", "2027-01-05T21:59", None),
        ("22:00", "07:00", "2027-01-05T22:00", "2027-01-06T07:00"),
        ("12:00", "13:00", "2027-01-05T12:30", "2027-01-05T13:00"),
        ("12:00", "13:00", "2027-01-05T13:00", None),
        ("12:00", "12:00", "2027-01-05T12:00", None),
        ("22:00", "00:00", "2027-01-05T23:30", "2027-01-06T00:00"),
        # Nights in which clocks are set: 23 h and 25 h, and an end that they jump over.
        ("22:00", "07:00", "2027-03-27T23:00", "2027-03-28T07:00"),
        ("22:00", "07:00", "2027-10-30T23:00", "2027-10-31T07:00"),
        ("22:00", "02:30", "2027-03-27T23:00", "2027-03-28T03:00"),
        ("02:30", "07:00", "2027-03-28T03:00", "2027-03-28T07:00"),
    ],
)
def test_quiet_hours_end_on_the_clocks_of_their_zone(
    starts: str, ends: str, now: str, expected: str | None
) -> None:
    found = quiet_until(
        time.fromisoformat(starts), time.fromisoformat(ends), VIENNA, (), "critical", local(now)
    )

    assert found == (local(expected) if expected else None)


def test_an_exception_comes_through_and_no_hours_are_never_quiet() -> None:
    now = local("2027-01-05T23:00")

    assert quiet_until(time(22), time(7), VIENNA, ["critical"], "critical", now) is None
    assert quiet_until(time(22), time(7), VIENNA, ["critical"], "major", now) is not None
    assert quiet_until(None, time(7), VIENNA, (), "major", now) is None


@given(
    st.times(), st.times(), st.sampled_from([VIENNA, "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.datetimes(datetime(2027, 1, 1), datetime(2028, 1, 1)),
)  # fmt: skip
def test_when_it_ends_it_is_quiet_no_more_and_that_is_within_a_day(
    starts: time, ends: time, zone: str, moment: datetime
) -> None:
    now = moment.replace(tzinfo=UTC)
    until = quiet_until(starts, ends, zone, (), "major", now)

    if until is not None:
        assert now < until <= now + timedelta(hours=25)
        assert quiet_until(starts, ends, zone, (), "major", until) is None
