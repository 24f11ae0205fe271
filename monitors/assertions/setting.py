"""The setting that holds a monitor's assertions: objects in JSON, lines of text in a form; either is read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from monitors.assertions.model import WITH_PATH, Assertion, Operator, Source
from monitors.assertions.reading import MOST, as_line, load
from monitors.assertions.writing import as_json

if TYPE_CHECKING:
    from monitors.probes.settings import Setting

_HELP = (
    "One on each line: what is looked at, an operator, what is expected. Here {sources} can be looked at. "
    "Operators are ==, !=, <, <=, >, >=, contains, matches, in and exists; before a word may stand not. "
    "{more}"
    "If one does not hold, the check fails; if it ends in (soft), the monitor is degraded instead of down."
)

_OF_JSON = 'What is JSON can be held against a JSON Schema: [{source}] is valid {{"required": ["id"]}}. '

# The first ones of a kind stand in its empty field.
_EXAMPLES = (
    (Source.BODY, "[STATUS] in 200-299"),
    (Source.BODY, '[BODY].user.name == "Ada"'),
    (Source.RECORDS, '[RECORDS] contains "192.0.2.7"'),
    (Source.LOSS, "[LOSS] < 20"),
    (Source.DOMAIN_DAYS, "[DOMAIN_DAYS] > 30"),
    (Source.ROWS, "[ROWS] >= 1"),
    (Source.ANSWER, '[ANSWER] contains "OK"'),
    (Source.CERTIFICATE_DAYS, "[CERTIFICATE_DAYS] > 14 (soft)"),
    (Source.RESPONSE_TIME, "[RESPONSE_TIME] < 500ms (soft)"),
)
_MOST_EXAMPLES = 3


def asserting(*sources: Source) -> Setting:
    """The setting "assertions" of a kind whose checks bring these sources; read as a tuple of Assertion."""
    from monitors.probes.settings import Setting  # noqa: PLC0415  # its package imports the kinds, which import this

    known = frozenset(sources)

    def read(value: object) -> tuple[Assertion, ...]:
        return load(value, known)

    schema = {"type": "array", "maxItems": MOST, "items": {"anyOf": [{"type": "string"}, _object(sources)]}}
    more = next((_OF_JSON.format(source=one.upper()) for one in sources if one in WITH_PATH), "")
    help_text = _HELP.format(sources=", ".join(map(_written, sources)), more=more)
    return Setting("assertions", "Assertions", "lines", read, (), schema, help_text, write=_write, show=_show)


def examples(sources: Collection[Source]) -> list[str]:
    """Some lines that a kind with these sources can judge."""
    return [line for source, line in _EXAMPLES if source in sources][:_MOST_EXAMPLES]


def _written(source: Source) -> str:
    more = {Source.HEADER: ".name", Source.BODY: ".path"}.get(source, "")
    return f"[{source.upper()}]{more}"


def _show(saved: Sequence[Any]) -> str:
    return "\n".join(map(as_line, saved))


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
