"""Keep batches on disk until Pulse has them: in order, whole or not at all, and never more than fits."""

from __future__ import annotations

import gzip
import json
import logging
import os
import zlib
from pathlib import Path
from typing import Any

log = logging.getLogger("pulse_agent")

SUFFIX = ".json.gz"


class Spool:
    """A directory with one file for each batch; names count up, so their order is that of time.

    A file is written under another name, flushed to the disk and then renamed: after a crash or a power cut each
    batch is there whole, or not there.
    """

    def __init__(self, directory: Path, bytes_at_most: int) -> None:
        self._directory = directory
        self._most = bytes_at_most
        self.dropped = 0  # batches, since the start
        directory.mkdir(parents=True, exist_ok=True)
        for left in directory.glob("*.part"):
            left.unlink()
        self._sizes = {path.name: path.stat().st_size for path in sorted(directory.glob(f"*{SUFFIX}"))}
        self._next = int(max(self._sizes)[: -len(SUFFIX)]) + 1 if self._sizes else 1

    def __len__(self) -> int:
        return len(self._sizes)

    def add(self, batch: dict[str, Any]) -> None:
        """Keep a batch; when there is no room the oldest ones go, and the log says how many."""
        content = gzip.compress(json.dumps(batch, separators=(",", ":")).encode(), 6)
        self._make_room(len(content))
        name = f"{self._next:012d}{SUFFIX}"
        part = self._directory / f"{self._next:012d}.part"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self._directory / name)
        self._sync()
        self._sizes[name] = len(content)
        self._next += 1

    def first(self, most: int) -> list[str]:
        """The names of the oldest batches."""
        return [name for name, _ in zip(self._sizes, range(most))]  # since Python 3.10

    def read(self, name: str) -> bytes | None:
        """A batch as JSON; None for a file that a broken disk has spoilt, which is then put aside."""
        try:
            content = gzip.decompress((self._directory / name).read_bytes())
            json.loads(content)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            log.error("the batch %s cannot be read and is put aside: %s", name, error)
            self.remove(name, put_aside=True)
            return None
        return content

    def remove(self, name: str, *, put_aside: bool = False) -> None:
        path = self._directory / name
        self._sizes.pop(name, None)
        try:
            path.rename(path.with_suffix(".bad")) if put_aside else path.unlink()
        except OSError as error:
            log.error("%s cannot be removed: %s", path, error.strerror)

    def _make_room(self, size: int) -> None:
        dropped = 0
        total = sum(self._sizes.values())
        while self._sizes and total + size > self._most:
            name = next(iter(self._sizes))
            total -= self._sizes[name]
            self.remove(name)
            dropped += 1
        if dropped:
            self.dropped += dropped
            log.warning(
                "the buffer is full: the oldest %d batches were dropped (%d so far)", dropped, self.dropped
            )

    def _sync(self) -> None:
        """The new name itself is on the disk only when its directory is."""
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
