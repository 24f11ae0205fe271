"""Who has the pager when: rotations, layers and covers, in zones whose clocks are set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from time import process_time
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.oncall.rota import (
    INSTANT,
    LONGEST,
    Cover,
    Hours,
    Layer,
    Rota,
    Shift,
    handovers,
    next_handover,
    on_call,
    shifts,
    turns,
)

ANN, BEN, CAT = (UUID(int=number) for number in (1, 2, 3))
NAMES = {ANN: "ann", BEN: "ben", CAT: "cat", None: "-"}
VIENNA = "Europe/Vienna"
WEEKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))


def layer(*people: UUID | None, **more: object) -> Layer:
    usual: dict[str, object] = {"rotation": "daily", "start": date(2027, 1, 4), "handoff": time(9)}
    return Layer("one", people, **(usual | more))  # type: ignore[arg-type]


def rota(*layers: Layer, zone: str = VIENNA, covers: tuple[Cover, ...] = ()) -> Rota:
    return Rota(zone, layers, covers)


def local(text: str, zone: str = VIENNA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def told(found: list[Shift], zone: str = VIENNA) -> list[str]:
    """`04T09 ann`: when each begins on the zone's clocks, and who has it."""
    return [f"{shift.start.astimezone(ZoneInfo(zone)):%dT%H} {NAMES[shift.person]}" for shift in found]


def cover(person: UUID, start: str, end: str, number: int = 9) -> Cover:
    return Cover(UUID(int=number), person, local(start), local(end))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (layer(ANN, BEN), ["03T12 -", "04T09 ann", "05T09 ben", "06T09 ann", "07T09 ben"]),
        (layer(ANN), ["03T12 -", "04T09 ann"]),
        (layer(ANN, BEN, start=date(2026, 12, 1)), ["03T12 ben", "04T09 ann", "05T09 ben", "06T09 ann", "07T09 ben"]),
        (layer(ANN, BEN, start=date(2027, 1, 6)), ["03T12 -", "06T09 ann", "07T09 ben"]),
        (layer(ANN, BEN, rotation="weekly", weekday=2), ["03T12 -", "04T09 ann", "06T09 ben"]),
        (layer(ANN, BEN, rotation="weekly", start=date(2026, 12, 28)), ["03T12 ann", "04T09 ben"]),
        (layer(ANN, BEN, rotation="custom", every=2), ["03T12 -", "04T09 ann", "06T09 ben"]),
        (layer(ANN, BEN, rotation="custom", every=36, unit="hours"),
         ["03T12 -", "04T09 ann", "05T21 ben", "07T09 ann"]),
        (layer(ANN, BEN, rotation="custom", every=2, unit="weeks", weekday=3), ["03T12 -", "04T09 ann"]),
        (layer(ANN, None), ["03T12 -", "04T09 ann", "05T09 -", "06T09 ann", "07T09 -"]),
        (layer(ANN, BEN, hours=Hours(frozenset({0, 2}), time(8), time(17))),
         ["03T12 -", "04T09 ann", "04T17 -", "06T08 ben", "06T09 ann", "06T17 -"]),
        (layer(ANN, BEN, hours=Hours(frozenset({0}), time(22), time(6))), ["03T12 -", "04T22 ann", "05T06 -"]),
        (layer(ANN, hours=Hours(frozenset({6}), time(0), time(0))), ["03T12 -"]),
        (layer(ANN, start=date(2026, 1, 1), hours=Hours(frozenset({6}), time(13), time(13))),
         ["03T12 -", "03T13 ann", "04T13 -"]),
    ],
)  # fmt: skip
def test_people_take_turns_by_the_rotation_of_their_layer(one: Layer, expected: list[str]) -> None:
    assert told(shifts(rota(one), local("2027-01-03T12:00"), local("2027-01-07T12:00"))) == expected


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (VIENNA, "2027-03-27", 23), (VIENNA, "2027-10-30", 25), ("America/New_York", "2027-03-13", 23),
        ("America/New_York", "2027-11-06", 25), ("Australia/Lord_Howe", "2027-04-03", 24.5),
        ("Australia/Lord_Howe", "2027-10-02", 23.5), ("Asia/Kolkata", "2027-03-27", 24), ("UTC", "2027-03-27", 24),
    ],
)  # fmt: skip
def test_a_daily_turn_is_as_long_as_its_day_on_the_clocks_of_the_zone(
    zone: str, day: str, hours: float
) -> None:
    start = local(f"{day}T09:00", zone)
    found = shifts(rota(layer(ANN, BEN), zone=zone), start, start + timedelta(days=3))

    assert found[0].end - found[0].start == timedelta(hours=hours)
    assert all(shift.start.astimezone(ZoneInfo(zone)).time() == time(9) for shift in found)


@pytest.mark.parametrize(
    ("handoff", "start", "expected"),
    [
        # Clocks jump from 02:00 to 03:00: the hand-over of 02:30 is at 03:00, the first moment after.
        ("02:30", "2027-03-27T12:00", ["2027-03-28T01:00", "2027-03-29T00:30"]),
        ("02:00", "2027-03-27T12:00", ["2027-03-28T01:00", "2027-03-29T00:00"]),
        ("03:00", "2027-03-27T12:00", ["2027-03-28T01:00", "2027-03-29T01:00"]),
        # Clocks show 02:30 twice: the hand-over is at the first of the two.
        ("02:30", "2027-10-30T12:00", ["2027-10-31T00:30", "2027-11-01T01:30"]),
        ("03:00", "2027-10-30T12:00", ["2027-10-31T02:00", "2027-11-01T02:00"]),
    ],
)
def test_a_hand_over_that_clocks_jump_over_or_show_twice_happens_once(
    handoff: str, start: str, expected: list[str]
) -> None:
    one = rota(layer(ANN, BEN, handoff=time.fromisoformat(handoff)))
    found = handovers(one, local(start), local(start) + timedelta(hours=48))

    assert [f"{one.at:%Y-%m-%dT%H:%M}" for one in found] == expected


def test_hourly_turns_lose_the_hour_that_is_jumped_over_and_keep_the_one_that_comes_twice() -> None:
    hourly = rota(layer(ANN, BEN, CAT, rotation="custom", unit="hours", handoff=time(0)))
    spring = shifts(hourly, local("2027-03-28T00:00"), local("2027-03-28T05:00"))
    autumn = shifts(hourly, local("2027-10-31T00:00"), local("2027-10-31T05:00"))

    assert [(one.end - one.start) // timedelta(hours=1) for one in spring] == [1, 1, 1, 1]
    assert [(one.end - one.start) // timedelta(hours=1) for one in autumn] == [1, 1, 2, 1, 1]
    assert told(spring)[1:3] == ["28T01 ben", "28T03 ann"]  # the turn of 02:00, cat's, had no length


def test_hours_over_midnight_hold_through_the_night_in_which_clocks_are_set() -> None:
    nights = rota(layer(ANN, hours=Hours(EVERY_DAY, time(22), time(6))))

    for day, hours in (("2027-03-27", 7), ("2027-10-30", 9)):
        found = turns(nights, 0, local(f"{day}T12:00"), local(f"{day}T12:00") + timedelta(days=1))
        assert [one.end - one.start for one in found] == [timedelta(hours=hours)]


def test_a_later_layer_goes_before_an_earlier_one_and_leaves_it_the_rest() -> None:
    days = layer(BEN, hours=Hours(WEEKDAYS, time(9), time(17)))
    found = shifts(rota(layer(ANN), days), local("2027-01-08T12:00"), local("2027-01-11T12:00"))

    assert told(found) == ["08T12 ben", "08T17 ann", "11T09 ben"]
    assert [shift.layer for shift in found] == [1, 0, 1]


def test_who_left_is_nobody_in_their_layer_and_the_layer_below_shows_through() -> None:
    upper = layer(BEN, CAT)
    gone = upper.without([BEN])

    assert told(shifts(rota(gone), local("2027-01-04T09:00"), local("2027-01-06T09:00"))) == [
        "04T09 -", "05T09 cat",
    ]  # fmt: skip
    assert told(shifts(rota(layer(ANN), gone), local("2027-01-04T09:00"), local("2027-01-06T09:00"))) == [
        "04T09 ann", "05T09 cat",
    ]  # fmt: skip


def test_a_cover_goes_before_all_layers_and_the_newer_of_two_before_the_older() -> None:
    covers = (
        cover(BEN, "2027-01-05T12:00", "2027-01-06T12:00"),
        cover(CAT, "2027-01-05T18:00", "2027-01-05T20:00", 8),
    )
    found = shifts(rota(layer(ANN), covers=covers), local("2027-01-05T00:00"), local("2027-01-07T00:00"))

    assert told(found) == ["05T00 ann", "05T12 ben", "05T18 cat", "05T20 ben", "06T12 ann"]
    assert [shift.cover for shift in found] == [None, UUID(int=9), UUID(int=8), UUID(int=9), None]


def test_the_next_hand_over_is_to_another_person_and_not_to_the_next_layer() -> None:
    days = layer(ANN, hours=Hours(WEEKDAYS, time(9), time(17)))
    both = rota(layer(ANN, BEN, rotation="weekly"), days)
    handover = next_handover(both, local("2027-01-08T12:00"))

    assert handover is not None
    assert (handover.before, handover.after) == (ANN, BEN)
    assert handover.at == local("2027-01-11T17:00")
    assert on_call(both, local("2027-01-11T16:59")) == ANN
    assert on_call(both, local("2027-01-11T17:00")) == BEN


def test_the_next_hand_over_is_found_months_ahead_and_who_is_alone_never_hands_over() -> None:
    quarterly = layer(ANN, BEN, rotation="custom", every=90)
    handover = next_handover(rota(quarterly), local("2027-01-05T00:00"))

    assert handover is not None
    assert handover.at == local("2027-04-04T09:00")
    assert next_handover(rota(layer(ANN)), local("2027-01-05T00:00")) is None


def test_a_year_of_hourly_turns_costs_little_however_long_ago_they_began() -> None:
    hourly = layer(ANN, BEN, rotation="custom", unit="hours", start=date(2000, 1, 1))
    start = local("2027-01-01T00:00")
    began = process_time()
    found = shifts(rota(hourly), start, start + timedelta(days=365))

    assert process_time() - began < 0.5  # 40 ms on an idle core
    assert len(found) == 8758  # one is jumped over, one lasts two hours
    with pytest.raises(ValueError, match="400 days"):
        shifts(rota(hourly), start, start + LONGEST + timedelta(seconds=1))


people = st.sampled_from([ANN, BEN, CAT, None])
clock = st.times().map(lambda value: value.replace(second=0, microsecond=0))
hours = st.builds(Hours, st.frozensets(st.integers(0, 6), min_size=1), clock, clock)
layers = st.builds(
    Layer,
    name=st.just("one"),
    people=st.lists(people, min_size=1, max_size=4).map(tuple),
    rotation=st.sampled_from(["daily", "weekly", "custom"]),
    start=st.dates(date(2026, 10, 1), date(2027, 12, 1)),
    handoff=clock,
    weekday=st.integers(0, 6),
    every=st.integers(1, 50),
    unit=st.sampled_from(["hours", "days", "weeks"]),
    hours=st.none() | hours,
)
moments = st.datetimes(datetime(2026, 12, 1), datetime(2027, 12, 1)).map(lambda at: at.replace(tzinfo=UTC))
lengths = st.timedeltas(timedelta(minutes=1), timedelta(days=60))
covers = st.builds(
    lambda number, person, start, length: Cover(UUID(int=number), person, start, start + length),
    st.integers(10, 99), st.sampled_from([ANN, BEN, CAT]), moments, lengths,
)  # fmt: skip
rotas = st.builds(
    Rota,
    zone=st.sampled_from([VIENNA, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]),
    layers=st.lists(layers, min_size=1, max_size=3).map(tuple),
    covers=st.lists(covers, max_size=4).map(tuple),
)


@given(rotas, moments, lengths)
def test_shifts_cover_all_of_the_time_exactly_once(one: Rota, start: datetime, length: timedelta) -> None:
    found = shifts(one, start, start + length)

    assert found[0].start == start
    assert found[-1].end == start + length
    assert all(shift.start < shift.end for shift in found)
    assert all(first.end == second.start for first, second in pairwise(found))
    assert all(first.said_by != second.said_by for first, second in pairwise(found))


@given(rotas, moments, lengths, st.floats(0, 1, exclude_max=True))
def test_a_moment_alone_says_the_same_as_the_time_around_it(
    one: Rota, start: datetime, length: timedelta, share: float
) -> None:
    at = min(start + length * share, start + length - INSTANT)
    around = next(shift for shift in shifts(one, start, start + length) if shift.start <= at < shift.end)
    newest = next((cover for cover in reversed(one.covers) if cover.start <= at < cover.end), None)

    assert on_call(one, at) == around.person
    assert newest is None or around.person == newest.person
    assert newest is not None or on_call(replace(one, covers=()), at) == around.person
