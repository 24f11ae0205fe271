"""Hold assertions against what was found. Pure: no clock, no network; every one is judged, each keeps its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitors.assertions import budget
from monitors.assertions.body import Body
from monitors.assertions.comparing import Mismatch, holds
from monitors.assertions.model import WITH_PATH, Assertion, Checked, Operator, Source
from monitors.assertions.paths import compile_path
from monitors.assertions.patterns import work
from monitors.assertions.resolving import CannotTell, Missing, resolve, shown
from monitors.assertions.writing import text

# Bodies beyond this are judged in a thread if an assertion looks at them.
LARGE_BODY = 64 << 10
# Instructions of RE2 times bytes: at most some 15 ms, mostly much less.
WORK_ON_THE_LOOP = 1_000_000
# What a value may be told of in the sentence about a result; others stay in the evidence.
_TELLABLE = frozenset(Source) - {Source.BODY, Source.HEADER, Source.ANSWER, Source.RECORDS}
_LONGEST_TEXT = 110


@dataclass(frozen=True, slots=True)
class Failed:
    """What the assertions come to when one failed: the first hard one, else the first soft one, in words."""

    words: str
    soft: bool


def judge(assertions: Sequence[Assertion], facts: Mapping[Source, Any]) -> tuple[Checked, ...]:
    """Each assertion with its value. In `facts` a body is a `Body`, headers map lower-case names to texts."""
    if not assertions:
        return ()
    with budget.limited():
        return tuple(_judge_one(assertion, facts) for assertion in assertions)


def takes_long(assertions: Sequence[Assertion], facts: Mapping[Source, Any]) -> bool:
    """Whether judging may take more than some milliseconds: then it does not belong on the loop."""
    if not assertions:
        return False
    if any(_may_go_far(one) for one in assertions if facts.get(one.source) is not None):
        return True
    searching = (one for one in assertions if one.operator in (Operator.MATCHES, Operator.NOT_MATCHES))
    if sum(work(one.expected, _bytes_of(one, facts)) for one in searching) > WORK_ON_THE_LOOP:
        return True
    body = facts.get(Source.BODY)
    if not isinstance(body, Body):
        return False
    return len(body.raw) > LARGE_BODY and any(one.source is Source.BODY for one in assertions)


def _may_go_far(assertion: Assertion) -> bool:
    """Whether how long it takes shows only on the way: a hundred bytes of body may be a million steps of `..[*]`."""
    if assertion.operator is Operator.IS_VALID:
        return True
    return assertion.source in WITH_PATH and assertion.name != "" and not compile_path(assertion.name).single


def _bytes_of(assertion: Assertion, facts: Mapping[Source, Any]) -> int:
    value = facts.get(assertion.source)
    if assertion.source is Source.HEADER and value is not None:
        value = value.get(assertion.name)
    return len(value.raw) if isinstance(value, Body) else 4 * len(str(value))


def verdict(checked: Sequence[Checked]) -> Failed | None:
    """The sentence about what failed, None if all hold; a body's, header's or answer's content is not in it."""
    failed = [one for one in checked if not one.ok]
    if not failed:
        return None
    first = next((one for one in failed if not one.assertion.soft), failed[0])
    line = text(first.assertion).removesuffix(" (soft)")
    line = line if len(line) <= _LONGEST_TEXT else f"{line[: _LONGEST_TEXT - 1]}…"
    words = f"{line} failed{_because(first)}"
    others = len(failed) - 1
    return Failed(f"{words} ({others} more failed)" if others else words, first.assertion.soft)


def _because(checked: Checked) -> str:
    if checked.problem:
        return f": {checked.problem}"
    if checked.assertion.length or checked.assertion.source in _TELLABLE:
        return f": it was {_told(checked.value)}"
    return ""


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _judge_one(assertion: Assertion, facts: Mapping[Source, Any]) -> Checked:
    value: Any = None
    try:
        try:
            value = resolve(assertion, facts)
        except Missing as missing:
            return _without_value(assertion, missing)
        if assertion.operator is Operator.NOT_EXISTS:
            return Checked(assertion, False, shown(value))
        ok = assertion.operator is Operator.EXISTS or holds(assertion, value)
        return Checked(assertion, ok, shown(value))
    except Mismatch as mismatch:
        return Checked(assertion, False, shown(value), str(mismatch))
    except tuple(_TOO_MUCH) as much:
        words = next(words for kind, words in _TOO_MUCH.items() if isinstance(much, kind))
        return Checked(assertion, False, None, words)


_TOO_MUCH: dict[type[Exception], str] = {
    budget.TooMuchWork: "judging it would take too long: use a simpler path or a smaller body",
    RecursionError: "the value is nested too deeply",
    # multipleOf of a schema, with a number of hundreds of digits
    ArithmeticError: "the value holds a number that is too large to be computed with",
}


def _without_value(assertion: Assertion, missing: Missing) -> Checked:
    if assertion.operator is Operator.NOT_EXISTS and not isinstance(missing, CannotTell):
        return Checked(assertion, True)
    return Checked(assertion, False, None, str(missing))
