"""Hold a written assertion against what can be: sources of this kind of check, operators, what is expected."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

from monitors.assertions.codes import with_codes
from monitors.assertions.model import ORDERS, WITH_PATH, WITHOUT_EXPECTED, Assertion, Operator, Source
from monitors.assertions.paths import compile_path, end_of_path
from monitors.assertions.patterns import check_pattern
from monitors.assertions.schemas import check_schema
from monitors.assertions.writing import SYMBOLS
from pulse.fields import FieldError, is_storable

LONGEST = 2000
MOST_IN_LIST = 100

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # a token of RFC 9110
_NUMBERS = frozenset(
    {
        Source.RESPONSE_TIME, Source.SIZE, Source.CERTIFICATE_DAYS, Source.DOMAIN_DAYS, Source.LOSS, Source.JITTER,
        Source.ROWS,
    }
)  # fmt: skip
_HAVE_LENGTH = WITH_PATH | {Source.HEADER, Source.RECORDS}
_EQUALITY = frozenset({Operator.EQUALS, Operator.NOT_EQUALS})
_MEMBERSHIP = frozenset({Operator.IN, Operator.NOT_IN})
_NEVER_CONNECTED = (
    "Leave it out: a check that does not connect has failed, whatever its assertions say. A monitor that stands "
    "upside down is up just then."
)


def accept(assertion: Assertion, sources: Collection[Source]) -> Assertion:
    """The assertion as it is kept; raises FieldError with a sentence that says what to write instead."""
    source = of_this_kind(assertion.source, sources, assertion.source.value)
    assertion = _accept_name(replace(assertion, source=source))
    _accept_operator(assertion)
    _accept_expected(assertion)
    # Only HTTP has headers, and only its status is a number: that of gRPC is a word.
    is_numeric = source is Source.STATUS and Source.HEADER in sources
    return with_codes(assertion) if is_numeric else assertion


def of_this_kind(source: Source | None, sources: Collection[Source], word: str) -> Source:
    """The source that `word` stands for among those of a kind of check; raises FieldError in that very word."""
    if source is Source.BODY and Source.BODY not in sources and Source.ANSWER in sources:
        return Source.ANSWER  # what Gatus calls the body of every kind
    if source is not None and source in sources:
        return source
    known = ", ".join(f"[{source.value.upper()}]" for source in Source if source in sources)
    instead = ""
    if source is Source.BODY and Source.RECORDS in sources:
        instead = " Write [RECORDS] instead: they are what is answered."
    elif source is Source.DOMAIN_DAYS:
        instead = " A monitor of the kind domain asks the registry for it."
    raise FieldError(f"[{word[:40].upper()}] is not known to this kind of check; there are {known}.{instead}")


def _accept_name(assertion: Assertion) -> Assertion:
    source, name = assertion.source, assertion.name
    if source is Source.HEADER:
        if not _HEADER.fullmatch(name):
            raise FieldError("Name the header, as in [HEADER].content-type.")
        return replace(assertion, name=name.lower())
    if source not in WITH_PATH:
        if name:
            raise FieldError(f"Remove what follows [{source.value.upper()}]: it has no parts.")
    elif name:
        compile_path(name)
        if end_of_path(name, 0) != len(name):  # a line of text could not be read back
            raise FieldError("Remove the blanks from the JSONPath.")
    return assertion


def _accept_operator(assertion: Assertion) -> None:
    source, operator, word = assertion.source, assertion.operator, f"[{assertion.source.value.upper()}]"
    if assertion.length:
        if source not in _HAVE_LENGTH:
            raise FieldError(f"Leave out len(): {word} has no length.")
        if operator not in ORDERS | _EQUALITY | _MEMBERSHIP:
            raise FieldError("Compare a length with ==, !=, <, <=, > or >=.")
    elif source in _NUMBERS and operator not in ORDERS | _EQUALITY | _MEMBERSHIP | WITHOUT_EXPECTED:
        raise FieldError(f"Use ==, !=, <, <=, > or >= with {word}: it is a number.")
    elif source is Source.CONNECTED and operator not in _EQUALITY:
        raise FieldError("Write [CONNECTED] == true.")
    elif operator is Operator.IS_VALID and source not in WITH_PATH:
        raise FieldError(f"Use 'is valid' with [BODY] only: {word} is not JSON.")


def _accept_expected(assertion: Assertion) -> None:
    operator, expected = assertion.operator, assertion.expected
    _want(is_storable(expected), "Remove NUL (\\u0000) and unpaired surrogates from what is expected.")
    if operator is Operator.IS_VALID:
        check_schema(expected)
        return
    _accept_size(expected)
    if operator in WITHOUT_EXPECTED:
        if expected is not None:
            raise FieldError(f"Leave out what is expected: {SYMBOLS[operator]!r} needs none.")
    elif operator in ORDERS:
        _want(_is_number(expected), f"Write a number after {SYMBOLS[operator]!r}.")
    elif operator in (Operator.CONTAINS, Operator.NOT_CONTAINS):
        _want(_is_scalar(expected) and expected != "", f"Write the text after {SYMBOLS[operator]!r}.")
    elif operator in (Operator.MATCHES, Operator.NOT_MATCHES):
        _want(isinstance(expected, str), f"Write the pattern in double quotes after {SYMBOLS[operator]!r}.")
        check_pattern(expected)
    elif operator in _MEMBERSHIP:
        _accept_list(assertion, expected)
    else:
        _accept_one(assertion, expected)


def _accept_list(assertion: Assertion, expected: Any) -> None:
    if not isinstance(expected, list) or not 0 < len(expected) <= MOST_IN_LIST:
        raise FieldError(f"Write a list of 1 to {MOST_IN_LIST} values, as in 200-299, 304.")
    for item in expected:
        _want(_is_scalar(item), "Use only texts, numbers, true and false in the list.")
        _accept_one(assertion, item, networks=True)


def _accept_one(assertion: Assertion, expected: Any, *, networks: bool = False) -> None:
    if assertion.length or assertion.source in _NUMBERS:
        _want(_is_number(expected), "Write a number, as in 500.")
    elif assertion.source is Source.CONNECTED:
        _want(isinstance(expected, bool), "Write true or false.")
        _want(expected is (assertion.operator is Operator.EQUALS), _NEVER_CONNECTED)
    elif assertion.source is Source.IP:
        example = (
            "an address or a network with zeros after its prefix, as in 192.0.2.0/24"
            if networks
            else ("an address, as in 192.0.2.7 or 2001:db8::7")
        )
        _want(_is_address(expected, networks), f"Write {example}.")


def _accept_size(expected: Any) -> None:
    try:
        size = len(json.dumps(expected, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise FieldError(
            "Write what is expected as JSON: a text, a number, true, false, null or a list."
        ) from None
    if size > LONGEST:
        raise FieldError(f"Shorten what is expected to at most {LONGEST:,} characters.")


def _want(condition: bool, words: str) -> None:
    if not condition:
        raise FieldError(words)


def _is_number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float reaches
        return False


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | bool) or _is_number(value)


def _is_address(value: Any, networks: bool) -> bool:
    try:
        ip_network(value) if networks else ip_address(value)
    except (ValueError, TypeError):
        return False
    return isinstance(value, str)
