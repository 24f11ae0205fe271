"""One supervisor per data directory: a lock that the kernel releases however its holder ends."""

import fcntl
import json
import os
import time
from pathlib import Path

from pulse.embedded.errors import EmbeddedError, from_os_error
from pulse.embedded.locate import lock_file
from pulse.embedded.process import is_alive

# After a kill -9 the warden keeps the lock until the last child is gone.
_CLEANING_SECONDS = 20.0


class SupervisorLock:
    """Held from before the first server starts until the last process is gone."""

    def __init__(self, data_dir: Path) -> None:
        self.path = lock_file(data_dir)
        self._descriptor = -1

    def acquire(self, address: str) -> None:
        """Take the lock and write down who we are; a living holder is named in the EmbeddedError."""
        try:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise from_os_error(f"write to {self.path}", error) from error
        deadline = time.monotonic() + _CLEANING_SECONDS
        while not self._try():
            holder = read_holder(self.path)
            pid = holder.get("pid")
            if isinstance(pid, int) and is_alive(pid):
                raise EmbeddedError(
                    f"Pulse already runs in {self.path.parent} as process {pid} at {holder.get('address')}: "
                    "stop it with `make stop`, or set PULSE_DATA and PORT to run a second one."
                )
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"The processes of a killed Pulse still hold {self.path}: `make stop` ends them."
                )
            time.sleep(0.1)
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, json.dumps({"pid": os.getpid(), "address": address}).encode())

    def _try(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let the next one in. The file stays: removing it would let two processes lock two files."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def read_holder(path: Path) -> dict[str, object]:
    """{"pid": int, "address": str} of whoever took the lock last; empty when unreadable."""
    try:
        holder: dict[str, object] = json.loads(path.read_text())
    except (OSError, json.JSONDecodeError):
        return {}
    return holder
