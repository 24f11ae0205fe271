r"""Bytes to send and what is expected to come back, written as text with \r, \n, \t, \0, \\ and \xNN."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from monitors.assertions.budget import limited
from monitors.assertions.patterns import check_pattern, found
from monitors.probes.settings import Setting, text
from pulse.fields import FieldError

LONGEST = 2000

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|[rnt0\\]|.?)", re.DOTALL)
_PLAIN = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
_WRITTEN = {0x0D: r"\r", 0x0A: r"\n", 0x09: r"\t", 0x00: r"\0", 0x5C: r"\\"}


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is looked for in the bytes that come: a text, or an RE2 pattern between slashes; empty: anything."""

    text: bytes = b""
    pattern: str = ""

    def __bool__(self) -> bool:
        return bool(self.text or self.pattern)

    def met(self, received: bytes | bytearray) -> bool:
        if self.pattern:
            with limited():
                return found(self.pattern, as_text(received))
        return self.text in received

    @property
    def words(self) -> str:
        return "match the expected pattern" if self.pattern else "contain the expected text"


def read_payload(value: str) -> bytes:
    """The bytes that the text stands for; raises FieldError for an escape that is none."""

    def one(match: re.Match[str]) -> str:
        escape = match[1]
        if escape.startswith("x") and len(escape) == 3:
            return chr(int(escape[1:], 16) + _RAW)
        if escape not in _PLAIN:
            raise FieldError(
                f"Write \\{escape or ''} as \\\\{escape or ''}: known are \\r \\n \\t \\0 \\\\ \\xNN."
            )
        return _PLAIN[escape].decode()

    return b"".join(
        bytes([ord(character) - _RAW])
        if _RAW <= ord(character) < _RAW + 256
        else character.encode("utf-8", "replace")
        for character in _ESCAPE.sub(one, value)
    )


# \xNN is one byte, whatever UTF-8 would make of it: it travels as a character of the private use plane.
_RAW = 0xF0000


def write_payload(data: bytes) -> str:
    r"""The text that `read_payload` reads as the same bytes; what is no UTF-8 is written \xNN."""
    pieces: list[str] = []
    for character in data.decode("utf-8", "surrogateescape"):
        code = ord(character)
        if code in _WRITTEN:
            pieces.append(_WRITTEN[code])
        elif 0xDC80 <= code <= 0xDCFF:
            pieces.append(f"\\x{code - 0xDC00:02x}")
        elif character.isprintable():
            pieces.append(character)
        else:
            pieces.extend(f"\\x{byte:02x}" for byte in character.encode())
    return "".join(pieces)


def read_expectation(value: str) -> Expectation:
    """A text with escapes, or a pattern: /^SSH-2/; raises FieldError."""
    if len(value) > 2 and value[0] == value[-1] == "/":
        check_pattern(value[1:-1])
        return Expectation(pattern=value[1:-1])
    return Expectation(read_payload(value))


def write_expectation(expectation: Expectation) -> str:
    if expectation.pattern:
        return f"/{expectation.pattern}/"
    written = write_payload(expectation.text)
    # A text between slashes would be read as a pattern.
    return f"\\x2f{written[1:]}" if len(written) > 2 and written[0] == written[-1] == "/" else written


def as_text(data: bytes | bytearray) -> str:
    """Received bytes as evidence keeps them and patterns see them."""
    return bytes(data).decode("utf-8", "backslashreplace")


def payload(name: str, help_text: str) -> Setting:
    words = f"{help_text} \\r\\n, \\t, \\0 and \\xNN are understood."
    return _bytes_setting(name, "Send", words, read_payload, b"", write_payload)


def expecting(help_text: str = "") -> tuple[Setting, ...]:
    words = (
        help_text
        or "Text that the answer contains, or a pattern between slashes, like /^220 /; empty: anything."
    )
    return (_bytes_setting("expect", "Expect", words, read_expectation, Expectation(), write_expectation),)


def _bytes_setting(name: str, label: str, help_text: str, read: Any, default: Any, write: Any) -> Setting:
    plain = text(name, label, help_text, longest=LONGEST, read=read)
    return Setting(name, label, "text", plain.read, default, plain.schema, help_text, write=write)
