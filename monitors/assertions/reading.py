"""Read assertions: lines of text as in Gatus, `[STATUS] == 200`, or objects; each complaint names its line."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from monitors.assertions.accepting import accept
from monitors.assertions.lines import read_line
from monitors.assertions.model import Assertion, Operator, Source
from monitors.assertions.patterns import check_patterns
from monitors.assertions.writing import SYMBOLS, text
from pulse.fields import FieldError, read_lines

MOST = 50

_FIELDS = ("source", "operator", "expected", "name", "length", "soft")


def load(value: Any, sources: Collection[Source]) -> tuple[Assertion, ...]:
    """The assertions in a list of lines and objects, on these sources; raises FieldError with all that is wrong.

    Empty lines are left out.
    """
    if not isinstance(value, list):
        raise FieldError('Write the assertions as a list, like ["[STATUS] == 200"].')
    found = read_lines(value, lambda item: accept(_read(item, sources), sources), MOST, "assertions")
    check_patterns(
        str(one.expected) for one in found if one.operator in (Operator.MATCHES, Operator.NOT_MATCHES)
    )
    return found


def as_line(saved: Any) -> str:
    """The text form of an assertion as it is saved; also of one that another version took and this one would not."""
    try:
        return text(_read_object(saved, tuple(Source)))
    except (FieldError, AttributeError, TypeError, ValueError):
        return json.dumps(saved)


def _read(item: Any, sources: Collection[Source]) -> Assertion:
    if isinstance(item, str):
        return read_line(item, sources)
    if isinstance(item, dict):
        return _read_object(item, sources)
    raise FieldError("Write it as text, like [STATUS] == 200, or as an object with source and operator.")


def _read_object(item: dict[Any, Any], sources: Collection[Source]) -> Assertion:
    for name in item:
        if name not in _FIELDS:
            raise FieldError(f"Remove the unknown field {str(name)[:40]!r}; known are {', '.join(_FIELDS)}.")
    name = item.get("name", "")
    if not isinstance(name, str):
        raise FieldError("Write the name as text: a header's name, or a JSONPath.")
    for flag in ("soft", "length"):
        if not isinstance(item.get(flag, False), bool):
            raise FieldError(f"Use true or false for {flag}.")
    return Assertion(
        source=_source(item.get("source"), sources),
        operator=_operator(item.get("operator")),
        expected=item.get("expected"),
        name=name,
        soft=item.get("soft", False),
        length=item.get("length", False),
    )


def _source(value: Any, sources: Collection[Source]) -> Source:
    try:
        return Source(value.lower())
    except (AttributeError, ValueError):
        known = ", ".join(source.value for source in Source if source in sources)
        raise FieldError(f"Use one of these as the source: {known}.") from None


def _operator(value: Any) -> Operator:
    for operator, symbol in SYMBOLS.items():
        if value in (operator.value, symbol):
            return operator
    known = ", ".join(operator.value for operator in Operator)
    raise FieldError(f"Use one of these as the operator: {known}.")
