"""Hold no more of bodies at once than this process can bear: one may be ten MiB, and thousands of checks are under way.

Bodies that are small are not counted: nearly all are, and each check comes by here.
"""

from collections.abc import Iterable
from threading import RLock

UNCOUNTED = 64 << 10
MOST_HELD = 256 << 20
# One body may be as large as this part of what is free: large ones find no room long before there is none for others.
LARGEST_PART = 8


class _Room:
    """Bodies are let go of by whichever thread has judged them, and by the collector in the midst of anything."""

    def __init__(self) -> None:
        self._lock = RLock()
        self.held = 0

    def take(self, size: int, before: int) -> bool:
        with self._lock:
            if (before + size) * LARGEST_PART > MOST_HELD - self.held:
                return False
            self.held += size
            return True

    def give_back(self, size: int) -> None:
        with self._lock:
            self.held -= size


ROOM = _Room()


class Counted(list[bytes]):
    """The pieces of a large body; when nobody holds them any longer, there is room for another."""

    __slots__ = ("_size",)

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__(pieces)
        self._size = 0

    def take(self, size: int) -> bool:
        """Whether there is room for so much more."""
        if not ROOM.take(size, self._size):
            return False
        self._size += size
        return True

    def __del__(self) -> None:
        ROOM.give_back(self._size)
