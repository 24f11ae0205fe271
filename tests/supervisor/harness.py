"""Start supervisors as a person would, from outside, and look at what they leave."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pulse.embedded.locate import REPOSITORY
from pulse.supervisor.state import ChildState, load_state
from tests.ports import free_port

PROGRAM = Path(__file__).with_name("program.py")


def eventually(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def processes_naming(text: str) -> list[int]:
    """Ids of living processes, other than this one, whose command line or environment holds `text`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if text.encode() in told and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


class Outside:
    """One supervisor process; `marker` is in the environment of everything that it starts for us."""

    def __init__(self, data_dir: Path, table: dict[str, object], *, port: int | None = None) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.marker = f"SUPERVISOR_TEST={data_dir}"
        self.output_file = data_dir.with_name(f"{data_dir.name}-{self.port}.out")
        environment = {**os.environ, "SUPERVISOR_TEST": str(data_dir), "PYTHONPATH": str(REPOSITORY)}
        for name in ("DATABASE_URL", "REDIS_URL", "PULSE_ENCRYPTION_KEYS", "SECRET_KEY"):
            environment.pop(name, None)
        with self.output_file.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, PROGRAM, data_dir, str(self.port), json.dumps(table)],
                cwd=REPOSITORY,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.output_file.read_text()

    def wait_ready(self) -> None:
        assert eventually(lambda: "Pulse is at" in self.output or self.process.poll() is not None, 20)
        assert self.process.poll() is None, self.output

    def child(self, name: str) -> ChildState:
        state = load_state(self.data_dir)
        assert state is not None
        return next(child for child in state["children"] if child["name"] == name)

    def interrupt(self) -> float:
        """^C; the seconds until the supervisor was gone."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(15)
        return time.monotonic() - began

    def left_over(self) -> list[int]:
        """What still runs: our children by their environment, the servers by their data directory."""
        return sorted({*processes_naming(self.marker), *processes_naming(f"{self.data_dir}/")})

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.output_file.unlink(missing_ok=True)
