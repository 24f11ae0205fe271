"""The last resort: a forked process that ends every child when the supervisor is killed with SIGKILL.

The kernel's death signal reaches direct children only. Celery's pool processes are grandchildren, so the
warden knows every process group; it notices the supervisor's end because its pipe closes. The copy of the
lock that it inherited keeps a new `make run` out until it is done.
"""

import os
import signal
import time
from contextlib import suppress

from pulse.embedded.process import is_alive
from pulse.supervisor.processes import signal_group

_LEAVING_SECONDS = 10.0  # PostgreSQL writes a checkpoint on its death signal


class Warden:
    """The supervisor's end: which groups to end, and how to say goodbye."""

    def __init__(self) -> None:
        self.pid = 0
        self._pipe = -1
        self._groups: dict[int, bool] = {}

    def start(self) -> None:
        """Fork. The supervisor has one thread, so a fork without exec is sound, and shares its memory."""
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(writer)
            _guard(reader)
        os.close(reader)
        if self._pipe >= 0:
            os.close(self._pipe)
        self._pipe = writer
        for group, may_leave in self._groups.items():
            self._tell("+", group, may_leave)

    def watch(self, group: int, *, may_leave: bool) -> None:
        """From now on end this process group; `may_leave` gives it time for a shutdown of its own."""
        self._groups[group] = may_leave
        self._tell("+", group, may_leave)

    def forget(self, group: int) -> None:
        """The group is gone, its number may be used by others."""
        if group in self._groups:
            self._tell("-", group, self._groups.pop(group))

    def dismiss(self) -> None:
        """End the warden itself; nothing is left to guard."""
        if self.pid:
            self._tell("q", 0, False)
            os.close(self._pipe)
            os.waitpid(self.pid, 0)
            self.pid = 0

    def _tell(self, what: str, group: int, may_leave: bool) -> None:
        with suppress(OSError):  # it died; the supervisor starts another and tells it everything
            os.write(self._pipe, f"{what} {group} {int(may_leave)}\n".encode())


def _guard(reader: int) -> None:
    """The warden's whole life; never returns."""
    try:
        _become_silent()
        groups: dict[int, bool] = {}
        with os.fdopen(reader) as lines:
            for line in lines:
                what, group, may_leave = line.split()
                if what == "q":
                    os._exit(0)
                elif what == "+":
                    groups[int(group)] = may_leave == "1"
                else:
                    groups.pop(int(group), None)
        _end(groups)
    finally:
        os._exit(0)


def _become_silent() -> None:
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def _end(groups: dict[int, bool]) -> None:
    for group, may_leave in groups.items():
        if not may_leave:
            signal_group(group, signal.SIGKILL)
    leaving = [group for group, may_leave in groups.items() if may_leave]
    deadline = time.monotonic() + _LEAVING_SECONDS
    while leaving and time.monotonic() < deadline:
        time.sleep(0.05)
        leaving = [group for group in leaving if is_alive(group)]  # the leader's id is the group's
    for group in leaving:
        signal_group(group, signal.SIGKILL)
