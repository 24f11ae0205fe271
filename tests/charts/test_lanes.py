"""Lanes of very many marks stay small, and show what few of them would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pulse.charts import lanes

START = datetime(2026, 5, 1, tzinfo=UTC)
END = START + timedelta(seconds=1000)


def path(*marks: tuple[float, float]) -> str:
    """Of marks (from, to) in seconds, which are units of the axis too."""
    row = [
        lanes.Mark(START + timedelta(seconds=first), START + timedelta(seconds=last), "down")
        for first, last in marks
    ]
    (drawn,) = lanes.draw([("It", "", row)], start=START, end=END, zone=UTC).rows
    return "".join(text for _, text in drawn.paths)


def test_marks_that_can_be_told_apart_are_each_drawn() -> None:
    assert path((0, 10), (20, 30), (100, 100), (104, 104)).count("M") == 4


def test_a_mark_that_nobody_could_see_beside_the_one_before_is_left_out() -> None:
    assert path((0, 10), (2, 5), (100, 100), (100.1, 100.2)).count("M") == 2
    assert len(path(*((number / 50, number / 50 + 0.01) for number in range(50_000)))) < 60_000


def test_one_that_reaches_further_is_drawn_also_where_it_begins_beside_another() -> None:
    assert path((100, 100), (100.1, 300)).count("M") == 2
