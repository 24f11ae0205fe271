"""Start a server or worker so that it cannot outlive the process that started it."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# Loaded before any fork: between fork and exec only async-signal-safe work is sound.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class ServerUser:
    """The unprivileged account that PostgreSQL runs as when Pulse itself runs as root."""

    name: str
    uid: int
    gid: int


def die_with_parent(death_signal: int = signal.SIGKILL) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `death_signal` when the *thread* that forked ends, however it ends.

    Start children from the main thread only. Systems other than Linux have no such call; there a kill -9 of
    the parent leaves its children to `make stop`.
    """
    parent = os.getpid()

    def arm() -> None:
        if _prctl is not None:
            _prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:  # the parent died before the signal was armed
                os._exit(1)

    return arm


def adopt_orphans() -> None:
    """Make this process the new parent of grandchildren whose own parent dies, so that it can end them."""
    if _prctl is not None:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def spawn(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    user: ServerUser | None = None,
    death_signal: int = signal.SIGKILL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """A direct child in its own process group (a ^C at the terminal must not reach it) with stderr on stdout.

    Raises OSError when the program cannot be started.
    """
    return subprocess.Popen(
        [os.fspath(part) for part in argv],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        cwd=cwd or "/",
        process_group=0,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        # Popen changes the user first and calls this last: a change of user would disarm the death signal.
        preexec_fn=die_with_parent(death_signal),  # noqa: PLW1509
    )


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists and is not a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc/self").exists()
