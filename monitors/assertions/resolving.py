"""Find the value that an assertion is about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from monitors.assertions.body import Beginning, Body, Unreadable, parse_json
from monitors.assertions.budget import spend
from monitors.assertions.model import WITHOUT_EXPECTED, Assertion, Operator, Source
from monitors.assertions.paths import compile_path

LONGEST_SHOWN = 200
# A path that finds more is not what anyone compares with.
MOST_FOUND = 1000
# Nobody else's check goes on while JSON is read, in a thread neither: a MiB takes some 50 ms, and 20 times its size.
LARGEST_JSON = 1 << 20

_WORDS = {
    Source.BODY: "the body",
    Source.ANSWER: "the answer",
}


class Missing(Exception):
    """There is no such value; the text says why, without any content."""


class CannotTell(Missing):
    """Nobody could look, because of a limit of ours: there may well be such a value."""


class Found(list[Any]):
    """The values that a JSONPath with several results found; one alone also stands for itself."""


def resolve(assertion: Assertion, facts: Mapping[Source, Any]) -> Any:
    """JSON, or `Found`; raises Missing."""
    value = facts.get(assertion.source)
    if value is None:
        raise Missing("the check brought none")
    if assertion.source is Source.HEADER:
        value = value.get(assertion.name)
        if value is None:
            raise Missing("there is no such header")
    elif assertion.name or assertion.operator is Operator.IS_VALID:
        value = _within(assertion, value)
    elif isinstance(value, Body):
        value = value.text
    return _length(value) if assertion.length else value


def _within(assertion: Assertion, value: Any) -> Any:
    word = _WORDS.get(assertion.source, "the value")
    document = _document(word, value)
    if not assertion.name:
        return document
    path = compile_path(assertion.name)
    found = path.values(document)
    if path.single and found:
        return found[0]
    if not found and (path.single or not assertion.length):
        raise Missing(f"{word} has nothing there")
    if len(found) > MOST_FOUND and not assertion.length and assertion.operator not in WITHOUT_EXPECTED:
        raise CannotTell(f"the path finds {len(found):,} values; at most {MOST_FOUND:,} can be compared")
    return Found(found)


def _document(word: str, value: Any) -> Any:
    """`value` as decoded JSON; raises Missing where it is none, CannotTell where a limit keeps us from knowing."""
    if isinstance(value, Beginning) or (isinstance(value, Body) and value.is_cut):
        raise CannotTell(f"{word} is longer than what is read of it")
    spend(1 + (len(value.raw) if isinstance(value, Body) else len(str(value))) // 500)
    if isinstance(value, Body) and len(value.raw) > LARGEST_JSON:
        raise CannotTell(f"{word} is larger than {LARGEST_JSON >> 20} MiB, too large to be read as JSON")
    try:
        if isinstance(value, Body):
            return value.json()
        # What came with a structure of its own, like a list of Redis, is no text that could be JSON.
        return value if isinstance(value, list | dict) else parse_json(str(value))
    except ValueError as error:
        kind = CannotTell if isinstance(error, Unreadable) else Missing
        raise kind(str(error).replace("it ", f"{word} ", 1)) from None


def _length(value: Any) -> int:
    if isinstance(value, str | list | dict):
        return len(value)
    raise Missing(f"{_article(value)} has no length")


def _article(value: Any) -> str:
    return "null" if value is None else "a boolean" if isinstance(value, bool) else "a number"


def shown(value: Any) -> Any:
    """`value` as evidence keeps it: JSON, cut at 200 characters."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_SHOWN else f"{value[: LONGEST_SHOWN - 1]}…"
    if not isinstance(value, list | dict):
        return value
    written = ""
    for piece in json.JSONEncoder(ensure_ascii=False).iterencode(value):
        written += piece[:LONGEST_SHOWN]
        if len(written) > LONGEST_SHOWN:
            return f"{written[: LONGEST_SHOWN - 1]}…"
    return list(value) if isinstance(value, list) else value
