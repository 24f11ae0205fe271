"""Queries and derived numbers as people and scripts write them: `name [unit] = query`, one on each line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from monitors.probes.settings import Setting
from monitors.probes.sources.shape import Query
from monitors.series.model import UNIT_AT_MOST
from monitors.thresholds.expressions import FUNCTIONS, LONGEST, Expression, parse
from pulse.fields import FieldError, read_lines

QUERIES_AT_MOST = 20
LONGEST_QUERY = 4000
BESIDE_THE_QUERY = 100  # name, unit, signs
_NAME = r"[A-Za-z_][A-Za-z0-9_.]{0,59}"
_LINE = re.compile(rf"\s*({_NAME})\s*(?:\[([^\[\]]*)\])?\s*=\s*(.*\S)\s*", re.DOTALL)
_FIELDS = ("name", "unit", "query")

Found = TypeVar("Found", bound="Query | Derived")


@dataclass(frozen=True, slots=True)
class Derived:
    """A number that is worked out of others."""

    name: str
    unit: str
    expression: Expression

    @property
    def text(self) -> str:
        return self.expression.text


def querying() -> Setting:
    help_text = (
        "One on each line: name [unit] = query, in the language of the source; the unit may be left out, as in "
        'errors [1/s] = sum(rate(http_requests_total{code=~"5.."}[5m])). Thresholds and charts use the name. '
        "A query that brings several series keeps their labels."
    )
    return _several("queries", "Queries", help_text, Query, LONGEST_QUERY)


def deriving() -> Setting:
    help_text = (
        "Numbers worked out of others, one on each line, as in error_share [%] = 100 * errors / max(requests, 1). "
        f"Names are those of the queries and of lines above; + - * / % ^, brackets, {', '.join(FUNCTIONS)}."
    )
    return _several(
        "derived",
        "Derived numbers",
        help_text,
        lambda name, unit, text: Derived(name, unit, parse(text)),
        LONGEST,
    )


def as_line(one: Query | Derived) -> str:
    return f"{one.name} [{one.unit}] = {one.text}" if one.unit else f"{one.name} = {one.text}"


def _several(
    name: str, label: str, help_text: str, make: Callable[[str, str, str], Any], longest: int
) -> Setting:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise FieldError('Write them as a list, like ["requests [1/s] = …"].')
        return read_lines(value, lambda item: make(*_read(item, longest)), QUERIES_AT_MOST, "of them")

    schema = {
        "type": "array",
        "maxItems": QUERIES_AT_MOST,
        "items": {"anyOf": [{"type": "string", "maxLength": longest + BESIDE_THE_QUERY}, _object(longest)]},
    }
    return Setting(name, label, "lines", read, (), schema, help_text, write=_write)


def _write(found: Sequence[Query | Derived]) -> list[str]:
    return [as_line(one) for one in found]


def _read(item: Any, longest: int) -> tuple[str, str, str]:
    """Name, unit and text; raises FieldError."""
    if isinstance(item, dict):
        name, unit, text = _read_object(item)
    else:
        # Measured first: on many blanks the pattern takes time by the square of their number.
        if isinstance(item, str) and len(item) > longest + BESIDE_THE_QUERY:
            raise FieldError(f"Shorten it to at most {longest:,} characters.")
        match = _LINE.fullmatch(item) if isinstance(item, str) else None
        if not match:
            raise FieldError("Write it as name [unit] = query; a name has letters, digits, _ and dots.")
        name, unit, text = match[1], (match[2] or "").strip(), match[3]
    if name in FUNCTIONS:
        raise FieldError(f"Use another name: {name} is a function.")
    if len(unit) > UNIT_AT_MOST or not unit.isprintable():
        raise FieldError(
            f"Write the unit with at most {UNIT_AT_MOST} printable characters, like %, s or 1/s."
        )
    if len(text) > longest or not text.isprintable():
        raise FieldError(f"Write the query on one line of at most {longest:,} printable characters.")
    return name, unit, text


def _read_object(item: dict[Any, Any]) -> tuple[str, str, str]:
    for key in item:
        if key not in _FIELDS:
            raise FieldError(f"Remove the unknown field {str(key)[:40]!r}; known are {', '.join(_FIELDS)}.")
    name, unit, text = item.get("name"), item.get("unit", ""), item.get("query")
    if not isinstance(name, str) or not re.fullmatch(_NAME, name):
        raise FieldError("Give it a name of letters, digits, _ and dots.")
    if not isinstance(unit, str) or "[" in unit or "]" in unit:
        raise FieldError("Write the unit as text, without brackets.")
    if not isinstance(text, str) or not text.strip():
        raise FieldError("Write the query as text.")
    return name, unit.strip(), text.strip()


def _object(longest: int) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["name", "query"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "maxLength": 60},
            "unit": {"type": "string", "maxLength": UNIT_AT_MOST},
            "query": {"type": "string", "maxLength": longest},
        },
    }
