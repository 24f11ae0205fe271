"""Where a bench runs: PostgreSQL and Valkey of its own, a prepared database, and processes that end with it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """The environment of a fresh Pulse on durable servers, as an installation has them."""
    from pulse.embedded.postgres import EmbeddedPostgres
    from pulse.embedded.valkey import EmbeddedValkey

    with tempfile.TemporaryDirectory(prefix="pulse-bench-") as name:
        data = Path(name)
        data.chmod(0o755)
        with (
            EmbeddedPostgres(data, temporary=True) as postgres,
            EmbeddedValkey(data, temporary=True) as valkey,
        ):
            environment = {
                "DJANGO_SETTINGS_MODULE": "pulse.settings.local",
                "DATABASE_URL": postgres.url,
                "REDIS_URL": valkey.url,
                "SECRET_KEY": "only for the bench, only for the bench, only for it",
                "PULSE_ENCRYPTION_KEYS": "k1:" + "QUFB" * 10 + "QUE=",
                "PULSE_DATA": name,
                "BENCH_POSTGRES_PID": str(postgres.process.pid if postgres.process else 0),
            }
            subprocess.run(
                [sys.executable, "manage.py", "prepare_database", "--quiet"],
                cwd=ROOT, env=os.environ | environment, check=True,
            )  # fmt: skip
            yield environment


@contextmanager
def bench_server(script: str, *arguments: str) -> Iterator[int]:
    """A target or name server of the bench; yields its port."""
    command = [sys.executable, str(HERE / script), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield int(child.stdout.readline())
        finally:
            child.terminate()


@contextmanager
def pulse(
    environment: dict[str, str], *arguments: str, log: Path | None = None
) -> Iterator[subprocess.Popen[Any]]:
    """A process of Pulse, ended with SIGTERM and waited for."""
    output = log.open("wb") if log else subprocess.DEVNULL
    child = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=os.environ | environment, stdout=output, stderr=output
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, and of its ended and living children."""
    total = 0.0
    for one in [pid, *children(pid)]:
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / TICKS
        if one == pid:
            total += (int(fields[13]) + int(fields[14])) / TICKS
    return total


def resident_bytes(pid: int) -> int:
    """Memory of a process and of its living children that is not shared with others (Pss)."""
    total = 0
    for one in [pid, *children(pid)]:
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
    return total


def children(pid: int) -> list[int]:
    """All processes below it that live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(path.parent.name)
            found += [child, *children(child)]
    return found
