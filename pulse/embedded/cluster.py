"""Prepare PostgreSQL's data directory: create it, configure it, and refuse one that must not be started."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from pulse.embedded.directories import own_directory
from pulse.embedded.errors import EmbeddedError, from_os_error, from_output
from pulse.embedded.process import ServerUser, is_alive

# A server whose supervisor was killed gets SIGINT from the kernel, and its last checkpoint takes this long.
LEAVING_SECONDS = 8.0

# Sized for 2 cores and 700 MB for the whole of Pulse. Private memory per connection is what costs: so few.
_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "96MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "48MB",
    "effective_cache_size": "512MB",
    "jit": "off",  # compiles for longer than our queries run
    "max_parallel_workers_per_gather": "0",
    "max_worker_processes": "4",
    "autovacuum_max_workers": "2",
    "max_locks_per_transaction": "256",  # pg_dump locks each table of each organisation
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "min_wal_size": "80MB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_line_prefix": "'%m [%p] %q%a '",
    "password_encryption": "'scram-sha-256'",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def create(cluster: Path, installation: Path, user: ServerUser | None, superuser_password: str) -> None:
    """Run initdb beside `cluster` and rename: an interrupted first start leaves no half database behind.

    The locale comes with PostgreSQL (provider builtin), so a machine without any locale works alike.
    """
    draft = cluster.with_name(f"{cluster.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    own_directory(draft, user)
    try:
        with tempfile.NamedTemporaryFile("w", prefix=".initdb-", dir=cluster.parent) as password_file:
            password_file.write(superuser_password)
            password_file.flush()
            if user:
                os.chown(password_file.name, user.uid, user.gid)
            _initdb(draft, installation, user, Path(password_file.name))
        draft.rename(cluster)
    except OSError as error:
        raise from_os_error(f"create the database in {cluster}", error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _initdb(draft: Path, installation: Path, user: ServerUser | None, password_file: Path) -> None:
    outcome = subprocess.run(
        [
            installation / "bin" / "initdb",
            f"--pgdata={draft}",
            "--username=postgres",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            "--no-sync",  # the first start syncs what it needs; a crash before it just means initdb again
        ],
        env=ENVIRONMENT,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode:
        raise from_output("create the database", outcome.stdout + outcome.stderr)


def configure(cluster: Path, socket_dir: Path, user: ServerUser | None, *, durable: bool) -> None:
    """Write Pulse's settings; read after postgresql.conf; a person's ALTER SYSTEM still wins."""
    settings = (
        _SETTINGS | (_DURABLE if durable else _FOR_TESTS) | {"unix_socket_directories": _quote(socket_dir)}
    )
    lines = ["# Written by Pulse at each start. Your own settings: ALTER SYSTEM SET name = value."]
    lines += [f"{name} = {value}" for name, value in settings.items()]
    include = "include_if_exists = 'pulse.conf'"
    main = cluster / "postgresql.conf"
    try:
        _write(cluster / "pulse.conf", "\n".join(lines) + "\n", user)
        if include not in main.read_text():
            with main.open("a") as file:
                file.write(f"\n{include}\n")
    except OSError as error:
        raise from_os_error(f"configure the database in {cluster}", error) from error


def _quote(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _write(path: Path, text: str, user: ServerUser | None) -> None:
    path.write_text(text)
    path.chmod(0o600)
    if user:
        os.chown(path, user.uid, user.gid)


def check_version(cluster: Path, major: int) -> None:
    """Refuse a data directory of another PostgreSQL major version, with the way out."""
    try:
        found = (cluster / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise from_os_error(f"read the database in {cluster}", error) from error
    if found != str(major):
        raise EmbeddedError(
            f"The data in {cluster} was written by PostgreSQL {found} and this Pulse brings {major}: "
            "go back to the version of Pulse that made it, type `make backup`, return here, move the "
            "directory away and type `make restore` (docs/operations.md, Upgrading PostgreSQL)."
        )


def refuse_running(cluster: Path) -> None:
    """Wait for a server that is on its way out; refuse one that stays; clear what a dead one left behind."""
    deadline = time.monotonic() + LEAVING_SECONDS
    while (pid := running_pid(cluster)) is not None:
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"PostgreSQL already runs on {cluster} as process {pid}: stop the Pulse that started it "
                f"(make stop), or end that process with `kill -INT {pid}`."
            )
        time.sleep(0.1)


def running_pid(cluster: Path) -> int | None:
    """The id of the server that runs on this directory; a stale postmaster.pid is removed.

    After a restart of the machine the old id may belong to something else, and PostgreSQL would then refuse
    to start: so the process must also have this directory as its own.
    """
    lock = cluster / "postmaster.pid"
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    if is_alive(pid) and _works_in(pid, cluster):
        return pid
    lock.unlink(missing_ok=True)
    return None


def _works_in(pid: int, cluster: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").samefile(cluster)
    except FileNotFoundError:
        return not Path("/proc/self").exists()  # no /proc: believe the file
    except OSError:
        return False  # somebody else's process


def reset_password(cluster: Path, installation: Path, user: ServerUser | None, password: str) -> None:
    """Set the superuser's password without a server: its secret file was lost, the data was not."""
    outcome = subprocess.run(
        [
            installation / "bin" / "postgres",
            "--single",
            "-D",
            cluster,
            "-c",
            "exit_on_error=true",
            "postgres",
        ],
        input=f"ALTER ROLE postgres PASSWORD '{password}'\n",
        env=ENVIRONMENT,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode:
        raise from_output("set a new database password", outcome.stderr)
