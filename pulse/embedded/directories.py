"""Create directories with exactly the mode and owner that keep others out, and trust no one else's."""

import os
import stat
from pathlib import Path

from pulse.embedded.errors import EmbeddedError, from_os_error
from pulse.embedded.process import ServerUser


def make_directory(path: Path, mode: int) -> None:
    """Create `path` with exactly this mode, whatever the umask; one that exists keeps the mode it has."""
    try:
        path.mkdir(parents=True)
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        path.chmod(mode)


def own_directory(path: Path, user: ServerUser | None) -> Path:
    """Create the mode-700 directory `path`, owned by `user`; refuse one that somebody else prepared."""
    owner = user.uid if user else os.geteuid()
    try:
        try:
            path.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            pass
        else:
            if user:
                os.chown(path, user.uid, user.gid)
        found = path.lstat()
    except OSError as error:
        raise from_os_error(f"create {path}", error) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise EmbeddedError(
            f"{path} must be a directory of mode 700 owned by user id {owner}: remove it and retry."
        )
    return path
