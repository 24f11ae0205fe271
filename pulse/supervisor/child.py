"""One child process: start it, read what it prints, see it end, decide when to start it again."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress

from pulse.embedded.process import spawn
from pulse.supervisor.children import ChildSpec
from pulse.supervisor.logs import Output
from pulse.supervisor.processes import descendants, kill_all, signal_group

_DELAYS = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
_WELL_AFTER = 60.0  # seconds of life after which earlier crashes are forgotten
_PIPE_BYTES = 65536


class Child:
    """A ChildSpec and the process that runs for it at the moment; times are monotonic seconds."""

    def __init__(self, spec: ChildSpec, output: Output, env: Mapping[str, str], *, restart: bool) -> None:
        self.spec = spec
        self.output = output
        self.restart = restart
        self.restarts = 0
        self.exit_status: int | None = None
        self.started_at = 0.0
        self.next_start: float | None = None
        self.pid = 0
        self.pipe = -1
        self._env = env
        self._crashes = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether its process lives, as of the last `has_ended`."""
        return self._process is not None

    def start(self) -> None:
        """Raises OSError or EmbeddedError when it cannot be started."""
        self.next_start = None
        if self.spec.before_start:
            self.spec.before_start()
        self.pipe, writer = os.pipe()
        os.set_blocking(self.pipe, False)
        try:
            self._process = spawn(
                self.spec.argv,
                env=self._env if self.spec.env is None else self.spec.env,
                user=self.spec.user,
                death_signal=self.spec.death_signal,
                stdout=writer,
            )
        except BaseException:
            os.close(self.pipe)
            self.pipe = -1
            raise
        finally:
            os.close(writer)
        self.pid = self._process.pid
        self.started_at = time.monotonic()

    def read(self) -> None:
        """Take what is in the pipe, one buffer at a time so that a talkative child does not starve others."""
        with suppress(BlockingIOError):
            self.output.feed(os.read(self.pipe, _PIPE_BYTES))

    def has_ended(self) -> bool:
        """Whether the process has just ended; its status is then in `exit_status`."""
        return self._process is not None and self._process.poll() is not None

    def clean_up(self) -> None:
        """After its end: end what is left of its group (the loop reaps it), take its last words."""
        assert self._process is not None
        self.exit_status = self._process.returncode
        self._process = None
        signal_group(self.pid, signal.SIGKILL)
        with suppress(BlockingIOError):
            while data := os.read(self.pipe, _PIPE_BYTES):
                self.output.feed(data)
        os.close(self.pipe)
        self.pipe = -1
        self.output.end()

    def plan_restart(self) -> float:
        """Seconds until the next start: 1, 2, 4 … 30; from 1 again after a minute of running well."""
        now = time.monotonic()
        if now - self.started_at >= _WELL_AFTER:
            self._crashes = 0
        delay = _DELAYS[min(self._crashes, len(_DELAYS) - 1)]
        self._crashes += 1
        self.restarts += 1
        self.next_start = now + delay
        return delay

    def ask_to_stop(self) -> None:
        """Its own polite signal, to the process itself and not to its helpers."""
        self._signal(self.spec.stop_signal)

    def kill(self) -> None:
        """Its hard signal to the whole group; what started a session of its own below it dies too."""
        if self.spec.kill_signal != signal.SIGKILL:
            self._signal(self.spec.kill_signal)
            return
        below = descendants(self.pid)
        signal_group(self.pid, signal.SIGKILL)
        kill_all(below)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def describe_end(self) -> str:
        """ "exit status 3" or "signal SIGKILL"."""
        status = self.exit_status or 0
        return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
