"""Uptime by durations: what was not measured is never up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.telemetry.models import Status
from monitors.uptime import Change, Span, Stretch, in_all, measure, merged, since, spans, without

START = datetime(2026, 5, 1, tzinfo=UTC)
END = START + timedelta(seconds=100)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


# (second, status) changes; [from, to) gaps; seconds up, down, unknown of 100
CASES = {
    "nothing known": ([], [], (0, 0, 100)),
    "up since long before": ([(-500, Status.UP)], [], (100, 0, 0)),
    "first result half way": ([(50, Status.UP)], [], (50, 0, 50)),
    "an outage within": ([(-1, Status.UP), (20, Status.DOWN), (50, Status.UP)], [], (70, 30, 0)),
    "down over the start": ([(-10, Status.DOWN), (5, Status.UP)], [], (95, 5, 0)),
    "still down": ([(-10, Status.UP), (90, Status.DOWN)], [], (90, 10, 0)),
    "paused is unknown": ([(-1, Status.UP), (40, Status.UNKNOWN), (60, Status.UP)], [], (80, 0, 20)),
    "pending is unknown": ([(-1, Status.PENDING), (40, Status.UP)], [], (60, 0, 40)),
    "degraded answers": ([(-1, Status.DEGRADED)], [], (100, 0, 0)),
    "flapping is not up": ([(-1, Status.FLAPPING)], [], (0, 100, 0)),
    "a gap while up": ([(-1, Status.UP)], [(10, 30)], (80, 0, 20)),
    "a gap while down": ([(-1, Status.DOWN)], [(10, 30)], (0, 80, 20)),
    "a gap over a change": ([(-1, Status.UP), (20, Status.DOWN)], [(10, 30)], (10, 70, 20)),
    "gaps that overlap and touch": ([(-1, Status.UP)], [(10, 30), (20, 40), (40, 45)], (65, 0, 35)),
    "a gap over both ends": ([(-1, Status.UP)], [(-50, 500)], (0, 0, 100)),
    "a change after the end": ([(-1, Status.UP), (200, Status.DOWN)], [], (100, 0, 0)),
    "two changes at one time: the later row holds": ([(10, Status.DOWN), (10, Status.UP)], [], (90, 0, 10)),
}


@pytest.mark.parametrize(("changes", "gaps", "expected"), CASES.values(), ids=CASES.keys())
def test_time_is_up_down_or_unknown(
    changes: list[tuple[float, Status]], gaps: list[tuple[float, float]], expected: tuple[int, int, int]
) -> None:
    covered = spans(
        [Change(at(second), status) for second, status in changes],
        [Stretch(at(first), at(last)) for first, last in gaps],
        START,
        END,
    )

    found = measure(covered)
    assert tuple(each.total_seconds() for each in (found.up, found.down, found.unknown)) == expected


def test_share_counts_measured_time_only() -> None:
    uptime = measure(
        [Span(at(0), at(30), Status.UP), Span(at(30), at(40), Status.DOWN), Span(at(40), END, Status.UNKNOWN)]
    )

    assert uptime.share == 0.75
    assert uptime.coverage == 0.4


def test_without_measurements_there_is_no_share() -> None:
    uptime = measure([Span(START, END, Status.UNKNOWN)])

    assert uptime.share is None
    assert uptime.coverage == 0


def test_since_cuts_the_span_that_reaches_over_the_start() -> None:
    covered = [Span(at(0), at(30), Status.UP), Span(at(30), at(60), Status.DOWN)]

    assert since(covered, at(40)) == [Span(at(40), at(60), Status.DOWN)]


def test_merged_leaves_out_what_has_no_length() -> None:
    assert merged([Stretch(at(5), at(5)), Stretch(at(1), at(2))]) == [Stretch(at(1), at(2))]


seconds = st.integers(-50, 150)
statuses = st.sampled_from(Status)


@given(st.lists(st.tuples(seconds, statuses)), st.lists(st.tuples(seconds, st.integers(1, 60))))
def test_spans_cover_the_stretch_without_hole_or_overlap(
    changes: list[tuple[int, Status]], gaps: list[tuple[int, int]]
) -> None:
    ordered = [Change(at(second), status) for second, status in sorted(changes, key=lambda each: each[0])]
    holes = [Stretch(at(first), at(first + length)) for first, length in gaps]

    covered = spans(ordered, holes, START, END)

    assert [covered[0].start, *(span.end for span in covered)] == [*(span.start for span in covered), END]
    for span in covered:
        in_a_hole = any(hole.start < span.end and hole.end > span.start for hole in holes)
        assert span.status is Status.UNKNOWN or not in_a_hole


stretches = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=12).map(
    lambda parts: [Stretch(at(start), at(start + length)) for start, length in parts]
)


def within(parts: list[Stretch]) -> set[int]:
    return {number for number in range(90) for part in parts if part.start <= at(number) < part.end}


@given(stretches, stretches, stretches)
def test_what_is_in_all_is_in_each(one: list[Stretch], two: list[Stretch], three: list[Stretch]) -> None:
    assert within(in_all([one, two, three])) == within(one) & within(two) & within(three)


@given(stretches, stretches)
def test_without_leaves_just_what_is_outside(known: list[Stretch], excluded: list[Stretch]) -> None:
    covered = [Span(part.start, part.end, Status.UP) for part in merged(known)]

    left = without(covered, excluded)
    assert within([Stretch(span.start, span.end) for span in left]) == within(known) - within(excluded)


def test_a_year_of_short_windows_and_short_gaps_is_worked_out_at_once() -> None:
    many = [Stretch(at(10 * number), at(10 * number + 5)) for number in range(20_000)]
    covered = [Span(at(7 * number), at(7 * number + 7), Status.UP) for number in range(20_000)]
    began = process_time()

    assert in_all([many, many[::2]])
    assert without(covered, many)
    assert process_time() - began < 3
