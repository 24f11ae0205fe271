"""The latency chart tells answers, failures, outages and silence apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pulse.charts.downsampling import Sample
from pulse.charts.latency import LatencyChart, Outage, draw

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def chart(samples: list[Sample], minutes: int = 10, **options: Any) -> LatencyChart:
    return draw(samples, start=START, end=START + MINUTE * minutes, interval=MINUTE, zone=UTC, **options)


def answers(*places: int, wait: float = 80) -> list[Sample]:
    return [Sample(START + MINUTE * place, dns=4, connect=6, tls=10, wait=wait) for place in places]


def bands(found: LatencyChart) -> list[tuple[str, str]]:
    return [(band.x, band.width) for band in found.gaps]


def test_phases_are_stacked_in_the_order_they_happen() -> None:
    found = chart(answers(*range(10)))

    assert [area.word for area in found.areas] == ["DNS", "Connect", "TLS", "First byte"]
    assert found.areas[0].path.startswith("M0 192L")
    assert found.areas[3].path.startswith("M0 0L")


def test_a_phase_that_took_no_time_is_left_out() -> None:
    found = chart([Sample(START, wait=50)])

    assert [area.phase for area in found.areas] == ["wait"]


def test_a_lone_answer_is_as_wide_as_its_bucket() -> None:
    found = chart(answers(5))

    assert found.areas[0].path == "M500 192L550 192L600 192L600 200L550 200L500 200Z"


def test_silence_is_hatched_and_never_bridged() -> None:
    found = chart(answers(0, 1, 5, 6, 7, 8, 9))

    assert bands(found) == [("200", "300")]
    assert found.areas[0].path.count("M") == 2


def test_the_check_still_under_way_is_not_a_gap() -> None:
    assert bands(chart(answers(*range(9)))) == []


def test_a_failed_check_is_a_mark_and_not_silence() -> None:
    found = chart([*answers(0, 1, 3, 4, 5, 6, 7, 8, 9), Sample(START + MINUTE * 2, ok=False)])

    assert bands(found) == []
    assert [(band.x, band.width) for band in found.failures] == [("200", "100")]
    assert found.areas[0].path.count("M") == 2


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(-5, 2, [("0", "200")]), (8, 99, [("800", "200")]), (20, 30, []), (-9, -1, []), (3, 3, [])],
)
def test_outages_are_shaded_inside_the_plot(first: int, last: int, expected: list[tuple[str, str]]) -> None:
    found = chart(answers(0), outages=[Outage(START + MINUTE * first, START + MINUTE * last)])

    assert [(band.x, band.width) for band in found.outages] == expected


def test_a_spike_is_marked_at_the_edge_and_does_not_set_the_scale() -> None:
    found = chart([*answers(*range(99)), *answers(99, wait=30_000)], minutes=100)

    assert found.y_ticks[0].label == "150 ms"
    assert len(found.over) == 1


@pytest.mark.parametrize(
    ("limit", "drawn", "label"),
    [(None, False, ""), (100, True, "100 ms"), (250, True, "250 ms"), (5000, False, "5 s")],
)
def test_the_limit_is_drawn_while_it_leaves_the_rest_legible(
    limit: float | None, drawn: bool, label: str
) -> None:
    found = chart(answers(*range(10)), limit=limit)

    assert found.limit_label == label
    assert bool(found.limit) is drawn


def test_nothing_measured_is_one_hatch_and_a_sentence() -> None:
    found = chart([])

    assert bands(found) == [("0", "1000")]
    assert (found.areas, found.rows, found.summary) == ((), (), "Nothing measured in this time.")


def test_only_failures_say_so() -> None:
    found = chart([Sample(START + MINUTE * place, ok=False) for place in range(10)])

    assert found.summary == "No answer: 10 checks failed."
    assert found.rows[0].cells == ("20 Nov 12:00", *["—"] * 7, "1")


def test_the_slowest_line_appears_when_buckets_hold_several_answers() -> None:
    assert chart(answers(*range(10))).slowest == ""
    assert chart(answers(*range(400)), minutes=400).slowest.startswith("M0 ")


def test_samples_may_come_in_any_order() -> None:
    samples = [*answers(0, 1, 2), *answers(3, wait=200)]

    assert chart(samples) == chart(list(reversed(samples)))


def test_a_month_of_checks_stays_a_small_picture() -> None:
    found = draw(
        answers(*range(0, 43_200, 5)),
        start=START,
        end=START + MINUTE * 43_200,
        interval=MINUTE * 5,
        zone=UTC,
    )

    assert len(found.rows) <= 200
    assert sum(len(area.path) for area in found.areas) < 25_000
