"""What each operator means for a value and what was expected of it."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from monitors.assertions.budget import spend, weight
from monitors.assertions.codes import span
from monitors.assertions.model import Assertion, Operator, Source
from monitors.assertions.patterns import found
from monitors.assertions.resolving import Found
from monitors.assertions.schemas import mismatch

_NUMBER = re.compile(r"\s*-?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?\s*")
_WHOLE = re.compile(r"\s*-?[0-9]{1,30}\s*")


class Mismatch(Exception):
    """The value is not of a kind that can be compared so; the text says of which it is, not what it is."""


def holds(assertion: Assertion, value: Any) -> bool:
    """Whether `value` is as asserted; raises Mismatch. Call within `budget.limited`."""
    spend(weight(value) + weight(assertion.expected))
    return _OPERATORS[assertion.operator](assertion, value)


def _equals(assertion: Assertion, value: Any) -> bool:
    expected = assertion.expected
    if assertion.source is Source.RECORDS and isinstance(value, list) and isinstance(expected, list):
        return sorted(map(str, value)) == sorted(map(str, expected))  # their order means nothing
    return same(assertion.source, _alone(value, expected), expected)


def _alone(value: Any, expected: Any) -> Any:
    """One value that a path or an answer found stands for itself, unless a list is expected."""
    is_list = isinstance(value, list) and not isinstance(expected, list)
    return value[0] if is_list and len(value) == 1 else value


def same(source: Source, value: Any, expected: Any) -> bool:
    """Equal as JSON has it; a text that reads as the expected number or word equals it, addresses go by value."""
    if isinstance(value, bool) or isinstance(expected, bool) or value is None or expected is None:
        if isinstance(value, str) and not isinstance(expected, str):
            return value.strip() == json.dumps(expected)
        return type(value) is type(expected) and bool(value == expected)
    if isinstance(expected, int | float) and isinstance(value, str):
        return bool(_NUMBER.fullmatch(value)) and _as_number(value) == expected
    if isinstance(expected, str) and isinstance(value, int | float):
        return expected == json.dumps(value)
    if source is Source.IP:
        return _same_address(str(value), str(expected))
    return bool(value == expected)


def _same_address(value: str, expected: str) -> bool:
    try:
        return ip_address(value) == ip_address(expected)
    except ValueError:
        return value == expected


def _ordered(compare: Callable[[float, float], bool]) -> Callable[[Assertion, Any], bool]:
    def holds_so(assertion: Assertion, value: Any) -> bool:
        return compare(_number(_alone(value, 0)), assertion.expected)

    return holds_so


def _number(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return _as_number(value)
    raise Mismatch(f"{kind(value)} cannot be compared with a number")


def _as_number(text: str) -> float:
    """A whole number stays exact: a float cannot tell those of 17 digits apart."""
    return int(text) if _WHOLE.fullmatch(text) else float(text)


def _contains(assertion: Assertion, value: Any) -> bool:
    expected = assertion.expected
    if isinstance(value, list):
        spend(len(value))
        is_item = any(same(assertion.source, item, expected) for item in value)
        return is_item or _one_contains(assertion, value)
    wanted = expected if isinstance(expected, str) else json.dumps(expected)
    if isinstance(value, str):
        return wanted in value
    if isinstance(value, dict):
        return wanted in value
    raise Mismatch(f"{kind(value)} contains nothing")


def _one_contains(assertion: Assertion, value: list[Any]) -> bool:
    """What a path found stands for itself if it is one: a text, list or object may contain what is expected."""
    if not isinstance(value, Found) or len(value) != 1 or not isinstance(value[0], str | list | dict):
        return False
    spend(weight(value[0]))
    return _contains(assertion, value[0])


def _matches(assertion: Assertion, value: Any) -> bool:
    value = _alone(value, "")
    if isinstance(value, list):
        return any(isinstance(item, str) and found(assertion.expected, item) for item in value)
    if isinstance(value, dict) or value is None:
        raise Mismatch(f"{kind(value)} cannot match a pattern")
    return found(assertion.expected, value if isinstance(value, str) else json.dumps(value))


def _is_in(assertion: Assertion, value: Any) -> bool:
    value = _alone(value, "")
    if isinstance(value, list | dict):
        raise Mismatch(f"{kind(value)} cannot be one of a list")
    return any(_is_one(assertion.source, value, item) for item in assertion.expected)


def _is_one(source: Source, value: Any, item: Any) -> bool:
    if source is Source.STATUS and isinstance(value, int) and (codes := span(item)):
        return codes[0] <= value <= codes[1]
    if source is Source.IP and isinstance(item, str):
        try:
            return ip_address(str(value)) in ip_network(item)
        except ValueError:
            return False
    return same(source, value, item)


def _is_valid(assertion: Assertion, value: Any) -> bool:
    problem = mismatch(assertion.expected, list(value) if isinstance(value, Found) else value)
    if problem:
        raise Mismatch(problem)
    return True


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    for types, word in _KINDS:
        if isinstance(value, types):
            return word
    return "such a value"


_KINDS: tuple[tuple[Any, str], ...] = (
    (bool, "a boolean"),
    (str, "a text"),
    (int | float, "a number"),
    (list, "a list"),
    (dict, "an object"),
)


def _not(holds_so: Callable[[Assertion, Any], bool]) -> Callable[[Assertion, Any], bool]:
    return lambda assertion, value: not holds_so(assertion, value)


_OPERATORS: dict[Operator, Callable[[Assertion, Any], bool]] = {
    Operator.EQUALS: _equals,
    Operator.NOT_EQUALS: _not(_equals),
    Operator.LESS: _ordered(operator.lt),
    Operator.AT_MOST: _ordered(operator.le),
    Operator.MORE: _ordered(operator.gt),
    Operator.AT_LEAST: _ordered(operator.ge),
    Operator.CONTAINS: _contains,
    Operator.NOT_CONTAINS: _not(_contains),
    Operator.MATCHES: _matches,
    Operator.NOT_MATCHES: _not(_matches),
    Operator.IN: _is_in,
    Operator.NOT_IN: _not(_is_in),
    Operator.IS_VALID: _is_valid,
}
