r"""Bytes to send and what is expected to come back, written as text with \r, \n, \t, \0, \\ and \xNN."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from monitors.assertions.body import Beginning
from monitors.assertions.budget import STEPS, TooMuchWork, limited
from monitors.assertions.judging import WORK_ON_THE_LOOP
from monitors.assertions.patterns import check_pattern, found, work
from monitors.probes.conversation import CheckFailed, Talk
from monitors.probes.outcome import ErrorClass
from monitors.probes.securing import LONGEST_ANSWER
from monitors.probes.settings import Setting, text
from pulse.fields import FieldError

LONGEST = 2000

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|[rnt0\\]|.?)", re.DOTALL)
_PLAIN = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
# What is no UTF-8 is shown as \xNN. Python's own way to do so asks about each byte.
_AS_WRITTEN = {0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)}
# Instructions of RE2 times bytes that one look may come to: some 200 ms.
_MOST_WORK = 20_000_000
_WRITTEN = {0x0D: r"\r", 0x0A: r"\n", 0x09: r"\t", 0x00: r"\0", 0x5C: r"\\"}


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is looked for in the bytes that come: a text, or an RE2 pattern between slashes; empty: anything."""

    text: bytes = b""
    pattern: str = ""

    def __bool__(self) -> bool:
        return bool(self.text or self.pattern)

    @property
    def words(self) -> str:
        return "match the expected pattern" if self.pattern else "contain the expected text"


class Looking:
    """Looks for what is expected again and again while an answer comes in; all looks of a check share one allowance."""

    def __init__(self, talk: Talk, expect: Expectation) -> None:
        self._talk = talk
        self._expect = expect
        self._work = 0
        self._steps = STEPS

    async def met(self, received: bytes | bytearray) -> bool:
        """Raises CheckFailed when the pattern has taken too long."""
        pattern = self._expect.pattern
        if not pattern:
            return self._expect.text in received
        text = as_text(received)
        self._work += (most := work(pattern, 4 * len(received)))
        try:
            if most > _MOST_WORK:
                raise TooMuchWork
            if self._work <= WORK_ON_THE_LOOP:
                return self._found(text)
            return bool(await self._talk.in_thread(lambda: self._found(text)))
        except TooMuchWork:
            words = "the expected pattern takes too long to look for: use a simpler one, or a text"
            raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, words) from None

    def _found(self, text: str) -> bool:
        with limited(self._steps) as left:
            try:
                return found(self._expect.pattern, text)
            finally:
                self._steps = left[0]


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
    return bytes(data).decode("utf-8", "surrogateescape").translate(_AS_WRITTEN)


def as_answer(data: bytes | bytearray) -> str:
    """The same as what is asserted on: of so many bytes as are read at most there may have been more."""
    return as_text(data) if len(data) < LONGEST_ANSWER else Beginning(as_text(data))


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
