"""What came back, decoded only when an assertion asks for it."""

from __future__ import annotations

import json
from functools import cached_property
from math import isfinite
from typing import Any, NoReturn

from monitors.assertions.decoding import decoded


class Unreadable(ValueError):
    """It may be JSON, but goes beyond what is read here: a number too large, a nesting too deep."""


class Beginning(str):
    """The beginning of a text of which no more was kept."""

    __slots__ = ()


class Body:
    """`raw` is what was read of the answer; `charset` is what it claims, an unknown one is read as UTF-8.

    `is_cut`: there was more of it.
    """

    def __init__(self, raw: bytes, charset: str = "utf-8", *, is_cut: bool = False) -> None:
        self.raw = raw
        self._charset = charset
        self.is_cut = is_cut

    @cached_property
    def text(self) -> str:
        """The body as text, decoded once."""
        return decoded(self.raw, self._charset)

    def json(self) -> Any:
        """The body as JSON (RFC 8259); raises ValueError, Unreadable for what goes beyond our limits."""
        parsed, problem = self._parsed
        if problem is not None:
            raise type(problem)(*problem.args)  # each a new one: one that is raised again grows
        return parsed

    @cached_property
    def _parsed(self) -> tuple[Any, ValueError | None]:
        try:
            return parse_json(self.text), None
        except ValueError as error:
            return None, type(error)(*error.args)  # without the frames that it came through


def parse_json(text: str) -> Any:
    """Decoded JSON without NaN and Infinity, also as 1e999; raises ValueError with a few words on why not.

    What may be JSON beyond our limits is Unreadable.
    """
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON (line {error.lineno}, column {error.colno})") from None
    except _NoNumber:
        raise ValueError("it is not JSON (a number that JSON has not)") from None
    except ValueError:
        raise Unreadable("it has a number that is too large") from None


class _NoNumber(ValueError):
    pass


def _no_number(name: str) -> NoReturn:
    raise _NoNumber(name)


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError(digits[:20])
    return number
