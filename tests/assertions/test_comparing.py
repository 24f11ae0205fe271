"""What a path finds and what a text reads as is compared as people mean it: lists, single finds, whole numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitors.assertions.body import Body
from monitors.assertions.judging import judge
from monitors.assertions.model import Checked, Source
from monitors.assertions.reading import load

BODY = {
    "items": [
        {"id": 1, "name": "fatal error", "tags": ["a", "b"], "status": "up"},
        {"id": 12, "name": "fine", "tags": ["b"], "status": "up"},
    ]
}
FACTS: dict[Source, Any] = {Source.BODY: Body(json.dumps(BODY).encode())}


def checked(line: str, facts: dict[Source, Any]) -> Checked:
    [found] = judge(load([line], frozenset(Source)), facts)
    return found


@pytest.mark.parametrize(
    ("line", "ok"),
    [
        ('len([BODY].items[?@.status=="down"]) == 0', True),
        ('len([BODY].items[?@.status=="up"]) == 2', True),
        ("len([BODY]..none) < 1", True),
        ("len([BODY].items[5:]) in 0, 1", True),
        ("len([BODY].none) == 0", False),
    ],
)
def test_what_can_find_several_finds_a_list_that_may_be_empty(line: str, ok: bool) -> None:
    assert checked(line, FACTS).ok is ok


@pytest.mark.parametrize("line", ['[BODY].items[?@.id==7].name not contains "x"', "[BODY]..none != 1"])
def test_what_is_said_of_a_value_fails_where_none_is_found(line: str) -> None:
    assert checked(line, FACTS).problem == "the body has nothing there"


@pytest.mark.parametrize(
    ("path", "expected", "contains"),
    [
        (".items[?@.id==1].name", '"error"', True),
        (".items[?@.id==1].name", '"fatal error"', True),
        (".items[?@.id==12].name", '"error"', False),
        (".items[?@.id==1].tags", "a", True),
        (".items[?@.id==12].tags", "a", False),
        (".items[?@.id==12]", "name", True),
        (".items[?@.id==12].id", "12", True),
        (".items[?@.id==12].id", "1", False),
        (".items[*].name", '"error"', False),
        (".items[*].name", "fine", True),
    ],
)
def test_a_find_of_exactly_one_counts_as_its_value_too(path: str, expected: str, contains: bool) -> None:
    assert checked(f"[BODY]{path} contains {expected}", FACTS).ok is contains
    assert checked(f"[BODY]{path} not contains {expected}", FACTS).ok is not contains


def test_the_one_record_of_an_answer_is_an_item() -> None:
    assert not checked("[RECORDS] contains 192.0.2.1", {Source.RECORDS: ["192.0.2.17"]}).ok


@pytest.mark.parametrize("answer", ["1234567890123456789", 1234567890123456789])
@pytest.mark.parametrize(
    ("rest", "ok"),
    [
        ("== 1234567890123456789", True),
        ("!= 1234567890123456789", False),
        ("== 1234567890123456788", False),
        ("< 1234567890123456789", False),
        ("> 1234567890123456788", True),
        ("in 7, 1234567890123456789", True),
        ('== "1234567890123456789"', True),
    ],
)
def test_whole_numbers_are_compared_to_their_last_digit(answer: str | int, rest: str, ok: bool) -> None:
    assert checked(f"[ANSWER] {rest}", {Source.ANSWER: answer}).ok is ok


@pytest.mark.parametrize("answer", ["12.50", " 12.5\n", "1.25e1", 12.5])
def test_other_numbers_are_compared_by_value(answer: str | float) -> None:
    assert checked("[ANSWER] == 12.5", {Source.ANSWER: answer}).ok
    assert checked("[ANSWER] > 12", {Source.ANSWER: answer}).ok
