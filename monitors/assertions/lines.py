"""Take a line such as `[BODY].user.name == "x" (soft)` apart; the words of Gatus are understood as well."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from monitors.assertions.accepting import of_this_kind
from monitors.assertions.body import parse_json
from monitors.assertions.model import SECONDS, WITHOUT_EXPECTED, Assertion, Operator, Source
from monitors.assertions.paths import end_of_path
from monitors.assertions.patterns import from_glob
from monitors.assertions.writing import SOFT, SYMBOLS
from pulse.fields import FieldError

LONGEST_LINE = 20_000

_GATUS = {
    "CERTIFICATE_EXPIRATION": Source.CERTIFICATE_DAYS,
    "DOMAIN_EXPIRATION": Source.DOMAIN_DAYS,
    "DNS_RCODE": Source.RCODE,
    "HEADERS": Source.HEADER,
}
# Whole days are counted, and "more than 48h are left" still holds of the two whole days and a bit that these are.
_OF_HOURS = {Operator.MORE: Operator.AT_LEAST, Operator.AT_MOST: Operator.LESS}
_SOURCE = re.compile(r"\[\s*([A-Za-z_]+)\s*\]")
_AROUND = re.compile(r"(len|has)\(\s*")
_HEADER = re.compile(r"\.([!#$%&'*+.^_`|~0-9A-Za-z-]+?)(?=\s|==|!=|[<>)]|$)")
_WORDS = {re.sub(r"\s+", " ", symbol): operator for operator, symbol in SYMBOLS.items()}
_OPERATOR = re.compile(
    r"\s*(==|!=|<=|>=|<|>|(?:(?:not\s+)?(?:contains|matches|in|exists)|is\s+valid)(?![A-Za-z_]))\s*",
    re.IGNORECASE,
)
_CALL = re.compile(r"(pat|any)\((.*)\)", re.DOTALL)
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+")
_DURATION_PART = re.compile(r"([0-9.]+)(ms|s|m|h|d)")
_UNITS_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def read_line(line: str, sources: Collection[Source]) -> Assertion:
    """The assertion as it is written, of which only the source is held against what its kind of check knows.

    Raises FieldError.
    """
    if len(line) > LONGEST_LINE:
        raise FieldError(f"Shorten it to at most {LONGEST_LINE:,} characters.")
    line = line.strip()
    soft = line.endswith(SOFT)
    line = line.removesuffix(SOFT).rstrip()
    around, word, source, name, rest = _left_side(line, sources)
    operator, rest = _operator(rest)
    assertion = Assertion(source, operator, name=name, soft=soft, length=around == "len")
    if around == "has":
        return replace(assertion, operator=_existence(operator, rest))
    if operator in WITHOUT_EXPECTED:
        if rest:
            raise FieldError(f"Remove what stands after {SYMBOLS[operator]!r}.")
        return assertion
    if not rest:
        raise FieldError(f"Write what is expected after {SYMBOLS[operator]!r}.")
    assertion = _with_expected(assertion, rest)
    whole_days = word.endswith("_EXPIRATION") and isinstance(assertion.expected, int)
    return replace(assertion, operator=_OF_HOURS.get(operator, operator)) if whole_days else assertion


def _left_side(line: str, sources: Collection[Source]) -> tuple[str, str, Source, str, str]:
    """len, has or nothing; the source as written, and read; its name; the rest of the line from the operator on."""
    around = _AROUND.match(line)
    at = around.end() if around else 0
    match = _SOURCE.match(line, at)
    if not match:
        raise FieldError("Begin with a source in brackets, as in [STATUS] == 200.")
    word = match[1].upper()
    written = _GATUS.get(word) or (Source(word.lower()) if word.lower() in set(Source) else None)
    source = of_this_kind(written, sources, word)
    name, at = _name(source, line, match.end())
    if around:
        closing = re.compile(r"\s*\)").match(line, at)
        if not closing:
            raise FieldError(f"Close the bracket of {around[1]}(, as in {around[1]}([BODY].items).")
        at = closing.end()
    return around[1] if around else "", word, source, name, line[at:]


def _name(source: Source, line: str, at: int) -> tuple[str, int]:
    if source is Source.HEADER:
        header = _HEADER.match(line, at)
        return (header[1], header.end()) if header else ("", at)
    end = end_of_path(line, at)
    path = line[at:end]
    return (path if path.startswith("$") or not path else f"${path}"), end


def _operator(rest: str) -> tuple[Operator, str]:
    match = _OPERATOR.match(rest)
    if not match:
        known = ", ".join(SYMBOLS.values())
        raise FieldError(f"Write an operator after the source, one of: {known}.")
    return _WORDS[re.sub(r"\s+", " ", match[1].lower())], rest[match.end() :]


def _existence(operator: Operator, rest: str) -> Operator:
    wanted = {"true": True, "false": False}.get(rest.lower())
    if wanted is None or operator not in (Operator.EQUALS, Operator.NOT_EQUALS):
        raise FieldError("Compare has(…) with == true or == false.")
    return Operator.EXISTS if wanted is (operator is Operator.EQUALS) else Operator.NOT_EXISTS


def _with_expected(assertion: Assertion, rest: str) -> Assertion:
    operator = assertion.operator
    if operator is Operator.IS_VALID:
        try:
            return replace(assertion, expected=parse_json(rest))
        except ValueError as error:
            raise FieldError(f"Correct the JSON Schema: {error}.") from None
    if operator in (Operator.IN, Operator.NOT_IN):
        return replace(assertion, expected=_list(rest))
    call = _CALL.fullmatch(rest)
    if call and operator in (Operator.EQUALS, Operator.NOT_EQUALS):
        return _called(assertion, call[1], call[2])
    if assertion.source in SECONDS and _DURATION.fullmatch(rest):
        return replace(assertion, expected=_in_units(rest, SECONDS[assertion.source]))
    is_pattern = operator in (Operator.MATCHES, Operator.NOT_MATCHES)
    return replace(assertion, expected=_value(rest, is_pattern=is_pattern))


def _called(assertion: Assertion, function: str, inside: str) -> Assertion:
    """Gatus's `pat(*x*)` and `any(a, b)`."""
    is_equal = assertion.operator is Operator.EQUALS
    if function == "any":
        return replace(
            assertion, operator=Operator.IN if is_equal else Operator.NOT_IN, expected=_list(inside)
        )
    glob = inside.strip()
    inner = glob[1:-1]
    if len(glob) > 2 and glob[0] == glob[-1] == "*" and not set(inner) & set("*?"):
        operator = Operator.CONTAINS if is_equal else Operator.NOT_CONTAINS
        return replace(assertion, operator=operator, expected=inner)
    operator = Operator.MATCHES if is_equal else Operator.NOT_MATCHES
    return replace(assertion, operator=operator, expected=from_glob(glob))


def _list(rest: str) -> list[Any]:
    _refuse_source(rest)
    if rest.startswith("[") or '"' in rest:
        try:
            return list(parse_json(rest if rest.startswith("[") else f"[{rest}]"))
        except ValueError:
            raise FieldError('Write the list as in ["a", "b"].') from None
    return [_value(item.strip()) for item in rest.split(",")]


def _value(rest: str, *, is_pattern: bool = False) -> Any:
    """JSON if it is, else the text itself, which then needs no quotes."""
    try:
        return parse_json(rest)
    except ValueError:
        _refuse_source(rest)
        if rest[:1] in ('"', "'"):
            raise FieldError('Write the text in double quotes, as JSON has it: "it says \\"ok\\"".') from None
        if rest[:1] in ("[", "{") and not is_pattern:
            words = f"Correct the JSON that begins with {rest[0]}; a text that begins so is written in double quotes."
            raise FieldError(words) from None
        return rest


def _refuse_source(rest: str) -> None:
    other = _SOURCE.match(rest)
    if other and (other[1].upper() in _GATUS or other[1].lower() in set(Source)):
        raise FieldError(
            f'{other[0]} cannot stand on the right: write a value, or "{other[0]}" in quotes for that text.'
        )


def _in_units(rest: str, unit_s: float) -> float:
    seconds = sum(float(number) * _UNITS_S[unit] for number, unit in _DURATION_PART.findall(rest))
    found = round(seconds / unit_s, 6)
    return int(found) if found.is_integer() else found
