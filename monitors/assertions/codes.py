"""Read what the status of HTTP is held against: codes, and in a list also ranges of them, as in 200-299."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from monitors.assertions.model import Assertion, Operator
from monitors.assertions.writing import SYMBOLS
from pulse.fields import FieldError

_CODE = re.compile(r"\s*([0-9]{1,9})\s*")
_RANGE = re.compile(r"\s*([0-9]{1,9})\s*-\s*([0-9]{1,9})\s*")
# What people write for a range elsewhere: 5xx, 5**, and dashes that are no hyphen.
_CLASS = re.compile(r"\s*([1-9])(?:xx|\*\*?|\.\.)\s*", re.IGNORECASE)
_DASHED = re.compile(r"\s*([0-9]{1,9})\s*[\u2010-\u2015\u2212]\s*([0-9]{1,9})\s*")


def span(item: Any) -> tuple[int, int] | None:
    """The codes from and to which a text like `200-299` leads; None for what is no range."""
    found = _RANGE.fullmatch(item) if isinstance(item, str) else None
    return (int(found[1]), int(found[2])) if found else None


def with_codes(assertion: Assertion) -> Assertion:
    """The assertion with numbers and plain ranges; raises FieldError for a text that no status would ever equal."""
    expected = assertion.expected
    if assertion.operator in (Operator.IN, Operator.NOT_IN):
        return replace(assertion, expected=[_code_or_range(item) for item in expected])
    if assertion.operator in (Operator.EQUALS, Operator.NOT_EQUALS):
        code = _code(expected)
        if code is None:
            raise FieldError(_instead_of_one(assertion))
        return replace(assertion, expected=code)
    return assertion


def _code(item: Any) -> int | float | None:
    if isinstance(item, str) and (written := _CODE.fullmatch(item)):
        return int(written[1])
    return item if isinstance(item, int | float) and not isinstance(item, bool) else None


def _code_or_range(item: Any) -> int | float | str:
    code, found = _code(item), span(item)
    if code is not None:
        return code
    if found is None:
        known = _meant(item)
        words = f"Write {known}" if known else "Write a code or a range, as in 404 or 500-599,"
        raise FieldError(f"{words} instead of {_as_typed(item)}.")
    low, high = found
    if low > high:
        raise FieldError(f"Write the range from low to high; {low}-{high} is not.")
    return f"{low}-{high}"


def _instead_of_one(assertion: Assertion) -> str:
    item, symbol = assertion.expected, SYMBOLS[assertion.operator]
    known = _meant(item)
    if not known:
        return f"Write a status code after {symbol!r}, as in 200."
    operator = Operator.IN if assertion.operator is Operator.EQUALS else Operator.NOT_IN
    return f"Write {SYMBOLS[operator]} {known} instead of {symbol} {_as_typed(item)}."


def _meant(item: Any) -> str:
    """The range that `item` would be if it were written as one; "" if it looks like none."""
    if not isinstance(item, str):
        return ""
    if found := span(item):
        return f"{found[0]}-{found[1]}"
    if hundred := _CLASS.fullmatch(item):
        return f"{hundred[1]}00-{hundred[1]}99"
    dashed = _DASHED.fullmatch(item)
    return f"{dashed[1]}-{dashed[2]}" if dashed else ""


def _as_typed(item: Any) -> str:
    return (item if isinstance(item, str) else json.dumps(item, ensure_ascii=False))[:40]
