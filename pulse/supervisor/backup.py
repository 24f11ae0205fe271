"""`make backup` and `make restore`: the whole database in one file, with the binaries that serve it.

Row security binds the application's role, so a dump needs a role above it: the embedded server's superuser,
or, on a server of your own, the role of DATABASE_ADMIN_URL (superuser or BYPASSRLS).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pulse.embedded import EmbeddedError, EmbeddedPostgres
from pulse.embedded.binaries import postgres_installation
from pulse.embedded.errors import from_os_error, from_output
from pulse.embedded.locate import data_directory, is_running
from pulse.supervisor.lock import SupervisorLock

_TABLES = (
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'"
)


def back_up(file: Path) -> None:
    """Write a custom-format dump of mode 600, while Pulse runs or not; the file appears when it is whole."""
    draft = file.with_name(f"{file.name}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise from_os_error(f"write to {draft}", error) from error
    try:
        with os.fdopen(descriptor, "wb") as output, _database(needs_stopped=False) as (arguments, env, _):
            outcome = subprocess.run(
                [_client("pg_dump"), "--format=custom", *arguments],
                env=env,
                stdout=output,
                stderr=subprocess.PIPE,
                check=False,
            )
            if outcome.returncode:
                raise _explained("back up", outcome.stderr.decode(errors="replace"))
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    print(f"Backed up to {file} ({file.stat().st_size / 1_000_000:.1f} MB).")
    _mention_keys()


def restore(file: Path, *, force: bool) -> None:
    """Fill an empty database from a dump; `force` replaces one that has tables. Pulse must be stopped."""
    if not file.is_file():
        raise EmbeddedError(
            f"There is no file {file}: make restore FILE=path of a file that make backup wrote."
        )
    with _database(needs_stopped=True) as (arguments, env, server):
        if server is not None:
            _restore_embedded(file, server, env, force=force)
        else:
            _refuse_full(_psql(_TABLES, arguments, env), "Give DATABASE_ADMIN_URL of an empty database.")
            _pg_restore(file, arguments, env)
    print(f"Restored from {file}; `make run` migrates it if this Pulse is newer.")
    _mention_keys()


def _restore_embedded(file: Path, server: EmbeddedPostgres, env: Mapping[str, str], *, force: bool) -> None:
    """Into a database of another name that takes the old one's place when all went well."""
    if not force:
        _refuse_full(server.run_sql(_TABLES, database="pulse"), "FORCE=1 replaces them.")
    server.run_sql("DROP DATABASE IF EXISTS pulse_restoring;\nCREATE DATABASE pulse_restoring OWNER pulse;")
    _pg_restore(file, ["--dbname=pulse_restoring"], env)
    server.run_sql("DROP DATABASE pulse;\nALTER DATABASE pulse_restoring RENAME TO pulse;")


def _refuse_full(tables: str, way_out: str) -> None:
    if int(tables):
        raise EmbeddedError(
            f"The database is not empty (it has {tables} tables): nothing was changed. {way_out}"
        )


def _pg_restore(file: Path, arguments: list[str], env: Mapping[str, str]) -> None:
    outcome = subprocess.run(
        [_client("pg_restore"), "--exit-on-error", *arguments, file],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode:
        raise _explained("restore", outcome.stderr)


def _psql(sql: str, arguments: list[str], env: Mapping[str, str]) -> str:
    outcome = subprocess.run(
        [_client("psql"), "-X", "-A", "-t", *arguments, "-c", sql],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode:
        raise _explained("restore", outcome.stderr)
    return outcome.stdout.strip()


@contextmanager
def _database(
    *, needs_stopped: bool
) -> Iterator[tuple[list[str], Mapping[str, str], EmbeddedPostgres | None]]:
    """(client arguments, client environment, embedded server or None), running for as long as needed."""
    data_dir = data_directory()
    own = os.environ.get("DATABASE_ADMIN_URL") or os.environ.get("DATABASE_URL")
    if own:
        yield [f"--dbname={own}"], os.environ, None
        return
    server = EmbeddedPostgres(data_dir, say=print)
    if not needs_stopped and is_running(data_dir):
        yield ["--dbname=pulse"], server.client_env("postgres"), server
        return
    if not server.cluster.exists() and not needs_stopped:
        raise EmbeddedError(f"There is no database in {data_dir} to back up.")
    lock = SupervisorLock(data_dir)
    lock.acquire("make backup or restore")
    try:
        with server:
            yield ["--dbname=pulse"], server.client_env("postgres"), server
    finally:
        lock.release()


def _client(name: str) -> str:
    """The wheel's client (it serves all servers up to its own version), else the machine's."""
    try:
        return str(postgres_installation() / "bin" / name)
    except EmbeddedError:
        found = shutil.which(name)
        if found is None:
            raise EmbeddedError(f"{name} is missing: install postgresql-client.") from None
        return found


def _explained(doing: str, output: str) -> EmbeddedError:
    if "row-level security" in output or "row security" in output:
        return EmbeddedError(
            f"Cannot {doing} with this role, which row security binds: set DATABASE_ADMIN_URL to a superuser "
            "or a role with BYPASSRLS, for this command only."
        )
    return from_output(doing, output)


def _mention_keys() -> None:
    given = os.environ.get("PULSE_ENCRYPTION_KEYS")
    where = "PULSE_ENCRYPTION_KEYS" if given else data_directory() / "secrets" / "encryption-keys"
    print(
        f"Secrets in it can only be read with the keys in {where}, which are not in the file: keep them too."
    )


def main(arguments: list[str]) -> int:
    """`backup FILE` or `restore FILE`; FORCE=1 in the environment replaces data."""
    try:
        match arguments:
            case ["backup", file] if file:
                back_up(Path(file))
            case ["restore", file] if file:
                restore(Path(file), force=os.environ.get("FORCE") == "1")
            case _:
                print("usage: make backup FILE=path | make restore FILE=path [FORCE=1]", file=sys.stderr)
                return 2
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
