"""The two forms of an assertion: a line of text, `[STATUS] == 200`, and an object. `reading` reads both."""

from __future__ import annotations

import json
import re
from typing import Any

from monitors.assertions.model import WITHOUT_EXPECTED, Assertion, Operator, Source

SYMBOLS = {
    Operator.EQUALS: "==",
    Operator.NOT_EQUALS: "!=",
    Operator.LESS: "<",
    Operator.AT_MOST: "<=",
    Operator.MORE: ">",
    Operator.AT_LEAST: ">=",
    Operator.CONTAINS: "contains",
    Operator.NOT_CONTAINS: "not contains",
    Operator.MATCHES: "matches",
    Operator.NOT_MATCHES: "not matches",
    Operator.IN: "in",
    Operator.NOT_IN: "not in",
    Operator.EXISTS: "exists",
    Operator.NOT_EXISTS: "not exists",
    Operator.IS_VALID: "is valid",
}
SOFT = "(soft)"

# Words and addresses that are read as the text they are.
_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:/_-]*")
_BARE_SOURCES = frozenset({Source.RCODE, Source.IP, Source.STATUS})


def text(assertion: Assertion) -> str:
    """The line that is read as the same assertion."""
    words = [placeholder(assertion), SYMBOLS[assertion.operator]]
    if assertion.operator not in WITHOUT_EXPECTED:
        words.append(_expected(assertion))
    if assertion.soft:
        words.append(SOFT)
    return " ".join(words)


def placeholder(assertion: Assertion) -> str:
    """What it is about: `[STATUS]`, `[HEADER].content-type`, `[BODY].user.name`, `len([BODY].items)`."""
    name = assertion.name
    if assertion.source is Source.HEADER:
        name = f".{name}"
    elif len(name) > 1:
        name = name[1:]  # the JSONPath's $ is the body itself
    written = f"[{assertion.source.value.upper()}]{name}"
    return f"len({written})" if assertion.length else written


def as_json(assertion: Assertion) -> dict[str, Any]:
    """The object that is read as the same assertion; what is as usual is left out."""
    found: dict[str, Any] = {"source": assertion.source.value, "operator": assertion.operator.value}
    if assertion.operator not in WITHOUT_EXPECTED:
        found["expected"] = assertion.expected
    if assertion.name:
        found["name"] = assertion.name
    if assertion.length:
        found["length"] = True
    if assertion.soft:
        found["soft"] = True
    return found


def _expected(assertion: Assertion) -> str:
    expected, is_bare_source = assertion.expected, assertion.source in _BARE_SOURCES
    if assertion.operator in (Operator.IN, Operator.NOT_IN) and all(map(_is_bare, expected)):
        return ", ".join(str(item) for item in expected)
    if is_bare_source and isinstance(expected, str) and _is_bare(expected):
        return expected
    written = json.dumps(expected, ensure_ascii=False)
    return written if written.isprintable() else json.dumps(expected)  # on one line, whatever is in it


def _is_bare(item: Any) -> bool:
    """Whether `item`, written without quotes, is read as itself."""
    if isinstance(item, str):
        return bool(_BARE.fullmatch(item)) and not reads_as_json(item)
    return isinstance(item, int) and not isinstance(item, bool)


def reads_as_json(item: str) -> bool:
    try:
        json.loads(item)
    except ValueError:
        return False
    return True
