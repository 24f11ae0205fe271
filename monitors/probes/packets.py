"""Binary messages read field by field: one that is too short breaks its protocol, and nothing of ours."""

from __future__ import annotations

from monitors.probes.conversation import CheckFailed
from monitors.probes.outcome import ErrorClass


def garbled(protocol: str) -> CheckFailed:
    """The failure of an answer that does not follow its protocol: "MySQL"."""
    return CheckFailed(ErrorClass.BAD_RESPONSE, f"the answer is not valid {protocol}")


class Packet:
    """A cursor over received bytes; every reader raises CheckFailed where they end too early."""

    def __init__(self, data: bytes, protocol: str) -> None:
        self._data = data
        self._at = 0
        self._protocol = protocol

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if not 0 <= count <= self.left:
            raise garbled(self._protocol)
        self._at += count
        return self._data[self._at - count : self._at]

    def rest(self) -> bytes:
        return self.take(self.left)

    def starts(self, prefix: bytes) -> bool:
        """Whether `prefix` is next; nothing is taken."""
        return self._data.startswith(prefix, self._at)

    def rest_ahead(self) -> bytes:
        """All that is left; nothing is taken."""
        return self._data[self._at :]

    def big(self, size: int) -> int:
        """An unsigned number, most significant byte first."""
        return int.from_bytes(self.take(size), "big")

    def little(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def until_zero(self) -> bytes:
        """The bytes before the next NUL, which is skipped."""
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise garbled(self._protocol)
        found = self.take(end - self._at)
        self._at += 1
        return found


def readable(data: bytes, longest: int = 200) -> str:
    """What a peer said, fit for a sentence: one line, printable, cut."""
    text = data[: longest * 4].decode("utf-8", "replace")
    printable = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return printable if len(printable) <= longest else printable[: longest - 1] + "…"
