"""The supervisor's one loop: output, exits, restarts and signals, in one thread and one `select`."""

import os
import resource
import selectors
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType

from pulse.embedded.errors import EmbeddedError
from pulse.embedded.process import adopt_orphans
from pulse.supervisor.child import Child
from pulse.supervisor.children import ChildSpec
from pulse.supervisor.logs import LogFile, Output, Terminal
from pulse.supervisor.state import StateFile
from pulse.supervisor.warden import Warden

_OPEN_FILES = 65536  # thousands of probes in flight are thousands of sockets


class StopRequested(Exception):
    """^C, SIGTERM or SIGHUP arrived."""


class Supervisor:
    """Starts, watches and restarts children; `stopping.stop` ends them."""

    def __init__(self, data_dir: Path, state: StateFile) -> None:
        self.children: list[Child] = []
        self.env: Mapping[str, str] = {}
        self.stop_requests = 0
        self.is_stopping = False
        self.warden = Warden()
        self.state = state
        self._logs = data_dir / "logs"
        self._terminal = Terminal()
        self._selector = selectors.DefaultSelector()
        self._began = time.monotonic()

    def begin(self) -> None:
        """Become the parent that no descendant escapes; call once, before any child."""
        self._logs.mkdir(mode=0o700, exist_ok=True)
        adopt_orphans()
        _raise_file_limit()
        self._start_warden()
        reader, writer = os.pipe()
        for descriptor in (reader, writer):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._selector.register(reader, selectors.EVENT_READ, None)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # it only wakes `select`
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup keeps its promise
                signal.signal(number, self._request_stop)

    def _request_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_requests += 1

    def _start_warden(self) -> None:
        self.warden.start()
        self.state.warden = self.warden.pid
        self.state.save(self.children)

    def say(self, text: str) -> None:
        """A progress line with the seconds since the start."""
        self._terminal.line("pulse", f"{time.monotonic() - self._began:6.1f} s  {text}".encode())

    def show(self, text: str) -> None:
        """A line that stands by itself."""
        self._terminal.line("pulse", text.encode())

    def log_path(self, name: str) -> Path:
        """Where a child's output is kept."""
        return self._logs / f"{name}.log"

    def add(self, spec: ChildSpec, *, restart: bool = True, is_secret: bool = False) -> Child:
        """Start a child; raises EmbeddedError when its program cannot be started at all."""
        file = None if is_secret else LogFile(self.log_path(spec.name))
        output = Output(spec.name, file, None if is_secret else self._terminal, quiet=spec.quiet)
        # The role names its connections, so that people and /health/ready see who is there.
        child = Child(spec, output, {**self.env, "PULSE_ROLE": spec.name}, restart=restart)
        self.children.append(child)
        self._start(child)
        return child

    def _start(self, child: Child) -> None:
        try:
            child.start()
        except OSError as error:
            raise EmbeddedError(
                f"Cannot start {child.spec.name} ({child.spec.argv[0]}): {error.strerror}."
            ) from error
        # A server with a death signal of its own is on its way out when the warden looks.
        self.warden.watch(child.pid, may_leave=child.spec.death_signal != signal.SIGKILL)
        self._selector.register(child.pipe, selectors.EVENT_READ, child)
        self.state.save(self.children)

    def pump(self, seconds: float) -> None:
        """Handle what happens within `seconds`; raises StopRequested on a signal."""
        due = [child.next_start for child in self.children if child.next_start is not None]
        wait = max(0.0, min([seconds, *(at - time.monotonic() for at in due)]))
        for key, _ in self._selector.select(wait):
            if key.data is None:
                with suppress(BlockingIOError):
                    os.read(key.fd, 4096)
            else:
                key.data.read()
        self._see_ends()
        if self.is_stopping:
            return
        if self.stop_requests:
            raise StopRequested
        self._restart_due()

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Pump until `condition` holds; False when it did not within `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return False
            self.pump(min(remaining, 0.1))
        return True

    def runs(self, child: Child) -> bool:
        """Whether it still runs, after a look at what has happened."""
        self.pump(0)
        return child.is_running

    def _see_ends(self) -> None:
        for child in self.children:
            if child.has_ended():
                self._selector.unregister(child.pipe)
                child.clean_up()
                self.warden.forget(child.pid)
                if child.restart and not self.is_stopping:
                    delay = child.plan_restart()
                    again = f"starting it again in {delay:.0f} s"
                    self.say(f"{child.spec.name} ended ({child.describe_end()}); {again}")
                self.state.save(self.children)
        self._reap_orphans()

    def _reap_orphans(self) -> None:
        """Grandchildren whose parent died are ours; without this they would stay zombies."""
        ours = {child.pid for child in self.children if child.is_running}
        with suppress(ChildProcessError):
            while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if found.si_pid in ours:
                    return  # seen in the next round, by its owner
                os.waitpid(found.si_pid, os.WNOHANG)
                if found.si_pid == self.warden.pid and not self.is_stopping:
                    self._start_warden()

    def _restart_due(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.next_start is not None and child.next_start <= now:
                try:
                    self._start(child)
                except EmbeddedError as error:
                    self.say(f"{error} Trying again in {child.plan_restart():.0f} s.")


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
