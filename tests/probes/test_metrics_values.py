"""From series to a verdict: the grid, derived numbers with labels, and what is handed on to be stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.probes.metrics_queries import as_line, querying
from monitors.probes.metrics_settings import SETTINGS, MetricsConfig
from monitors.probes.metrics_values import work_out
from monitors.probes.sources.shape import Query, Series, SourceError, Window
from monitors.thresholds.model import Level
from pulse.fields import FieldError

END = 1_700_000_040  # a multiple of 60
WINDOW = Window(END - 600, END, 60)
AFTER = datetime.fromtimestamp(END - 120, UTC)


def config(**more: Any) -> MetricsConfig:
    return SETTINGS.load({"queries": ["a = 1", "b [s] = 1"], **more})


def series(name: str, *pairs: tuple[int, float], **labels: str) -> Series:
    """Pairs are (seconds before the end, value)."""
    points = sorted((datetime.fromtimestamp(END - ago, UTC), value) for ago, value in pairs)
    return Series(name, tuple(points), tuple(sorted(labels.items())))


def test_values_stand_at_the_beginning_of_their_step_and_the_last_of_a_step_counts() -> None:
    polled = work_out(config(), [series("a", (65, 1), (61, 2), (10, 3), (5, 4), (-1, 5), (9999, 6))], WINDOW)

    assert [(int(at.timestamp()) - END, value) for at, value in polled.points["a", ()]] == [
        (-120, 2),
        (-60, 4),
        (0, 5),
    ]


def test_a_derived_number_is_worked_out_where_all_its_operands_have_a_value() -> None:
    found = [series("a", (120, 1), (60, 2), (0, 3)), series("b", (60, 4), (0, 0))]
    polled = work_out(config(derived=["c [1/s] = a / b", "d = c * 2"]), found, WINDOW)

    assert [value for _, value in polled.points["c", ()]] == [0.5]  # a division by zero has no value
    assert [value for _, value in polled.points["d", ()]] == [1.0]
    assert polled.units == {"a": "", "b": "s", "c": "1/s", "d": ""}


def test_labels_are_matched_and_a_series_without_goes_with_all() -> None:
    found = [series("a", (0, 8), host="x"), series("a", (0, 6), host="y"), series("b", (0, 2))]
    polled = work_out(config(derived=["c = a / b"]), found, WINDOW)

    assert {labels: points[0][1] for (name, labels), points in polled.points.items() if name == "c"} == {
        (("host", "x"),): 4, (("host", "y"),): 3,
    }  # fmt: skip


def test_series_with_different_labels_have_nothing_to_do_with_each_other() -> None:
    found = [series("a", (0, 8), host="x"), series("b", (0, 2), disk="y")]

    assert {name for name, _ in work_out(config(derived=["c = a / b"]), found, WINDOW).points} == {"a", "b"}


def test_a_threshold_looks_at_derived_numbers_and_says_its_unit() -> None:
    limits = ['last(c{host="y"}) > 2 crit']
    found = [series("a", (0, 6), host="y"), series("b", (0, 2))]
    polled = work_out(config(derived=["c [%] = a / b"], thresholds=limits), found, WINDOW)

    assert polled.judgement.level is Level.CRITICAL
    assert polled.judgement.sentence == 'c{host="y"} is 3 %; critical is > 2'


def test_what_was_handed_on_is_not_handed_on_again() -> None:
    polled = work_out(config(), [series("a", (180, 1), (120, 2), (60, 3)), series("b", (180, 1))], WINDOW)

    assert [(points.name, len(points.points)) for points in polled.samples(None)] == [("a", 3), ("b", 1)]
    (points,) = polled.samples(AFTER)
    assert (points.name, points.unit, points.points) == ("a", "", [(AFTER + timedelta(minutes=1), 3)])


def test_too_many_series_or_values_are_refused() -> None:
    with pytest.raises(SourceError, match="more than 50 series"):
        work_out(config(), [series("a", (0, 1), host=str(number)) for number in range(51)], WINDOW)
    many = Series("a", ((AFTER, 1.0),) * 20_001)
    with pytest.raises(SourceError, match="more than 20,000 values"):
        work_out(config(), [many], WINDOW)


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.]{0,20}", fullmatch=True).filter(
    lambda name: name not in ("min", "max", "abs", "round")
)
words = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=40)
units = st.text("%/msKiB°", max_size=6)


@given(names, units, words)
def test_a_query_is_read_as_it_was_written_as_line_and_as_object(name: str, unit: str, text: str) -> None:
    query = Query(name, unit, text)
    setting = querying()

    assert setting.read([as_line(query)]) == (query,)
    assert setting.read([{"name": name, "unit": unit, "query": text}]) == (query,)
    assert setting.read(setting.write((query,))) == (query,)


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("just words", "name [unit] = query"), ("1a = x", "name [unit] = query"), ("a [x = y", "name [unit] = query"),
        ("a [seventeen letters] = x", "at most 16"), ("round = x", "round is a function"),
        ("a = " + "x" * 4001, "4,000"),
        ("a = x\x07y", "printable"), (7, "name [unit] = query"), ({"name": "a"}, "Write the query as text"),
        ({"name": "a b", "query": "x"}, "Give it a name"), ({"name": "a", "query": "x", "of": 1}, "unknown field 'of'"),
        ({"name": "a", "unit": "[", "query": "x"}, "without brackets"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_says_which_and_what_to_change(line: Any, remedy: str) -> None:
    with pytest.raises(FieldError) as refused:
        querying().read(["ok = 1", line])
    assert str(refused.value).startswith("Line 2: ")
    assert remedy in str(refused.value)


@pytest.mark.parametrize("line", ["a" + " " * 200_000 + "x", "a [" + " " * 200_000, " " * 200_000 + "a"])
def test_a_line_of_blanks_is_refused_at_once(line: str) -> None:
    before = process_time()
    with pytest.raises(FieldError, match=r"^Line 1: Shorten it to at most 4,000 characters\.$"):
        querying().read([line])
    assert process_time() - before < 0.5
