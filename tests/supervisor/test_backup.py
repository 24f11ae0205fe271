"""A backup holds the whole database, and a restore never overwrites by accident."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from pulse.embedded import EmbeddedPostgres
from pulse.embedded.locate import REPOSITORY
from tests.supervisor.conftest import StartSupervisor

FORCED_ROWS = """
CREATE SCHEMA acme;
CREATE TABLE acme.walled (tenant_no int, word text);
INSERT INTO acme.walled VALUES (1, 'first');
ALTER TABLE acme.walled ENABLE ROW LEVEL SECURITY;
ALTER TABLE acme.walled FORCE ROW LEVEL SECURITY;
CREATE POLICY one ON acme.walled USING (tenant_no = current_setting('app.tenant')::int);
"""


def run(data_dir: Path, *arguments: str, force: bool = False) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PULSE_DATA": str(data_dir), "FORCE": "1" if force else ""}
    for name in ("DATABASE_URL", "DATABASE_ADMIN_URL", "PULSE_ENCRYPTION_KEYS"):
        environ.pop(name, None)
    return subprocess.run(
        [sys.executable, "-m", "pulse.supervisor.backup", *arguments],
        cwd=REPOSITORY,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def words(data_dir: Path) -> list[str]:
    with EmbeddedPostgres(data_dir) as postgres, psycopg.connect(postgres.superuser_url) as connection:
        rows = connection.execute(
            "SELECT word FROM acme.walled JOIN pg_tables ON tableowner = 'pulse' AND tablename = 'walled'"
        ).fetchall()
    return [word for (word,) in rows]


def test_backup_and_restore_carry_rows_behind_forced_row_security(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as postgres, psycopg.connect(postgres.url) as connection:
        connection.execute(FORCED_ROWS)
    file = data_dir.parent / "pulse.dump"

    backed_up = run(data_dir, "backup", str(file))

    assert backed_up.returncode == 0, backed_up.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert str(data_dir / "secrets" / "encryption-keys") in backed_up.stdout
    other = data_dir.with_name("other")
    restored = run(other, "restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert words(other) == ["first"]


def test_restore_replaces_a_full_database_only_when_forced(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as postgres, psycopg.connect(postgres.url) as connection:
        connection.execute(FORCED_ROWS)
    file = data_dir.parent / "pulse.dump"
    run(data_dir, "backup", str(file))
    with EmbeddedPostgres(data_dir) as postgres, psycopg.connect(postgres.superuser_url) as connection:
        connection.execute("UPDATE acme.walled SET word = 'second'")

    refused = run(data_dir, "restore", str(file))

    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    assert words(data_dir) == ["second"]
    assert run(data_dir, "restore", str(file), force=True).returncode == 0
    assert words(data_dir) == ["first"]


def test_backup_works_and_restore_is_refused_while_pulse_runs(
    supervise: StartSupervisor, data_dir: Path
) -> None:
    supervise({"one": "sleep 300"})
    file = data_dir.parent / "pulse.dump"
    assert run(data_dir, "backup", str(file)).returncode == 0
    refused = run(data_dir, "restore", str(file), force=True)
    assert refused.returncode == 1
    assert "Pulse already runs" in refused.stderr


def test_a_file_that_is_no_backup_changes_nothing(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as postgres, psycopg.connect(postgres.url) as connection:
        connection.execute(FORCED_ROWS)
    nonsense = data_dir.parent / "nonsense"
    nonsense.write_text("not a dump")
    refused = run(data_dir, "restore", str(nonsense), force=True)
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert words(data_dir) == ["first"]
