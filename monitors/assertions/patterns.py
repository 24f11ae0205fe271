"""Regular expressions by RE2: linear in the text and in the size of what a pattern is compiled to; both are bounded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from time import thread_time
from typing import Any

import re2

from monitors.assertions.budget import TooMuchWork, spend
from pulse.fields import FieldError

LONGEST_PATTERN = 500
_MEMORY = 1 << 20
# Compiled patterns kept, each of at most 1 MiB.
_KEPT = 256
# Instructions of RE2: a class of Unicode takes 1,200, `.{0,100}` takes 900, what people mostly write below 100.
LARGEST_PROGRAM = 3000
# Of all patterns of one monitor together: compiling costs some 0.4 µs an instruction, at each saving and loading.
LARGEST_PROGRAMS = 10_000
# Instructions times bytes of the text. One takes up to 15 ns where RE2 has to follow all that a repetition may mean.
_MOST_WORK = 200_000_000
_STEP_S = 3e-6


def check_pattern(pattern: str) -> None:
    """Raises FieldError with a sentence for what is no RE2 pattern."""
    if len(pattern) > LONGEST_PATTERN:
        raise FieldError(
            f"Shorten the pattern to at most {LONGEST_PATTERN} characters; it has {len(pattern)}."
        )
    try:
        size = _size(pattern)
    except (re2.error, UnicodeEncodeError) as error:
        raise FieldError(
            f"Correct the pattern: RE2 says {_words(error)}. (Lookarounds and backreferences do not exist in RE2.)"
        ) from None
    if size > LARGEST_PROGRAM:
        raise FieldError(
            "Simplify the pattern: repeat less, at most .{0,300}, and \\pL and the like only once or twice."
        )


def check_patterns(patterns: Iterable[str]) -> None:
    """Raises FieldError where patterns that are each fine are too much together."""
    if sum(map(_size, patterns)) > LARGEST_PROGRAMS:
        raise FieldError("Simplify the patterns, or use fewer: together they are too costly to compile.")


def work(pattern: str, length: int) -> int:
    """What one search in `length` bytes may come to, in instructions; compiling counts as well."""
    return _size(pattern) * (length + 100)


def found(pattern: str, text: str) -> bool:
    """Whether the checked `pattern` occurs anywhere in `text`."""
    return _matched("search", pattern, text)


def fits(pattern: str, text: str) -> bool:
    """Whether the checked `pattern` describes all of `text`."""
    return _matched("fullmatch", pattern, text)


def _matched(how: str, pattern: str, text: str) -> bool:
    """Paid for by what it took: most searches take a thousandth of the most that they may."""
    spend(1 + len(text) // 500)
    data = text.encode("utf-8", "replace")
    if work(pattern, len(data)) > _MOST_WORK:
        raise TooMuchWork
    began = thread_time()
    matched = getattr(_compiled(pattern), how)(data) is not None
    spend(int((thread_time() - began) / _STEP_S))
    return matched


def from_glob(glob: str) -> str:
    """The pattern for all of a text that is written with `*` (anything) and `?` (one character)."""
    pieces = (
        ".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", glob)
    )
    return f"(?s)^{''.join(pieces)}$"


@lru_cache(maxsize=1 << 16)
def _size(pattern: str) -> int:
    size: int = _compiled(pattern).programsize
    return size


@lru_cache(maxsize=_KEPT)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    options.never_capture = True
    # Not re2.compile: it keeps every option set's patterns in a cache of its own.
    return re2._Regexp(pattern.encode(), options)  # noqa: SLF001


def _words(error: Exception) -> str:
    text = error.args[0] if error.args else ""
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return text[:120] or "that it is not a pattern"
