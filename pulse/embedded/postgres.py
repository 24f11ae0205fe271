"""Run the embedded PostgreSQL: prepare its directory, start it as a child, make Pulse's role and database."""

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from pulse.embedded import cluster
from pulse.embedded.binaries import installation_for, postgres_installation, postgres_major
from pulse.embedded.directories import own_directory
from pulse.embedded.errors import EmbeddedError, from_output
from pulse.embedded.place import choose_place, socket_directory
from pulse.embedded.process import spawn
from pulse.embedded.secrets import load_or_create, password, secret_directory

START_SECONDS = 60.0  # crash recovery of 1 GB of WAL on a slow disk
_PROVISION = """
SELECT 'CREATE ROLE pulse' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pulse') \\gexec
ALTER ROLE pulse WITH LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE {createdb} PASSWORD '{password}';
SELECT 'CREATE DATABASE pulse OWNER pulse'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'pulse') \\gexec
"""


def _quiet(_line: str) -> None:
    """Where a caller wants no progress lines."""


class EmbeddedPostgres:
    """One PostgreSQL on a Unix socket, below a data directory.

    As a context manager it starts and stops the server itself. The supervisor, which restarts its children,
    instead calls `prepare()`, spawns `argv` as `user`, then `wait_ready(alive)` and `provision()`.

    `create_db` lets role `pulse` create databases (test runners need it); `durable=False` trades crash safety
    for speed; `temporary=True` deletes the server's files when it stops.
    """

    stop_signal = signal.SIGINT  # fast shutdown: clients are cut, a checkpoint is written
    kill_signal = signal.SIGQUIT  # immediate: recovery on the next start

    def __init__(
        self,
        data_dir: Path,
        *,
        create_db: bool = False,
        durable: bool = True,
        temporary: bool = False,
        say: Callable[[str], None] = _quiet,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.create_db = create_db
        self.durable = durable
        self.temporary = temporary
        self._say = say
        self.place = choose_place(self.data_dir)
        self.user = self.place.user
        self.cluster = self.place.home / "postgres"
        self.client_bin = postgres_installation() / "bin"
        self.installation = installation_for(self.user, postgres_installation())
        secrets = secret_directory(self.data_dir / "secrets")
        self._superuser_file = secrets / "postgres-superuser"
        self._password = load_or_create(secrets / "postgres-pulse", password)
        self.socket_dir = socket_directory(self.place, "postgres")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def argv(self) -> list[str]:
        """The server's command line; it runs as `user`, with `env`."""
        return [str(self.installation / "bin" / "postgres"), "-D", str(self.cluster)]

    @property
    def env(self) -> Mapping[str, str]:
        """A small environment of its own: no secret of Pulse is handed to the database."""
        return cluster.ENVIRONMENT

    def prepare(self) -> None:
        """Make the data directory ready to start; raises EmbeddedError with one line when it must not be."""
        if self.place.is_elsewhere:
            self._say(
                f"user {self.place.user and self.place.user.name} cannot enter {self.data_dir}:"
                f" the database is kept in {self.cluster}"
            )
        if self.cluster.exists():
            cluster.check_version(self.cluster, postgres_major(self.installation))
            cluster.refuse_running(self.cluster)
            own_directory(self.cluster, self.user)
        is_new = not self.cluster.exists()
        knew_password = self._superuser_file.exists()
        superuser = load_or_create(self._superuser_file, password)
        if is_new:
            cluster.create(self.cluster, self.installation, self.user, superuser)
        elif not knew_password:
            cluster.reset_password(self.cluster, self.installation, self.user, superuser)
        cluster.configure(self.cluster, self.socket_dir, self.user, durable=self.durable)

    def wait_ready(self, alive: Callable[[], bool], *, seconds: float = START_SECONDS) -> None:
        """Return when the server takes connections: the last line of its postmaster.pid says so."""
        deadline = time.monotonic() + seconds
        while not self._is_ready():
            if not alive():
                raise EmbeddedError("PostgreSQL ended while it was starting.")
            if time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL was not ready after {seconds:.0f} s.")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        try:
            lines = (self.cluster / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"  # pg_ctl reads the same line

    def provision(self) -> None:
        """Create role `pulse` (bound by row security) and its database; harmless when repeated."""
        createdb = "CREATEDB" if self.create_db else "NOCREATEDB"
        self.run_sql(_PROVISION.format(createdb=createdb, password=self._password))

    def run_sql(self, sql: str, *, database: str = "postgres") -> str:
        """Run SQL as the superuser through psql (no driver in our memory); returns its rows as text."""
        outcome = subprocess.run(
            [self.client_bin / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database],
            input=sql,
            env=self.client_env("postgres"),
            capture_output=True,
            text=True,
            check=False,
        )
        if outcome.returncode:
            raise from_output("prepare the database", outcome.stderr)
        return outcome.stdout.strip()

    def client_env(self, role: str = "pulse") -> dict[str, str]:
        """The environment with which psql, pg_dump and pg_restore reach this server as `role`."""
        secret = self._superuser_file.read_text().strip() if role == "postgres" else self._password
        return {**cluster.ENVIRONMENT, "PGHOST": str(self.socket_dir), "PGUSER": role, "PGPASSWORD": secret}

    @property
    def url(self) -> str:
        """DATABASE_URL as role `pulse`, through the Unix socket."""
        return self._url("pulse", self._password)

    @property
    def superuser_url(self) -> str:
        """For tests that need to look past the walls; the application never gets it."""
        return self._url("postgres", self._superuser_file.read_text().strip())

    def _url(self, role: str, secret: str) -> str:
        return f"postgresql://{role}:{secret}@/pulse?host={quote(str(self.socket_dir), safe='')}"

    def start(self) -> None:
        """Prepare, start, wait and provision; about 1 s the first time, 0.2 s after that."""
        self.prepare()
        log = self.place.home / "postgres.log"
        with log.open("wb") as output:
            self.process = spawn(
                self.argv, env=self.env, user=self.user, death_signal=self.stop_signal, stdout=output
            )
        process = self.process
        try:
            self.wait_ready(lambda: process.poll() is None)
            self.provision()
        except EmbeddedError as error:
            self.stop()
            raise from_output("start PostgreSQL", log.read_text(errors="replace") or str(error)) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Fast shutdown, harder after 8 s; returns when the process is gone."""
        if self.process is not None:
            for number in (self.stop_signal, self.kill_signal, signal.SIGKILL):
                self.process.send_signal(number)
                try:
                    self.process.wait(8)
                    break
                except subprocess.TimeoutExpired:
                    continue
            self.process = None
        if self.temporary:
            self._delete_files()

    def _delete_files(self) -> None:
        shutil.rmtree(self.cluster, ignore_errors=True)
        shutil.rmtree(self.socket_dir, ignore_errors=True)
        if self.place.is_elsewhere:
            shutil.rmtree(self.place.home, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
