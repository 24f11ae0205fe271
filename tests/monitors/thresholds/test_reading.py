"""Thresholds as people and scripts write them, and as they are written back."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.thresholds.model import Bound, Comparison, Function, Selector, Threshold
from monitors.thresholds.reading import load
from monitors.thresholds.setting import thresholding
from monitors.thresholds.writing import as_lines, text
from pulse.fields import FieldError

MORE, LESS = Comparison.MORE, Comparison.LESS


def one(line: Any) -> Threshold:
    (threshold,) = load([line])
    return threshold


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("avg(cpu.percent, 5m) > 80 warn, > 95 crit",
         Threshold(Function.AVG, Selector("cpu.percent"), 300, Bound(MORE, 80), Bound(MORE, 95))),
        ("last(cpu) > 80 critical", Threshold(Function.LAST, Selector("cpu"), 300, None, Bound(MORE, 80))),
        ("MIN( memory.free , 1h30m )<500M crit,<1G warn",
         Threshold(Function.MIN, Selector("memory.free"), 5400, Bound(LESS, 1e9), Bound(LESS, 5e8))),
        ('any(disk.used_percent{mount="/", host="a,b}"}, 90s) >= 90% warn',
         Threshold(Function.ANY, Selector("disk.used_percent", (("host", "a,b}"), ("mount", "/"))), 90,
                   Bound(Comparison.AT_LEAST, 90))),
        ("rate(errors) > 1.5e-3 crit", Threshold(Function.RATE, Selector("errors"), 300, None, Bound(MORE, 0.0015))),
        ("all(t, 1d) <= -5 crit",
         Threshold(Function.ALL, Selector("t"), 86_400, None, Bound(Comparison.AT_MOST, -5))),
        ({"function": "max", "series": "memory", "labels": {"host": "a"}, "window_seconds": 60, "warning": "> 2Ki"},
         Threshold(Function.MAX, Selector("memory", (("host", "a"),)), 60, Bound(MORE, 2048))),
    ],
)  # fmt: skip
def test_a_threshold_is_read_and_written_so_that_it_is_read_the_same(line: Any, expected: Threshold) -> None:
    assert one(line) == expected
    assert one(text(expected)) == expected


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("cpu > 80 crit", "Begin with a function of a series"),
        ("median(cpu) > 80 crit", "use one of avg, max, min, last, all, any, rate"),
        ("avg(cpu, 5 minutes) > 80 crit", "duration from 1s to 24h"),
        ("avg(cpu, 0s) > 80 crit", "duration from 1s to 24h"),
        ("avg(cpu, 2d) > 80 crit", "duration from 1s to 24h"),
        ("avg(cpu, 5m > 80 crit", "Close the bracket"),
        ("avg(, 5m) > 80 crit", "Name a series"),
        ("avg(cpu{host=a}) > 80 crit", "Write labels as in"),
        ("avg(cpu{host=\"a\") > 80 crit", "Write labels as in"),
        ("avg(cpu)", "comparison, a number and warn or crit"),
        ("avg(cpu) > 80", "comparison, a number and warn or crit"),
        ("avg(cpu) == 80 crit", "comparison, a number and warn or crit"),
        ("avg(cpu) > 80 crit, > 70 warn more", "comparison, a number and warn or crit"),
        ("avg(cpu) > 80 crit,", "Remove the comma"),
        ("avg(cpu) > eighty crit", "Write a number instead of 'eighty'"),
        ("avg(cpu) > nan crit", "Write a number instead of 'nan'"),
        ("avg(cpu) > 1e999 crit", "Write a number instead of '1e999'"),
        ("avg(cpu) > 80 warn, > 90 warn", "only one warning bound"),
        ("avg(cpu) > 80 warn, > 70 crit", "Set the critical bound above the warning's"),
        ("avg(cpu) < 10 warn, < 20 crit", "Set the critical bound below the warning's"),
        ("avg(cpu) < 10 warn, > 20 crit", "Let both bounds look in the same direction"),
        ("avg(" + "c" * 2000 + ") > 1 crit", "at most 1,000 characters"),
        (17, "as an object with function and series"),
        ({"function": "avg"}, "Name the series"),
        ({"function": "avg", "series": "cpu"}, "Give a warning or a critical bound"),
        ({"function": ["avg"], "series": "cpu"}, "Use one of these as the function"),
        ({"function": "avg", "series": "cpu", "critical": 80}, 'like "> 80"'),
        ({"function": "avg", "series": "cpu", "critical": "> 8", "window_seconds": True}, "whole number of seconds"),
        ({"function": "avg", "series": "cpu", "critical": "> 8", "labels": {"a": 1}}, "names and texts"),
        ({"function": "avg", "series": "cpu", "limit": 8}, "Remove the unknown field 'limit'"),
    ],
)  # fmt: skip
def test_a_complaint_names_the_line_and_what_to_change(line: Any, remedy: str) -> None:
    with pytest.raises(FieldError) as refused:
        load(["last(cpu) > 1 crit", "", line])
    assert str(refused.value).startswith("Line 3: ")
    assert remedy in str(refused.value)


def test_no_more_than_fifty_are_read() -> None:
    assert len(load(["last(cpu) > 1 crit"] * 50)) == 50
    with pytest.raises(FieldError, match="at most 50"):
        load(["last(cpu) > 1 crit"] * 51)


def test_the_setting_writes_what_it_reads() -> None:
    setting = thresholding()
    lines = ["avg(cpu, 5m) > 80 warn, > 95 crit", 'min(free{mount="/"}, 30s) < 0.5 crit']
    assert setting.write(setting.read(lines)) == lines
    assert setting.write(setting.default) == []


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.:/-]{0,20}", fullmatch=True)
limits = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.sampled_from(Function), names, st.dictionaries(names, st.text(max_size=20), max_size=3),
    st.integers(1, 86_400), st.sampled_from(Comparison), st.lists(limits, min_size=2, max_size=2),
)  # fmt: skip
def test_whatever_is_written_is_read_the_same(
    function: Function,
    name: str,
    labels: dict[str, str],
    window_s: int,
    comparison: Comparison,
    two: list[float],
) -> None:
    near, far = sorted(two, reverse=not comparison.is_upper)
    selector = Selector(name, tuple(sorted(labels.items())))
    threshold = Threshold(function, selector, window_s, Bound(comparison, near), Bound(comparison, far))
    (line,) = as_lines([threshold])
    assert len(line) > 1000 or one(line) == threshold


@given(st.text(max_size=60) | st.from_regex(r"avg\(.{0,20}\) [<>=]{1,2} .{0,10}(warn|crit)?", fullmatch=True))
def test_no_text_breaks_the_reader(line: str) -> None:
    with suppress(FieldError):
        load([line])


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("avg(memory) > 10Gi crit", "avg(memory, 5m) > 10Gi crit"),
        ("last(disk) < 2000000000 warn", "last(disk, 5m) < 2G warn"),
        ("last(load) > 10k warn", "last(load, 5m) > 10000 warn"),
        ("last(load) > 1500001 warn", "last(load, 5m) > 1500001 warn"),
    ],
)
def test_large_round_bounds_keep_their_prefix(line: str, written: str) -> None:
    assert text(one(line)) == written
