"""What is packed comes back as it was, and in few numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.results.columns import HOUR_US, NAMES, Columns
from monitors.results.encoding import Mode, Packed, hour_of, pack, unpack

HOUR = 493_000 * HOUR_US
TIMES = st.none() | st.integers(0, 120_000_000) | st.integers(20_000, 90_000)


@st.composite
def columns(draw: Any) -> Columns:
    """An hour as no target would answer it: times that are anything, outcomes that change all the time."""
    slots = sorted(draw(st.sets(st.integers(0, HOUR_US - 1), min_size=1, max_size=80)))
    every = len(slots)

    def many(values: st.SearchStrategy[Any]) -> Any:
        return draw(st.lists(values, min_size=every, max_size=every))

    return Columns(
        slot=[HOUR + slot for slot in slots],
        total_us=many(TIMES),
        lateness_us=many(st.integers(-1000, 2_000_000_000)),
        dns_us=many(TIMES),
        connect_us=many(TIMES),
        tls_us=[None] * every,
        wait_us=many(TIMES),
        transfer_us=many(st.just(7)),
        ok=many(st.booleans()),
        soft=many(st.booleans()),
        error=many(st.sampled_from([0, 30, 60, 105])),
        status_code=many(st.sampled_from([None, 200, 503])),
        address=many(st.sampled_from([None, "192.0.2.1", "2001:db8::1"])),
        detail=many(st.none() | st.text(max_size=5)),
    )


@settings(max_examples=60, deadline=None)
@given(columns())
def test_an_hour_comes_back_as_it_was(results: Columns) -> None:
    packed = pack(results, HOUR)

    assert unpack(packed, HOUR) == results
    assert all(-32_768 <= number <= 32_767 for number in packed.small)
    assert all(-(2**31) <= number < 2**31 for number in packed.wide)


@settings(max_examples=30, deadline=None)
@given(columns(), st.sets(st.sampled_from(NAMES)))
def test_only_the_columns_that_are_wanted_come(results: Columns, wanted: set[str]) -> None:
    found = unpack(pack(results, HOUR), HOUR, wanted)

    assert found.slot == results.slot
    for name in NAMES:
        assert getattr(found, name) == (getattr(results, name) if name in wanted else [])


def steady(count: int = 60) -> Columns:
    return Columns(
        slot=[HOUR + 7_321_000 + place * HOUR_US // count for place in range(count)],
        total_us=[80_000 + place * place % 977 for place in range(count)],
        lateness_us=[300 + place * 7 % 91 for place in range(count)],
        dns_us=[0] * count,
        connect_us=[11_000 + place * 31 % 487 for place in range(count)],
        tls_us=[None] * count,
        wait_us=[60_000 + place * 57 % 887 for place in range(count)],
        transfer_us=[200 + place % 13 for place in range(count)],
        ok=[True] * count,
        soft=[False] * count,
        error=[0] * count,
        status_code=[200] * count,
        address=["192.0.2.1"] * count,
        detail=[None] * count,
    )


def test_a_steady_hour_is_ten_bytes_a_result() -> None:
    packed = pack(steady(), HOUR)

    assert packed.kinds == [[True, False, 0, 200, "192.0.2.1", None]]
    assert packed.picks is None
    assert len(packed.small) == 5 * 60  # the five times that differ, two bytes each
    assert len(packed.wide) == 2 + 1 + 5 + 1  # slots and their step, what is finer, five bases, the DNS time


def test_one_slow_answer_does_not_make_its_hour_larger() -> None:
    results = steady()
    usual = pack(results, HOUR)
    results.total_us[40] = 30_000_000
    results.total_us[41] = None

    packed = pack(results, HOUR)

    assert (len(packed.small), len(packed.wide)) == (len(usual.small), len(usual.wide) + 1)
    assert unpack(packed, HOUR) == results


def test_a_single_result_needs_no_row_of_small_numbers() -> None:
    packed = pack(steady(1), HOUR)

    assert (packed.small, packed.results, packed.picks) == ([], 1, None)
    assert unpack(packed, HOUR) == steady(1)


def test_two_parts_of_an_hour_are_one_in_order_without_doubles() -> None:
    results = steady()
    early, late = results.at(range(0, 60, 2)), results.at(range(1, 60, 2))
    late.append(results.at([4, 5]))
    early.append(late)

    assert early.in_order() == results


@pytest.mark.parametrize(("slot", "hour"), [(HOUR, HOUR), (HOUR - 1, HOUR - HOUR_US), (HOUR + 5, HOUR)])
def test_hours_begin_at_whole_hours(slot: int, hour: int) -> None:
    assert hour_of(slot) == hour


def test_modes_of_all_measures_fit_one_number() -> None:
    assert max(Mode) < 8
    assert isinstance(pack(steady(), HOUR), Packed)
    assert pack(steady(), HOUR).modes < 2**31
