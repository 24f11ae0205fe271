"""What is not there is told apart from what nobody could look at: only the first is `not exists`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitors.assertions.body import Beginning, Body
from monitors.assertions.judging import judge
from monitors.assertions.model import Checked, Source
from monitors.assertions.reading import load

MIB = 1 << 20
MANY = Body(json.dumps(list(range(1001))).encode())


def checked(line: str, facts: dict[Source, Any]) -> Checked:
    [found] = judge(load([line], frozenset(Source)), facts)
    return found


def nested(levels: int) -> Body:
    return Body(b'{"a":' * levels + b'{"error": 1}' + b"}" * levels)


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("[BODY].error not exists", b'{"fine": 1}'),
        ("[BODY]..error not exists", b'{"fine": [{"a": 1}]}'),
        ("[BODY].error not exists", b"<html>"),
        ("[BODY].error not exists", b""),
        ("[BODY].error not exists", b'{"error": NaN}'),
        ("[HEADER].x-error not exists", b""),
    ],
)
def test_what_is_not_there_is_absent(line: str, body: bytes) -> None:
    found = checked(line, {Source.BODY: Body(body), Source.HEADER: {"x-fine": "1"}})

    assert (found.ok, found.problem) == (True, "")


@pytest.mark.parametrize(
    ("line", "value", "problem"),
    [
        ("[BODY].error", Body(b'{"n": 1e999}'), "the body has a number that is too large"),
        ("[BODY].error", Body(b'{"n": %s}' % (b"9" * 5000)), "the body has a number that is too large"),
        ("[BODY].error", Body(b'{"a":' * 100_000), "the body is nested too deeply"),
        (
            "[BODY].error",
            Body(b'{"a": "%s"}' % (b"a" * MIB)),
            "the body is larger than 1 MiB, too large to be read as JSON",
        ),
        ("[BODY].error", Body(b'{"a": 1, ', is_cut=True), "the body is longer than what is read of it"),
        ("[ANSWER].error", Beginning('{"a": 1, '), "the answer is longer than what is read of it"),
        ("[ANSWER].error", '{"n": 1e999}', "the answer has a number that is too large"),
        ("[BODY]..error", nested(101), "the value is nested too deeply"),
    ],
)
def test_what_nobody_could_look_at_is_neither_there_nor_absent(line: str, value: Any, problem: str) -> None:
    facts = {Source.BODY: value, Source.ANSWER: value}

    for operator in ("exists", "not exists"):
        found = checked(f"{line} {operator}", facts)
        assert (found.ok, found.problem) == (False, problem)


def test_a_hundred_levels_are_looked_at() -> None:
    facts = {Source.BODY: nested(100)}

    assert checked("[BODY]..error exists", facts).ok
    assert checked("[BODY]..none not exists", facts).ok


def test_of_more_values_than_can_be_compared_it_is_known_that_they_exist() -> None:
    facts = {Source.BODY: MANY}

    assert checked("[BODY][*] exists", facts).ok
    assert checked("len([BODY][*]) == 1001", facts).ok
    absent = checked("[BODY][*] not exists", facts)
    assert (absent.ok, absent.problem) == (False, "")
    assert str(absent.value).startswith("[0, 1, 2")
    assert checked("[BODY][*] contains 7", facts).problem == (
        "the path finds 1,001 values; at most 1,000 can be compared"
    )
