"""The setting that holds a monitor's assertions: objects in JSON, lines of text in a form; either is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from monitors.assertions.model import Assertion, Operator, Source
from monitors.assertions.reading import MOST, load
from monitors.assertions.writing import as_json, text

if TYPE_CHECKING:
    from monitors.probes.settings import Setting

_HELP = "One on each line, as in {example}; add (soft) for what makes it degraded instead of down."

_EXAMPLES = (
    (Source.STATUS, "[STATUS] == 200"),
    (Source.RESPONSE_TIME, "[RESPONSE_TIME] < 500"),
    (Source.DOMAIN_DAYS, "[DOMAIN_DAYS] > 30"),
    (Source.CONNECTED, "[CONNECTED] == true"),
)


def asserting(*sources: Source) -> Setting:
    """The setting "assertions" of a kind whose checks bring these sources; read as a tuple of Assertion."""
    from monitors.probes.settings import Setting  # noqa: PLC0415  # its package imports the kinds, which import this

    known = frozenset(sources)

    def read(value: object) -> tuple[Assertion, ...]:
        return load(value, known)

    example = next((line for source, line in _EXAMPLES if source in known), _EXAMPLES[-1][1])
    schema = {"type": "array", "maxItems": MOST, "items": {"anyOf": [{"type": "string"}, _object(sources)]}}
    help_text = _HELP.format(example=example)
    return Setting("assertions", "Assertions", "lines", read, (), schema, help_text, write=_write)


def as_lines(assertions: Sequence[Assertion]) -> list[str]:
    """The text form, one line each, as a form shows them."""
    return [text(assertion) for assertion in assertions]


def _write(assertions: Sequence[Assertion]) -> list[dict[str, Any]]:
    return [as_json(assertion) for assertion in assertions]


def _object(sources: Sequence[Source]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["source", "operator"],
        "additionalProperties": False,
        "properties": {
            "source": {"type": "string", "enum": [source.value for source in sources]},
            "operator": {"type": "string", "enum": [operator.value for operator in Operator]},
            "expected": {},
            "name": {"type": "string"},
            "length": {"type": "boolean", "default": False},
            "soft": {"type": "boolean", "default": False},
        },
    }
