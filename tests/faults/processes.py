"""Pulse's workers as processes of their own, so that they can be killed like the real ones."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from functools import cache
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
ROLE = {"PULSE_ROLE": "fault test"}


class Worker:
    """`manage.py run_checks` or `run_deliveries`; with a failpoint it kills itself there, with SIGKILL.

    One whose environment is like this process's own is forked from one that has Pulse loaded: that takes a second
    off each of some fifty starts. One with another environment is started like an installation's.
    """

    def __init__(
        self, command: str, failpoint: str = "", log: Path | None = None, **environment: str
    ) -> None:
        self.command, self.failpoint, self.environment = command, failpoint, environment
        self.log = log or Path(os.devnull)

    def start(self) -> Self:
        self.process = self._started() if self.environment else self._forked()
        return self

    def _forked(self) -> Forked:
        process = _loaded().Process(
            target=work, args=(self.command, self.failpoint, str(self.log)), daemon=True
        )
        process.start()
        return Forked(process)

    def _started(self) -> subprocess.Popen[bytes]:
        environment = os.environ | ROLE | {"PULSE_FAILPOINT": self.failpoint} | self.environment
        command = [sys.executable, "manage.py", self.command]
        with self.log.open("ab") as output:
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)

    def wait_until_killed(self, seconds: float) -> None:
        code = self.process.wait(seconds)
        assert code == -signal.SIGKILL, f"{self.command} ended with {code}, not at its failpoint"

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(12)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class Forked:
    """A forked process, with the words of a started one."""

    def __init__(self, process: BaseProcess) -> None:
        self.process = process
        self.terminate, self.kill = process.terminate, process.kill

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, seconds: float | None = None) -> int:
        self.process.join(seconds)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired(self.process.name, seconds or 0)
        return self.process.exitcode


@cache
def _loaded() -> ForkServerContext:
    """What forks from a process that has loaded Pulse, has asked nothing yet, and has no thread."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.loaded"])
    return context


def work(command: str, failpoint: str, log: str) -> None:
    from django.core.management import call_command

    from pulse import failpoints

    failpoints._armed = failpoint
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(output, stream)
    call_command(command)
