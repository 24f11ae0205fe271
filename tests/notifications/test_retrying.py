"""When a failed delivery is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.retrying import DELAYS, TRIES, delay_after


def test_eight_tries_take_27_hours_and_35_minutes() -> None:
    assert TRIES == 8
    assert sum(DELAYS, timedelta()) == timedelta(hours=27, minutes=35, seconds=5)


@pytest.mark.parametrize("attempts", range(1, TRIES))
@given(chance=st.floats(0, 1, exclude_max=True))
def test_each_delay_stays_within_a_tenth_of_the_table(attempts: int, chance: float) -> None:
    delay = delay_after(attempts, None, chance)

    assert delay is not None
    assert abs(delay - DELAYS[attempts - 1]) <= DELAYS[attempts - 1] * 0.1


def test_the_last_try_is_the_last() -> None:
    assert delay_after(TRIES, None, 0.5) is None


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        (timedelta(seconds=1), timedelta(seconds=5)),
        (timedelta(minutes=10), timedelta(minutes=10)),
        (timedelta(days=30), timedelta(hours=24)),
    ],
)
def test_a_receiver_may_ask_for_more_time_but_not_for_more_than_a_day(
    asked: timedelta, waited: timedelta
) -> None:
    assert delay_after(1, asked, 0.5) == waited
