"""Pulse's workers as processes of their own, so that they can be killed like the real ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """`manage.py run_checks` or `run_deliveries`; with a failpoint it kills itself there, with SIGKILL."""

    def __init__(
        self, command: str, failpoint: str = "", log: Path | None = None, **environment: str
    ) -> None:
        self.command, self.log = command, log
        self.environment = {"PULSE_FAILPOINT": failpoint, "PULSE_ROLE": "fault test", **environment}

    def start(self) -> Self:
        environment = os.environ | self.environment
        output: Any = self.log.open("ab") if self.log else subprocess.DEVNULL
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", self.command],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
        return self

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
