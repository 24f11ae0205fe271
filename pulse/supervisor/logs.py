"""What children print: into one rotating file each, and onto the terminal behind the child's name."""

import os
import re
import select
import sys
from collections import deque
from pathlib import Path

MAX_BYTES = 10 * 1024 * 1024
KEPT_FILES = 5
_LONGEST_LINE = 64 * 1024
_PROBLEM = re.compile(rb"(FATAL|PANIC)(?!.*(terminating connection|is shutting down))")
_COLOURS = (36, 33, 35, 32, 34, 96, 93, 95)


class LogFile:
    """`<name>.log`, renamed to .1 … .5 when it reaches `max_bytes`; a full disk loses lines, never Pulse."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT_FILES) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._kept = kept
        self._descriptor = -1
        self._size = 0

    def write(self, data: bytes) -> None:
        """Append whole lines."""
        try:
            if self._descriptor < 0:
                self._open()
            if self._size and self._size + len(data) > self._max_bytes:
                self._rotate()
            self._size += os.write(self._descriptor, data)
        except OSError:
            self.close()  # opened again with the next line

    def close(self) -> None:
        """Close the file; the next write opens it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _open(self) -> None:
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._size = os.fstat(self._descriptor).st_size

    def _rotate(self) -> None:
        self.close()
        for number in range(self._kept - 1, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            if older.exists():
                older.replace(self.path.with_name(f"{self.path.name}.{number + 1}"))
        self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        self._open()


class Terminal:
    """Standard output; when it is held (Ctrl-S, a full pipe) it loses lines and never stops Pulse."""

    def __init__(self) -> None:
        self._descriptor = sys.stdout.fileno()
        self._is_colourful = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._names: dict[str, int] = {}
        self._lost = 0

    def line(self, name: str, text: bytes) -> None:
        """One line under a child's name."""
        if self._lost and self._is_writable():
            self._write(
                self._label("pulse") + b"(%d lines not shown; they are in the log files)\n" % self._lost
            )
            self._lost = 0
        if self._is_writable():
            self._write(self._label(name) + text + b"\n")
        else:
            self._lost += 1

    def _label(self, name: str) -> bytes:
        label = f"{name:<8} | "
        if not self._is_colourful:
            return label.encode()
        number = self._names.setdefault(name, len(self._names))
        return f"\033[{_COLOURS[number % len(_COLOURS)]}m{label}\033[0m".encode()

    def _is_writable(self) -> bool:
        try:
            return bool(select.select([], [self._descriptor], [], 0)[1])
        except (OSError, ValueError):
            return False

    def _write(self, data: bytes) -> None:
        try:
            os.write(self._descriptor, data)
        except OSError:
            self._lost += 1  # the terminal is gone; SIGHUP or ^C decides what that means


class Output:
    """Cuts one child's output into lines and hands them to its log file and the terminal."""

    def __init__(
        self, name: str, file: LogFile | None, terminal: Terminal | None, *, quiet: bool = False
    ) -> None:
        self.name = name
        self.tail: deque[str] = deque(maxlen=200)
        self._file = file
        self._terminal = terminal
        self._quiet = quiet
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take a piece of output as it came from the pipe."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._line(line)

    def end(self) -> None:
        """The child ended: what it left without a line end is a line too."""
        if self._rest:
            self._line(self._rest)
        self._rest = b""
        if self._file:
            self._file.close()

    def keep(self, path: Path) -> None:
        """Write the tail of an output that was not logged so far: its command failed."""
        if self._file is None:
            file = LogFile(path)
            file.write("".join(f"{line}\n" for line in self.tail).encode())
            file.close()

    def _line(self, line: bytes) -> None:
        self.tail.append(line.decode(errors="replace"))
        if self._file:
            self._file.write(line + b"\n")
        if self._terminal and not (self._quiet and not _PROBLEM.search(line)):
            self._terminal.line(self.name, line)
