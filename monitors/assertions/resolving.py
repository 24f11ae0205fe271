"""Find the value that an assertion is about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from monitors.assertions.body import Body, parse_json
from monitors.assertions.budget import spend
from monitors.assertions.model import Assertion, Operator, Source
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
    try:
        spend(1 + (len(value.raw) if isinstance(value, Body) else len(str(value))) // 500)
        if isinstance(value, Body):
            if len(value.raw) > LARGEST_JSON:
                raise Missing(f"{word} is larger than {LARGEST_JSON >> 20} MiB, too large to be read as JSON")
            document = value.json()
        else:  # what came with a structure of its own, like a list of Redis, is no text that could be JSON
            document = value if isinstance(value, list | dict) else parse_json(str(value))
    except ValueError as error:
        raise Missing(str(error).replace("it ", f"{word} ", 1)) from None
    if not assertion.name:
        return document
    path = compile_path(assertion.name)
    found = path.values(document)
    if not found:
        raise Missing(f"{word} has nothing there")
    if path.single:
        return found[0]
    if len(found) > MOST_FOUND and not assertion.length:
        raise Missing(f"the path finds {len(found):,} values; at most {MOST_FOUND:,} can be compared")
    return Found(found)


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
