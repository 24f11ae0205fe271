"""Run the embedded Valkey: disposable broker, channel layer and cache on a Unix socket, nothing on disk."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from pulse.embedded.binaries import valkey_server
from pulse.embedded.directories import own_directory
from pulse.embedded.errors import EmbeddedError, from_os_error, from_output
from pulse.embedded.place import Place, choose_place, socket_directory
from pulse.embedded.process import ServerUser, spawn

START_SECONDS = 10.0
_CONFIGURATION = """\
# Written by Pulse at each start.
port 0
unixsocket {socket}
unixsocketperm 700
daemonize no
dir {directory}
logfile ""
loglevel notice
save ""
appendonly no
# Evicting a message would lose work silently; a full broker refuses instead, and PostgreSQL has the truth.
maxmemory 64mb
maxmemory-policy noeviction
databases 4
"""


class EmbeddedValkey:
    """One Valkey below a data directory; same two ways of use as EmbeddedPostgres.

    `maxmemory` is 64 MB: it carries bells and pushes, not state, and may be wiped at any time.
    """

    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL
    user: ServerUser | None = None  # it runs as whoever runs Pulse

    def __init__(self, data_dir: Path, *, temporary: bool = False) -> None:
        self.data_dir = data_dir.absolute()
        self.temporary = temporary
        self.place = Place(choose_place(self.data_dir).home, None)
        self.socket_dir = socket_directory(self.place, "valkey")
        self.directory = self.data_dir / "valkey"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """The server's socket; only this user (and root) can open it."""
        return self.socket_dir / "valkey.sock"

    @property
    def url(self) -> str:
        """REDIS_URL in the one form that settings translate for kombu, redis-py and Channels."""
        return f"unix://{quote(str(self.socket))}?db=0"

    @property
    def argv(self) -> list[str]:
        """The server's command line."""
        return [str(valkey_server()), str(self.directory / "valkey.conf")]

    @property
    def env(self) -> Mapping[str, str]:
        """Nothing of Pulse's environment is needed."""
        return {"LC_ALL": "C", "TZ": "UTC"}

    def prepare(self) -> None:
        """Write the configuration; a socket left by a killed server is replaced by the server itself."""
        own_directory(self.directory, None)
        text = _CONFIGURATION.format(socket=_quote(self.socket), directory=_quote(self.directory))
        try:
            (self.directory / "valkey.conf").write_text(text)
        except OSError as error:
            raise from_os_error(f"configure Valkey in {self.directory}", error) from error

    def wait_ready(self, alive: Callable[[], bool], *, seconds: float = START_SECONDS) -> None:
        """Return when the server answers PING."""
        deadline = time.monotonic() + seconds
        while not self._answers():
            if not alive():
                raise EmbeddedError("Valkey ended while it was starting.")
            if time.monotonic() > deadline:
                raise EmbeddedError(f"Valkey was not ready after {seconds:.0f} s.")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(1)
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def start(self) -> None:
        """Prepare, start and wait; some 30 ms."""
        self.prepare()
        log = self.directory / "valkey.log"
        with log.open("wb") as output:
            self.process = spawn(self.argv, env=self.env, death_signal=self.stop_signal, stdout=output)
        process = self.process
        try:
            self.wait_ready(lambda: process.poll() is None)
        except EmbeddedError as error:
            self.stop()
            raise from_output("start Valkey", log.read_text(errors="replace") or str(error)) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server; there is nothing to save."""
        if self.process is not None:
            for number in (self.stop_signal, self.kill_signal):
                self.process.send_signal(number)
                try:
                    self.process.wait(3)
                    break
                except subprocess.TimeoutExpired:
                    continue
            self.process = None
        if self.temporary:
            shutil.rmtree(self.directory, ignore_errors=True)
            shutil.rmtree(self.socket_dir, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _quote(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
