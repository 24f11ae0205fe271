"""Start a server on a free port of 127.0.0.1 and wait until it takes connections."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from pulse.embedded.process import ServerUser, spawn

START_S = 20.0


def program(name: str) -> Path:
    """Where `name` is, also outside of the path of ordinary users; `make test` has installed it."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if found is None:
        raise FileNotFoundError(f"{name} is not installed: run the suite by `make test`")
    return Path(found)


def server_user(name: str) -> ServerUser | None:
    """The account that a server runs as when the suite runs as root; None for whoever runs it."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(name)
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


@contextmanager
def running(
    argv: Sequence[str | Path], folder: Path, *, port: int | None, user: ServerUser | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The server `argv` as a direct child, answering on `port` if one is given; ended with its group after."""
    log = folder / "server.log"
    with log.open("wb") as output:
        process = spawn(
            argv, env={"PATH": "/usr/sbin:/usr/bin:/bin", "LC_ALL": "C"}, user=user, stdout=output, cwd=folder
        )
    try:
        if port is not None:
            _wait(process, port, log)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = monotonic() + START_S
    while monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended: {log.read_text('utf-8', 'replace')[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            sleep(0.02)
        else:
            return
    raise TimeoutError(f"{process.args!r} takes no connections: {log.read_text('utf-8', 'replace')[-2000:]}")


@contextmanager
def peer_folder() -> Iterator[Path]:
    """A folder that servers with users of their own can enter, which pytest's are not."""
    with TemporaryDirectory(prefix="pulse-peer-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
