"""JSONPath (RFC 9535) with a bounded amount of work: the library's parser, its evaluation metered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonpath_rfc9535 import JSONPathEnvironment
from jsonpath_rfc9535 import filter_expressions as expressions
from jsonpath_rfc9535.exceptions import JSONPathError
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction
from jsonpath_rfc9535.node import JSONPathNode, JSONPathNodeList
from jsonpath_rfc9535.query import JSONPathQuery
from jsonpath_rfc9535.segments import JSONPathRecursiveDescentSegment, JSONPathSegment
from jsonpath_rfc9535.selectors import FilterSelector

from monitors.assertions.budget import spend, weight
from monitors.assertions.patterns import check_pattern, fits, found
from pulse.fields import FieldError

LONGEST_PATH = 500
DEEPEST = 100

_ENDS = re.compile(r"[\s=!<>)]")


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled query; `single`: it can find one value at most."""

    query: JSONPathQuery
    single: bool

    def values(self, document: Any) -> list[Any]:
        """What it finds in decoded JSON; call within `budget.limited`."""
        return [node.value for node in self.query.finditer(document)]


@lru_cache(maxsize=1000)
def compile_path(text: str) -> Path:
    """The query in `text`; raises FieldError with a sentence that says what to change."""
    if not text.startswith("$"):
        raise FieldError('Begin the JSONPath with $, as in $.user.name or $["user name"].')
    if len(text) > LONGEST_PATH or not text.isprintable():
        raise FieldError(f"Use a JSONPath of at most {LONGEST_PATH} printable characters.")
    try:
        query = _ENVIRONMENT.compile(text)
        single = query.singular_query()
        _meter_query(query)
    except (JSONPathError, RecursionError, ValueError) as error:
        raise FieldError(
            f"Correct the JSONPath {text[:60]}: {_words(error)}. (A name with other characters than letters, "
            'digits and _ is written ["user-name"].)'
        ) from None
    return Path(query, single)


def end_of_path(line: str, at: int) -> int:
    """Where the JSONPath that begins at `at` ends: at a blank or an operator outside of its brackets."""
    depth, quote = 0, ""
    while at < len(line):
        character = line[at]
        if quote:
            at += character == "\\"
            quote = "" if character == quote else quote
        elif depth and character in "'\"":
            quote = character
        elif character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
        elif depth <= 0 and _ENDS.match(character):
            break
        at += 1
    return min(at, len(line))


def _words(error: Exception) -> str:
    text = error.args[0] if error.args and isinstance(error.args[0], str) else "it cannot be read"
    return text.partition("\n")[0][:100]


class _Matching(FilterFunction):
    """`match` and `search` of the RFC; its I-Regexp (RFC 9485) is a part of RE2's language."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]
    return_type = ExpressionType.LOGICAL

    def __init__(self, whole: bool) -> None:
        self._test = fits if whole else found

    def __call__(self, text: object, pattern: object) -> bool:
        if not isinstance(text, str) or not isinstance(pattern, str):
            return False
        try:
            check_pattern(pattern)
        except FieldError:
            return False  # as the RFC has it for a pattern out of the document
        return self._test(pattern, text)


class _Environment(JSONPathEnvironment):
    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions |= {"match": _Matching(whole=True), "search": _Matching(whole=False)}


_ENVIRONMENT = _Environment()


class _Segment:
    """A segment that counts the nodes it is given and the nodes it finds."""

    def __init__(self, inner: JSONPathSegment) -> None:
        self._inner = inner
        self.selectors = inner.selectors

    def resolve(self, nodes: Iterable[JSONPathNode]) -> Iterable[JSONPathNode]:
        for node in nodes:
            spend()
            for child in self._found(node):
                spend()
                yield child

    def _found(self, node: JSONPathNode) -> Iterable[JSONPathNode]:
        return self._inner.resolve((node,))


class _Descent(_Segment):
    """`..`: every container below is visited and counted, found or not."""

    def _found(self, node: JSONPathNode) -> Iterable[JSONPathNode]:
        stack = [node]
        while stack:
            spend()
            visited = stack.pop()
            for selector in self.selectors:
                yield from selector.resolve(visited)
            below = _containers(visited)
            if below and len(visited.location) >= DEEPEST:
                raise RecursionError  # else what nobody looked at would count as absent
            stack.extend(reversed(below))


def _containers(node: JSONPathNode) -> list[JSONPathNode]:
    value = node.value
    if isinstance(value, dict | list):
        spend(len(value) // 16)
    members: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    return [node.new_child(item, key, node) for key, item in members if isinstance(item, dict | list)]


class _Counted(expressions.Expression):
    """An expression of a filter; each evaluation counts, and so does a large value that it brings."""

    __slots__ = ("inner",)

    def __init__(self, inner: expressions.Expression) -> None:
        super().__init__(inner.token)
        self.inner = inner

    def evaluate(self, context: expressions.FilterContext) -> object:
        spend()
        value = self.inner.evaluate(context)
        single = value[0].value if isinstance(value, JSONPathNodeList) and len(value) == 1 else value
        spend(weight(single))
        return value


def _meter_query(query: JSONPathQuery) -> None:
    for segment in query.segments:
        for selector in segment.selectors:
            if isinstance(selector, FilterSelector):
                _meter_expression(selector.expression)
    metered: Any = tuple(
        _Descent(segment) if isinstance(segment, JSONPathRecursiveDescentSegment) else _Segment(segment)
        for segment in query.segments
    )
    query.segments = metered


def _meter_expression(expression: Any) -> None:
    """Meters what stands below `expression`, in place."""
    for name in ("expression", "left", "right"):
        inner = getattr(expression, name, None)
        if inner is not None:
            _meter_expression(inner)
            if name != "expression" or not isinstance(inner, expressions.FilterExpression):
                setattr(expression, name, _Counted(inner))
    for argument in getattr(expression, "args", ()):
        _meter_expression(argument)
    if isinstance(expression, expressions.FilterQuery):
        _meter_query(expression.query)
