"""Derived numbers: arithmetic over names, `100 * errors / max(requests, 1)`, by a small parser of its own.

Size and depth are bounded and nothing is evaluated but these few operations, so an expression from anybody costs
microseconds. What has no value (a division by zero, an overflow) is None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from monitors.series.model import LARGEST
from pulse.fields import FieldError

LONGEST = 500
DEEPEST = 20
MOST_NODES = 100
_ARGUMENTS_AT_MOST = 20

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_.]*)|(?P<sign>[-+*/%^(),]))"
)
Values = Mapping[str, float]
Node = Callable[[Values], float]


def _rounded(values: Sequence[float]) -> float:
    digits = int(values[1]) if len(values) > 1 else 0
    return float(round(values[0], max(-15, min(15, digits))))


# By name: how many arguments at least and at most, and what they come to.
FUNCTIONS: dict[str, tuple[int, int, Callable[[Sequence[float]], float]]] = {
    "min": (1, _ARGUMENTS_AT_MOST, min),
    "max": (1, _ARGUMENTS_AT_MOST, max),
    "abs": (1, 1, lambda values: abs(values[0])),
    "round": (1, 2, _rounded),
}


@dataclass(frozen=True, slots=True)
class Expression:
    """`text` as it was written, the names in it, and what it comes to."""

    text: str
    names: frozenset[str]
    node: Node = field(compare=False, repr=False)

    def value(self, values: Values) -> float | None:
        """The result for these values, which hold every name; None where it has none."""
        try:
            found = self.node(values)
        except (ArithmeticError, ValueError):
            return None
        return found if isinstance(found, float) and abs(found) <= LARGEST else None


def parse(text: str) -> Expression:
    """The expression in `text`; raises FieldError with what to change."""
    if len(text) > LONGEST:
        raise FieldError(f"Shorten the expression to at most {LONGEST} characters.")
    parser = _Parser(list(_tokens(text)))
    node = parser.whole()
    return Expression(text.strip(), frozenset(parser.names), node)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise FieldError(
                f"Remove {text[at:].strip()[:10]!r}: an expression has numbers, names, + - * / % ^ and brackets."
            )
        kind = str(match.lastgroup)
        yield kind, match[kind]
        at = match.end()
    yield "end", ""


class _Parser:
    """Precedence climbing: sums, products, signs, powers (to the right), then what is in brackets."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._nodes = 0
        self.names: set[str] = set()

    def whole(self) -> Node:
        node = self._sum()
        kind, word = self._tokens[self._at]
        if kind != "end":
            raise FieldError(f"Write an operator before {word!r}, or remove it.")
        return node

    def _sum(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise FieldError(f"Nest brackets and signs at most {DEEPEST} deep.")
        node = self._product()
        while (sign := self._taken("+", "-")) is not None:
            node = self._pair(sign, node, self._product())
        self._depth -= 1
        return node

    def _product(self) -> Node:
        node = self._signed()
        while (sign := self._taken("*", "/", "%")) is not None:
            node = self._pair(sign, node, self._signed())
        return node

    def _signed(self) -> Node:
        signs = 0
        while (sign := self._taken("-", "+")) is not None:
            signs += sign == "-"
        node = self._power()
        return self._counted(lambda values: -node(values)) if signs % 2 else node

    def _power(self) -> Node:
        base = self._single()
        if self._taken("^") is None:
            return base
        self._depth += 1
        if self._depth > DEEPEST:
            raise FieldError(f"Nest powers at most {DEEPEST} deep.")
        node = self._pair("^", base, self._signed())
        self._depth -= 1
        return node

    def _single(self) -> Node:
        kind, word = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            constant = float(word)
            return self._counted(lambda _: constant)
        if kind == "name" and self._taken("(") is not None:
            return self._call(word)
        if kind == "name":
            if word in FUNCTIONS:
                raise FieldError(f"Write what {word} is of in brackets: {word}(a, b).")
            self.names.add(word)
            return self._counted(lambda values: values[word])
        if word == "(":
            node = self._sum()
            self._expect(")")
            return node
        raise FieldError(f"Write a number or a name {f'before {word!r}' if word else 'at the end'}.")

    def _call(self, word: str) -> Node:
        if word not in FUNCTIONS:
            raise FieldError(f"There is no function {word[:40]!r}; use {', '.join(FUNCTIONS)}.")
        least, most, function = FUNCTIONS[word]
        arguments = [self._sum()]
        while self._taken(",") is not None:
            arguments.append(self._sum())
        self._expect(")")
        if not least <= len(arguments) <= most:
            raise FieldError(f"Give {word} {least if least == most else f'{least} to {most}'} values.")
        return self._counted(lambda values: function([one(values) for one in arguments]))

    def _pair(self, sign: str, left: Node, right: Node) -> Node:
        operation = _OPERATIONS[sign]
        return self._counted(lambda values: operation(left(values), right(values)))

    def _counted(self, node: Node) -> Node:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise FieldError(f"Use at most {MOST_NODES} numbers, names and operations.")
        return node

    def _taken(self, *signs: str) -> str | None:
        kind, word = self._tokens[self._at]
        if kind == "sign" and word in signs:
            self._at += 1
            return word
        return None

    def _expect(self, sign: str) -> None:
        if self._taken(sign) is None:
            raise FieldError(f"Close the bracket with {sign!r}.")


def _power_of(base: float, exponent: float) -> float:
    found = base**exponent
    if isinstance(found, complex):
        raise ArithmeticError
    return float(found)


_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": lambda left, right: left % right,
    "^": _power_of,
}
