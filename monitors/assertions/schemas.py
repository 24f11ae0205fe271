"""JSON Schema (draft 2020-12) without its traps: patterns by RE2, no reference leads out, the work is bounded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from monitors.assertions.budget import spend
from monitors.assertions.patterns import check_pattern, found
from pulse.fields import FieldError

LONGEST_SCHEMA = 16_000

Keyword = Callable[[Any, Any, Any, Any], Iterable[ValidationError] | None]


def check_schema(schema: Any) -> None:
    """Raises FieldError with a sentence for a schema that is wrong, too long or leads elsewhere."""
    if not isinstance(schema, dict):
        raise FieldError('Write the JSON Schema as an object, like {"type": "object", "required": ["id"]}.')
    try:
        text = json.dumps(schema)
        if len(text) > LONGEST_SCHEMA:
            raise FieldError(f"Shorten the JSON Schema to at most {LONGEST_SCHEMA:,} characters.")
        _check(text)
    except SchemaError as error:
        raise FieldError(
            f"Correct the JSON Schema at {error.json_path[:60]}: {error.message[:120]}."
        ) from None
    except RecursionError:
        raise FieldError("Use a JSON Schema that is nested less deeply.") from None


@lru_cache(maxsize=500)
def _check(text: str) -> None:
    """Kept for those that are fine: a worker reads the same settings often, and this takes milliseconds."""
    schema = json.loads(text)
    _check_parts(schema)
    Draft202012Validator.check_schema(schema, format_checker=FormatChecker(formats=()))


def mismatch(schema: Any, value: Any) -> str:
    """Where and by which keyword `value` does not fit the checked schema, or ""; within `budget.limited`."""
    try:
        error = next(_validator(json.dumps(schema)).iter_errors(value), None)
    except RecursionError:
        return "the schema refers to itself without end, or the value is nested too deeply"
    except Unresolvable:
        return "a $ref of the schema leads to nothing"
    if error is None:
        return ""
    return f"{error.json_path[:100]} does not fit {json.dumps(error.validator or 'false')}"


@lru_cache(maxsize=200)
def _validator(schema: str) -> Any:
    return _Validator(json.loads(schema), registry=Registry())


# Below these stand values, not schemas.
_VALUES = frozenset({"const", "enum", "default", "examples"})
_REFERENCES = ("$ref", "$dynamicRef")


def _check_parts(schema: Any) -> None:
    seen: set[str] = set()
    for part in _parts(schema):
        seen |= part.keys()
        patterns = list(part["patternProperties"]) if isinstance(part.get("patternProperties"), dict) else []
        if isinstance(part.get("pattern"), str):
            patterns.append(part["pattern"])
        for pattern in patterns:
            check_pattern(pattern)
        for name in _REFERENCES:
            if isinstance(part.get(name), str) and not part[name].startswith("#"):
                raise FieldError(f"Use a {name} within the schema, like #/$defs/user: none is fetched.")
    if "patternProperties" in seen and seen & {"unevaluatedProperties", "unevaluatedItems"}:
        raise FieldError("Use patternProperties or unevaluatedProperties, not both.")


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """All objects of the schema, those that are values left out."""
    stack = [schema]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            yield part
            stack.extend(inner for name, inner in part.items() if name not in _VALUES)
        elif isinstance(part, list):
            stack.extend(part)


# These go through all members or items of a value, whether or not there is anything to hold against them.
_WALKING = frozenset(
    {
        "additionalProperties", "contains", "items", "patternProperties", "prefixItems", "propertyNames",
        "unevaluatedItems", "unevaluatedProperties", "uniqueItems",
    }
)  # fmt: skip


def _metered(name: str, keyword: Keyword) -> Keyword:
    is_walking = name in _WALKING

    def run(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        spend(1 + len(value) // 4 if is_walking and isinstance(value, list | dict) else 1)
        for error in keyword(validator, wanted, value, schema) or ():
            # The library prints the value into its message: for a large one that is most of the work.
            spend(len(error.message) // 500)
            yield error

    return run


def _pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and not found(pattern, value):
        yield ValidationError("")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], value: Any, schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(value, dict):
        return
    for pattern, inner in patterns.items():
        for name, item in value.items():
            if found(pattern, name):
                yield from validator.descend(item, inner, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any, inner: Any, value: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if not isinstance(value, dict):
        return
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, item in value.items():
        spend()
        if name not in named and not any(found(pattern, name) for pattern in patterns):
            if inner is False:
                yield ValidationError("")
            else:
                yield from validator.descend(item, inner, path=name)


def _unique_items(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    """By the items' JSON, so linear: the library compares each with each."""
    if not wanted or not isinstance(value, list):
        return
    seen: set[str] = set()
    for item in value:
        text = json.dumps(_same(item), sort_keys=True)
        spend(1 + len(text) // 500)
        if text in seen:
            yield ValidationError("")
            return
        seen.add(text)


def _same(item: Any) -> Any:
    """1 and 1.0 are the same number."""
    if isinstance(item, float) and item.is_integer():
        return int(item)
    if isinstance(item, list):
        return [_same(inner) for inner in item]
    return {name: _same(inner) for name, inner in item.items()} if isinstance(item, dict) else item


_KEYWORDS: dict[str, Keyword] = dict(Draft202012Validator.VALIDATORS) | {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}
_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {name: _metered(name, keyword) for name, keyword in _KEYWORDS.items()}
)
