"""Decide where an embedded server's files and sockets live and which user runs it."""

import hashlib
import os
import pwd
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pulse.embedded.binaries import SYSTEM_HOME, reachable_by
from pulse.embedded.directories import make_directory, own_directory
from pulse.embedded.errors import EmbeddedError, from_os_error
from pulse.embedded.process import ServerUser

# sun_path holds 108 bytes with its closing zero; ".s.PGSQL.5432.lock" is the longest name we put in.
_SOCKET_DIRECTORY_BYTES = 107 - len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class Place:
    """`home` holds the server files; `user` is None when the servers run as whoever runs Pulse."""

    home: Path
    user: ServerUser | None

    @property
    def is_elsewhere(self) -> bool:
        """Whether the files had to leave PULSE_DATA."""
        return self.home.parent == SYSTEM_HOME


def choose_place(data_dir: Path) -> Place:
    """PULSE_DATA itself; as root, where the database user cannot enter it, /var/lib/pulse/<hash of the path>.

    Raises EmbeddedError when the directory cannot be created or written.
    """
    is_root = os.geteuid() == 0
    try:
        # 711 for root: its database user passes through to its own 700 directory and can list nothing.
        make_directory(data_dir, 0o711 if is_root else 0o700)
        probe = data_dir / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise from_os_error(f"write to {data_dir}", error) from error
    if not is_root:
        return Place(data_dir, None)
    user = unprivileged_user()
    if reachable_by(user, data_dir):
        return Place(data_dir, user)
    home = SYSTEM_HOME / _digest(data_dir)
    try:
        make_directory(SYSTEM_HOME, 0o755)
        make_directory(home, 0o711)
    except OSError as error:
        raise from_os_error(f"keep the database in {home}", error) from error
    return Place(home, user)


def unprivileged_user() -> ServerUser:
    """The account for PostgreSQL under root: `postgres` where it exists, else `nobody`."""
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL refuses to run as root and there is no user postgres or nobody to run it as: "
        "start Pulse as an ordinary user, or set DATABASE_URL."
    )


def socket_directory(place: Place, server: str) -> Path:
    """A mode-700 directory whose sockets fit into the 107 bytes that the kernel allows for their path."""
    near = place.home / "run" / server
    if len(os.fsencode(near)) <= _SOCKET_DIRECTORY_BYTES:
        own_run = place.home / "run"
        try:
            make_directory(own_run, 0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise from_os_error(f"create {own_run}", error) from error
        return own_directory(near, place.user)
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    base = runtime if runtime and not place.user and os.access(runtime, os.W_OK) else _short_temporary()
    return own_directory(Path(base) / f"pulse-{os.geteuid()}-{_digest(place.home)}-{server}", place.user)


def _short_temporary() -> str:
    wanted = tempfile.gettempdir()
    return wanted if len(os.fsencode(wanted)) <= 40 else "/tmp"  # noqa: S108 (owner and mode are checked)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]
