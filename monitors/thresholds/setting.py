"""The setting that holds a monitor's thresholds: lines of text; a script may send objects as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from monitors.thresholds.model import DEFAULT_WINDOW_S, LONGEST_WINDOW_S, Function, Threshold
from monitors.thresholds.reading import LONGEST_LINE, MOST, load
from monitors.thresholds.writing import as_lines

if TYPE_CHECKING:
    from monitors.probes.settings import Setting

EXAMPLE = "avg(cpu.percent, 5m) > 80 warn, > 95 crit"
_HELP = (
    "One on each line: a function of a series over a window, then what is too much (or too little), as in "
    "{example}. Functions are {functions}; comparisons >, >=, <, <=. A warning makes the monitor degraded, a "
    "critical one makes it down. The window may be left out: it is 5m then. A series may have labels: "
    '{{mount="/"}}.'
)


def thresholding(
    example: str = EXAMPLE, *, accept: Callable[[tuple[Threshold, ...]], None] | None = None
) -> Setting:
    """The setting "thresholds" of a kind that has series; read as a tuple of Threshold.

    `example` is a line that fits the kind. `accept` may raise FieldError for what the kind cannot judge.
    """
    from monitors.probes.settings import Setting  # noqa: PLC0415  # its package imports the kinds, which import this

    def read(value: Any) -> tuple[Threshold, ...]:
        found = load(value)
        if accept:
            accept(found)
        return found

    help_text = _HELP.format(example=example, functions=", ".join(Function))
    return Setting("thresholds", "Thresholds", "lines", read, (), _schema(), help_text, write=as_lines)


def _schema() -> dict[str, Any]:
    bound = {"type": ["string", "null"], "description": 'A comparison and a number: "> 80".'}
    return {
        "type": "array",
        "maxItems": MOST,
        "items": {
            "anyOf": [
                {"type": "string", "maxLength": LONGEST_LINE},
                {
                    "type": "object",
                    "required": ["function", "series"],
                    "additionalProperties": False,
                    "properties": {
                        "function": {"type": "string", "enum": [function.value for function in Function]},
                        "series": {"type": "string", "maxLength": 120},
                        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                        "window_seconds": {
                            "type": "integer",
                            "minimum": 1,
                            "maximum": LONGEST_WINDOW_S,
                            "default": DEFAULT_WINDOW_S,
                        },
                        "warning": bound,
                        "critical": bound,
                    },
                },
            ]
        },
    }
