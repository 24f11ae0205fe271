"""Show what a sender put into a ping's body, whatever it is: as text where it is some, else as a dump."""

from __future__ import annotations

from dataclasses import dataclass

DUMPED_AT_MOST = 1024


@dataclass(frozen=True, slots=True)
class Body:
    """`text` may be shown on a page; `kept` of `size` bytes can be downloaded."""

    text: str
    is_text: bool
    kept: int
    size: int

    @property
    def is_cut(self) -> bool:
        return self.size > self.kept


def of(content: bytes, size: int) -> Body:
    try:
        text = _decoded(content, size > len(content))
    except UnicodeDecodeError:
        return Body(dump(content[:DUMPED_AT_MOST]), False, len(content), size)
    if any(not (character.isprintable() or character in "\n\r\t") for character in text):
        return Body(dump(content[:DUMPED_AT_MOST]), False, len(content), size)
    return Body(text, True, len(content), size)


def dump(content: bytes) -> str:
    """Sixteen bytes a line, in hex and as far as they are printable ASCII."""
    lines = []
    for start in range(0, len(content), 16):
        part = content[start : start + 16]
        readable = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{start:06x}  {part.hex(' '):<47}  {readable}")
    return "\n".join(lines)


def _decoded(content: bytes, is_cut: bool) -> str:
    """A cut may have gone through a character."""
    if is_cut:
        for end in range(len(content), max(0, len(content) - 4), -1):
            try:
                return content[:end].decode()
            except UnicodeDecodeError:
                continue
    return content.decode()
