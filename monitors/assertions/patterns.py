"""Regular expressions by RE2: linear in the text, bounded in memory, whatever a person or a target wrote."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

from monitors.assertions.budget import spend
from pulse.fields import FieldError

LONGEST_PATTERN = 500
_MEMORY = 1 << 20
# Compiled patterns kept, each of at most 1 MiB.
_KEPT = 256


def check_pattern(pattern: str) -> None:
    """Raises FieldError with a sentence for what is no RE2 pattern."""
    if len(pattern) > LONGEST_PATTERN:
        raise FieldError(
            f"Shorten the pattern to at most {LONGEST_PATTERN} characters; it has {len(pattern)}."
        )
    try:
        _compiled(pattern)
    except (re2.error, UnicodeEncodeError) as error:
        raise FieldError(
            f"Correct the pattern: RE2 says {_words(error)}. (Lookarounds and backreferences do not exist in RE2.)"
        ) from None


def found(pattern: str, text: str) -> bool:
    """Whether the checked `pattern` occurs anywhere in `text`."""
    spend(1 + len(text) // 500)
    return _compiled(pattern).search(text.encode("utf-8", "replace")) is not None


def fits(pattern: str, text: str) -> bool:
    """Whether the checked `pattern` describes all of `text`."""
    spend(1 + len(text) // 500)
    return _compiled(pattern).fullmatch(text.encode("utf-8", "replace")) is not None


def from_glob(glob: str) -> str:
    """The pattern for all of a text that is written with `*` (anything) and `?` (one character)."""
    pieces = (
        ".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", glob)
    )
    return f"(?s)^{''.join(pieces)}$"


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
