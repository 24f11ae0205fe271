"""A path that can find several is followed beside the loop, however small the body is; any other on it."""

from __future__ import annotations

import pytest

from monitors.assertions.body import Body
from monitors.assertions.judging import takes_long
from monitors.assertions.model import Source
from monitors.assertions.reading import load

JSON = b'{"user": {"name": "Ada"}, "items": [{"id": 1, "tags": ["a"]}]}'


@pytest.mark.parametrize("source", ["BODY", "ANSWER"])
@pytest.mark.parametrize(
    ("path", "is_long"),
    [
        ("", False),
        ("$", False),
        (".user.name", False),
        (".items[0].tags[-1]", False),
        ('["a(b"]', False),
        (".items[*].id", True),
        (".items[1:]", True),
        ("..id", True),
        (".items[?@.id == 1].name", True),
        ("$..[*]..[*]", True),
        ("$..[?@..b || $..b]", True),
    ],
)
def test_only_a_path_to_one_place_is_followed_on_the_loop(source: str, path: str, is_long: bool) -> None:
    assertions = load([f"[{source}]{path} exists"], frozenset(Source))

    assert takes_long(assertions, {Source.BODY: Body(JSON), Source.ANSWER: JSON.decode()}) is is_long


@pytest.mark.parametrize("line", ["[BODY]..id exists", '[BODY] is valid {"type": "object"}'])
def test_what_did_not_come_takes_no_time(line: str) -> None:
    assert not takes_long(load([line], frozenset(Source)), {Source.CONNECTED: False})
