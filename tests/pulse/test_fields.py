"""Fields of many lines: all that is wrong is told, by line, and nothing of it but a name."""

from __future__ import annotations

from typing import Any

import pytest

from monitors.probes.metrics_queries import querying
from monitors.thresholds.reading import load
from pulse.fields import ConfigError, FieldError, boolean, named_lines, read_fields, read_lines


def even(item: Any) -> int:
    if not isinstance(item, int) or item % 2:
        raise FieldError("Use an even number.")
    return item


def test_lines_are_read_without_the_empty_ones() -> None:
    assert read_lines([2, "", 4, " \t"], even, 2, "numbers") == (2, 4)


def test_all_lines_that_are_wrong_are_told_with_their_numbers() -> None:
    with pytest.raises(FieldError) as complaint:
        read_lines([1, "", 2, "x"], even, 3, "numbers")

    assert complaint.value.sentences == ("Line 1: Use an even number.", "Line 4: Use an even number.")
    assert str(complaint.value) == "Line 1: Use an even number. Line 4: Use an even number."


def test_too_many_lines_are_refused_and_empty_ones_do_not_count() -> None:
    with pytest.raises(FieldError, match=r"Use at most 2 numbers; there are 3\."):
        read_lines([2, "", 2, 2], even, 2, "numbers")


def test_each_sentence_is_a_complaint_of_its_field() -> None:
    readers = {"even": lambda value: read_lines(value, even, 9, "numbers"), "is_on": boolean}

    with pytest.raises(ConfigError) as refused:
        read_fields({"even": [1, 3], "is_on": 1}, readers)

    assert [pointer for pointer, _ in refused.value.errors] == ["/even", "/even", "/is_on"]


@pytest.mark.parametrize(
    ("read", "lines"),
    [
        (load, ["avg(load", "", "nope(load) > 1 warn"]),
        (querying().read, ["= 1", "", "up"]),
    ],
)
def test_thresholds_and_queries_are_read_so(read: Any, lines: list[str]) -> None:
    with pytest.raises(FieldError) as complaint:
        read(lines)

    assert [sentence[:8] for sentence in complaint.value.sentences] == ["Line 1: ", "Line 3: "]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("A: 1\r\n\n B : 2: 3 ", {"A": "1", "B": "2: 3"}),
        ("A:", {"A": ""}),
        ("A secret", ("Write line 1 as “Name: value”: it has no colon.",)),
        (
            "A: 1\n\n: secret\nsecret\na: 2\nA: 3",
            (
                "Write a name before the colon of line 3.",
                "Write line 4 as “Name: value”: it has no colon.",
                "Write a on one line, its values joined by a comma: it is there twice.",
                "Write A on one line, its values joined by a comma: it is there twice.",
            ),
        ),
    ],
)
def test_lines_of_names_and_values(text: str, found: dict[str, str] | tuple[str, ...]) -> None:
    if isinstance(found, dict):
        assert named_lines(text) == found
        return
    with pytest.raises(FieldError) as complaint:
        named_lines(text)
    assert complaint.value.sentences == found
