"""The bar shows the worst of each slot, by time, and says so in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pulse.charts.uptime_bar import HEIGHTS, Slot, SlotState, Span, bucket, draw

START = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
UP, DOWN, DEGRADED = SlotState.UP, SlotState.DOWN, SlotState.DEGRADED
MAINTENANCE, UNKNOWN = SlotState.MAINTENANCE, SlotState.UNKNOWN


def span(first: float, last: float, state: SlotState) -> Span:
    return Span(START + HOUR * first, START + HOUR * last, state)


def states(spans: list[Span], count: int = 4) -> list[SlotState]:
    return [slot.state for slot in bucket(spans, START, START + HOUR * 4, count)]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]),
        ([span(0, 4, UP)], [UP, UP, UP, UP]),
        ([span(-9, 99, UP)], [UP, UP, UP, UP]),
        ([span(1, 2, UP)], [UNKNOWN, UP, UNKNOWN, UNKNOWN]),
        ([span(0, 1.5, UP), span(1.5, 2.1, DOWN), span(2.1, 4, UP)], [UP, DOWN, DOWN, UP]),
        ([span(2.1, 4, UP), span(1.5, 2.1, DOWN), span(0, 1.5, UP)], [UP, DOWN, DOWN, UP]),
        ([span(0, 4, UP), span(1, 2, MAINTENANCE)], [UP, MAINTENANCE, UP, UP]),
        (
            [span(0, 4, MAINTENANCE), span(1.2, 1.3, DEGRADED)],
            [MAINTENANCE, DEGRADED, MAINTENANCE, MAINTENANCE],
        ),
        ([span(3, 2, DOWN), span(5, 6, DOWN), span(-2, 0, DOWN)], [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]),
    ],
)
def test_a_slot_takes_the_worst_state_that_touches_it(spans: list[Span], expected: list[SlotState]) -> None:
    assert states(spans) == expected


def test_a_slot_says_how_long_its_state_lasted() -> None:
    slots = bucket([span(0, 4, UP), span(0.5, 1.25, DOWN)], START, START + HOUR * 4, 4)

    assert [slot.lasted for slot in slots[:2]] == [HOUR / 2, HOUR / 4]


@pytest.mark.parametrize(("end", "count"), [(START, 4), (START + HOUR, 0)])
def test_a_bar_needs_time_and_slots(end: datetime, count: int) -> None:
    with pytest.raises(ValueError, match="end after its start"):
        bucket([], START, end, count)


def slots(*given: SlotState) -> list[Slot]:
    return [
        Slot(START + HOUR * place, START + HOUR * (place + 1), state) for place, state in enumerate(given)
    ]


def test_equal_neighbours_are_one_stroke() -> None:
    bar = draw(slots(UP, UP, DOWN, UP))

    assert [(run.state, run.path) for run in bar.runs] == [("down", "M8 12h3"), ("up", "M0 17h7M12 17h3")]
    assert bar.width == 15


def test_every_state_but_silence_has_a_height_of_its_own() -> None:
    told = [HEIGHTS[state] for state in SlotState if state is not UNKNOWN]

    assert len(set(told)) == len(told)


def test_slots_are_drawn_in_the_order_of_time() -> None:
    bar = draw(list(reversed(slots(UP, DOWN, DEGRADED))))

    assert [each.slot.state for each in bar.bars] == [UP, DOWN, DEGRADED]
    assert [each.x for each in bar.bars] == [0, 4, 8]


@pytest.mark.parametrize(
    ("given", "summary"),
    [
        ((), "nothing measured yet"),
        ((UP, UP), "up throughout"),
        ((UNKNOWN,), "not measured throughout"),
        ((UP, UP, DOWN), "of 3 slots, down in 1, up in 2; now down"),
        ((UNKNOWN, MAINTENANCE), "of 2 slots, in maintenance in 1, not measured in 1; now in maintenance"),
    ],
)
def test_the_summary_says_what_the_bar_shows(given: tuple[SlotState, ...], summary: str) -> None:
    assert draw(slots(*given)).summary == summary
