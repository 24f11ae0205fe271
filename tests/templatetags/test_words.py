"""Times and figures read the same on every page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pulse.templatetags.figures import begun, figure, milliseconds, percent, thousands
from pulse.templatetags.times import duration, relative

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (None, "—"),
        (-3, "0 s"),
        (0.42, "0.4 s"),
        (9, "9 s"),
        (59.6, "1 min"),
        (timedelta(minutes=14, seconds=6), "14 min 6 s"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=3, hours=4, minutes=59), "3 d 4 h"),
    ],
)
def test_a_length_of_time_has_its_two_largest_units(length: timedelta | float | None, words: str) -> None:
    assert duration(length) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (4, "just now"),
        (-4, "just now"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (7199, "1 h ago"),
        (-7200, "in 2 h"),
    ],
)
def test_a_moment_is_told_from_now_in_one_unit(seconds: int, words: str) -> None:
    assert relative(NOW - timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (None, "—"),
        (0, "0"),
        (1, "100"),
        (0.999999, "99.999"),
        (0.99912, "99.912"),
        (0.5, "50"),
        (1 / 3, "33.333"),
    ],
)
def test_only_a_flawless_record_is_100_percent(share: float | None, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "—"),
        (0.42, "0.4 ms"),
        (7.25, "7.2 ms"),
        (812.4, "812 ms"),
        (9_999, "9,999 ms"),
        (12_400, "12.4 s"),
    ],
)
def test_latency_keeps_the_digits_that_matter(value: float | None, words: str) -> None:
    assert milliseconds(value) == words


def test_thousands_are_set_apart() -> None:
    assert (thousands(1284), thousands(None)) == ("1,284", "—")


@pytest.mark.parametrize(
    ("value", "words"),
    [(50_291_334.736, "50.29 M"), (30.0, "30"), (0.1234567, "0.123"), ("TLS 1.3", "TLS 1.3"), (True, True)],
)
def test_a_number_has_four_digits_at_most(value: object, words: object) -> None:
    assert figure(value) == words


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("answered 503", "Answered 503"),
        ("time-out: no answer", "Time-out: no answer"),
        ("cpu.percent is 97", "cpu.percent is 97"),
        ('gor{job="a"} is 30', 'gor{job="a"} is 30'),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_but_names_stay(text: str, sentence: str) -> None:
    assert begun(text) == sentence
