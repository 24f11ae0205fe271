"""When a rule speaks, on ordinary days and on those that clocks are set on."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest

from notifications.hours import Hours, load, read
from pulse.fields import FieldError

EVERY = frozenset(range(7))
OFFICE = Hours("Europe/Berlin", frozenset(range(5)), time(9), time(17))
NIGHT = Hours("America/New_York", EVERY, time(22), time(6))


def utc(*parts: int) -> datetime:
    return datetime(*parts).replace(tzinfo=UTC)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        (OFFICE, utc(2026, 3, 27, 8, 30), utc(2026, 3, 27, 8, 30)),  # a Friday, 09:30 there
        (OFFICE, utc(2026, 3, 27, 7, 59), utc(2026, 3, 27, 8, 0)),
        (OFFICE, utc(2026, 3, 27, 16, 0), utc(2026, 3, 30, 7, 0)),  # from Friday 17:00 over the clocks' change
        (OFFICE, utc(2026, 10, 24, 12, 0), utc(2026, 10, 26, 8, 0)),  # and back
        (NIGHT, utc(2026, 1, 10, 4, 0), utc(2026, 1, 10, 4, 0)),  # 23:00 there
        (NIGHT, utc(2026, 1, 10, 10, 59), utc(2026, 1, 10, 10, 59)),  # 05:59 there: the night of the day before
        (NIGHT, utc(2026, 1, 10, 11, 0), utc(2026, 1, 11, 3, 0)),
        (Hours("Europe/Berlin", frozenset({6}), time(2, 30), time(4)), utc(2026, 3, 29, 0, 0), utc(2026, 3, 29, 1, 30)),
    ],
)  # fmt: skip
def test_it_speaks_now_within_its_hours_else_when_they_begin(
    hours: Hours, now: datetime, opens: datetime
) -> None:
    assert hours.opens(now) == opens


GOOD = {"zone": "Europe/Berlin", "days": [4, 0, 0], "starts": "09:00", "ends": "17:00"}


def test_hours_are_stored_as_they_are_read() -> None:
    stored = read(GOOD)

    assert stored == {**GOOD, "days": [0, 4]}
    assert load(stored) == Hours("Europe/Berlin", frozenset({0, 4}), time(9), time(17))
    assert read(None) is None


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"zone": "Berlin"}, "IANA"),
        ({"zone": "../etc/passwd"}, "IANA"),
        ({"days": []}, "at least one"),
        ({"days": [7]}, "0 (Monday)"),
        ({"days": [True]}, "0 (Monday)"),
        ({"starts": "9"}, "09:00"),
        ({"ends": "25:00"}, "09:00"),
        ({"until": "17:00"}, "unknown field"),
    ],
)
def test_hours_that_cannot_be_are_refused_with_the_remedy(wrong: dict[str, Any], word: str) -> None:
    with pytest.raises(FieldError, match=word.replace("(", r"\(").replace(")", r"\)")):
        read(GOOD | wrong)


def test_half_of_the_hours_is_refused() -> None:
    with pytest.raises(FieldError, match="ends"):
        read({key: value for key, value in GOOD.items() if key != "ends"})
