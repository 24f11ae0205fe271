"""What came back, decoded only when an assertion asks for it."""

from __future__ import annotations

import codecs
import json
from functools import cached_property
from typing import Any, NoReturn


class Body:
    """`raw` is what was read of the answer; `charset` is what it claims, an unknown one is read as UTF-8."""

    def __init__(self, raw: bytes, charset: str = "utf-8") -> None:
        self.raw = raw
        self._charset = charset

    @cached_property
    def text(self) -> str:
        """The body as text; what does not decode is U+FFFD. A byte order mark is not part of it."""
        return self.raw.decode(_codec(self._charset), "replace").removeprefix("\ufeff")

    def json(self) -> Any:
        """The body as JSON (RFC 8259); raises ValueError, also for what is nested too deeply."""
        parsed, problem = self._parsed
        if problem:
            raise ValueError(problem)
        return parsed

    @cached_property
    def _parsed(self) -> tuple[Any, str]:
        try:
            return parse_json(self.text), ""
        except ValueError as error:
            return None, str(error)


def parse_json(text: str) -> Any:
    """Decoded JSON without NaN and Infinity; raises ValueError with a few words on why not."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON (line {error.lineno}, column {error.colno})") from None
    except ValueError:
        raise ValueError("it is not JSON (a number that JSON has not)") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _codec(charset: str) -> str:
    try:
        found = codecs.lookup(charset.strip(" \"'"))
    except (LookupError, ValueError):
        return "utf-8"
    # Codecs that turn bytes into bytes (zip, bz2: bombs) or decode by escapes are no charsets.
    is_text = getattr(found, "_is_text_encoding", False)
    return found.name if is_text and found.name not in _NO_CHARSETS else "utf-8"


_NO_CHARSETS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "unicode-escape"}
)
