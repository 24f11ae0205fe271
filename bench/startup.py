"""From nothing to ready, again to ready, and what all of it weighs: `make run` as a newcomer runs it."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from bench.places import ROOT
from bench.report import Figure, at_most
from bench.transitions import free_port


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """The first start installs into a fresh clone; give it a network or a warm package cache."""
    with tempfile.TemporaryDirectory(prefix="pulse-startup-") as name:
        clone, port = Path(name) / "pulse", free_port()
        Path(name).chmod(0o755)
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        with started(clone, port) as seconds:
            yield at_most("first_start", seconds, "s", 180)
            sleep(options.settle)
            yield at_most("memory_pss", pss_mb(clone), "MB", 700)
        with started(clone, port) as seconds:
            yield at_most("second_start", seconds, "s", 10)
        shutil.rmtree(clone, ignore_errors=True)


@contextmanager
def started(clone: Path, port: int) -> Iterator[float]:
    """`make run` until /health/ready answers 200; stopped with SIGTERM afterwards."""
    environment = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG")}
    environment |= {
        key: value for key, value in os.environ.items() if key.startswith(("PIP_", "UV_", "SSL_"))
    }
    began = monotonic()
    child = subprocess.Popen(
        ["make", "run"], cwd=clone, env=environment | {"PORT": str(port)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        while not answers(port):
            if child.poll() is not None:
                raise SystemExit("make run ended before it was ready; run it by hand to see why")
            sleep(0.05)
        yield monotonic() - began
    finally:
        subprocess.run(["make", "stop"], cwd=clone, env=environment, stdout=subprocess.DEVNULL, check=False)
        child.wait(30)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def pss_mb(clone: Path) -> float:
    """The sum of PSS over every process that runs from the clone, with the database's own."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            if str(clone).encode() not in command and not _belongs(process, clone):
                continue
            rollup = (process / "smaps_rollup").read_text()
        except OSError:
            continue
        total += int(rollup.partition("Pss:")[2].split()[0])
    return total / 1024


def _belongs(process: Path, clone: Path) -> bool:
    """PostgreSQL's backends rename themselves; their environment or parent still tells."""
    parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
    line = (Path("/proc") / parent / "cmdline").read_bytes()
    return str(clone).encode() in line and b"postgres" in line
