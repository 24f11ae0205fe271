"""The embedded PostgreSQL: one's own role, own socket, own data, and a clear line when it must not start."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pulse.embedded import EmbeddedError, EmbeddedPostgres
from pulse.embedded.binaries import installation_for, postgres_installation
from pulse.embedded.locate import REPOSITORY
from pulse.embedded.place import unprivileged_user
from pulse.embedded.process import is_alive
from tests.supervisor.harness import eventually

is_root = os.geteuid() == 0


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_second_start_finds_the_data_of_the_first(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as postgres, psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'pulse ✓' AS word")
    with EmbeddedPostgres(data_dir) as postgres, psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("pulse ✓",)


def test_the_application_role_is_bound_by_row_security(data_dir: Path) -> None:
    query = (
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    )
    with EmbeddedPostgres(data_dir, durable=False) as postgres, psycopg.connect(postgres.url) as connection:
        assert connection.execute(query).fetchone() == (False, False, False, False)
    with (
        EmbeddedPostgres(data_dir, durable=False, create_db=True) as postgres,
        psycopg.connect(postgres.url) as connection,
    ):
        assert connection.execute(query).fetchone() == (False, False, False, True)


def test_no_login_without_the_password_and_no_tcp(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, durable=False) as postgres:
        wrong = postgres.url.replace(":", ":x", 2).replace(":x//", "://")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        with psycopg.connect(postgres.url) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_locale_comes_with_the_server(data_dir: Path) -> None:
    query = (
        "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) FROM pg_database"
        " WHERE datname = 'pulse'"
    )
    with EmbeddedPostgres(data_dir, durable=False) as postgres, psycopg.connect(postgres.url) as connection:
        assert connection.execute(query).fetchone() == ("b", "C.UTF-8", "UTF8")
        assert connection.execute("SELECT upper('äß')").fetchone() == ("Äß",)


def test_files_are_closed_to_others(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, durable=False) as postgres:
        assert mode(postgres.cluster) == mode(postgres.socket_dir) == mode(data_dir / "secrets") == 0o700
        secrets = list((data_dir / "secrets").iterdir())
        assert {mode(path) for path in secrets} == {0o600}
        assert {path.name for path in secrets} == {"postgres-superuser", "postgres-pulse"}


def test_a_path_too_long_for_a_socket_gets_a_short_socket_directory(data_dir: Path) -> None:
    deep = data_dir.joinpath(*["a-rather-long-directory-name"] * 5)
    deep.mkdir(parents=True)
    deep.chmod(0o711)
    with EmbeddedPostgres(deep, durable=False, temporary=True) as postgres:
        assert len(str(postgres.socket_dir)) < 88
        assert mode(postgres.socket_dir) == 0o700
        psycopg.connect(postgres.url).close()
    assert not postgres.socket_dir.exists()


def test_a_socket_directory_that_another_user_prepared_is_refused(data_dir: Path) -> None:
    if not is_root:
        pytest.skip("only root can make another user's directory")
    deep = data_dir.joinpath(*["a-rather-long-directory-name"] * 5)
    deep.mkdir(parents=True)
    trap = EmbeddedPostgres(deep).socket_dir
    os.chown(trap, 12345, 12345)
    with pytest.raises(EmbeddedError, match="must be a directory of mode 700"):
        EmbeddedPostgres(deep)
    trap.rmdir()


def test_data_of_another_major_version_gets_the_way_out(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, durable=False) as postgres:
        version_file = postgres.cluster / "PG_VERSION"
    version_file.write_text("14\n")
    with pytest.raises(
        EmbeddedError, match=r"written by PostgreSQL 14 and this Pulse brings \d+.*make backup"
    ):
        EmbeddedPostgres(data_dir).start()


def test_a_directory_whose_server_still_runs_is_refused_by_its_pid(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pulse.embedded.cluster.LEAVING_SECONDS", 0.2)
    with EmbeddedPostgres(data_dir, durable=False) as postgres:
        assert postgres.process is not None
        with pytest.raises(EmbeddedError, match=f"as process {postgres.process.pid}:"):
            EmbeddedPostgres(data_dir).start()
        psycopg.connect(postgres.url).close()


def test_a_pid_file_that_names_a_stranger_does_not_keep_it_from_starting(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, durable=False) as postgres:
        stale = postgres.cluster / "postmaster.pid"
        text = stale.read_text()
    with subprocess.Popen(["/bin/sleep", "60"]) as stranger:
        stale.write_text(text.replace(text.split("\n")[0], str(stranger.pid), 1))
        with EmbeddedPostgres(data_dir, durable=False) as postgres:
            psycopg.connect(postgres.url).close()
        assert stranger.poll() is None
        stranger.kill()


def test_a_lost_superuser_password_is_replaced(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, durable=False):
        pass
    shutil.rmtree(data_dir / "secrets")
    with EmbeddedPostgres(data_dir, durable=False) as postgres:
        psycopg.connect(postgres.url).close()


def test_it_dies_with_a_parent_that_is_killed(data_dir: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from pulse.embedded import EmbeddedPostgres\n"
        "with EmbeddedPostgres(Path(sys.argv[1]), durable=False) as p:\n"
        " print(p.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, data_dir], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert eventually(lambda: not is_alive(server))


def test_root_keeps_the_server_elsewhere_when_its_user_cannot_enter(data_dir: Path) -> None:
    if not is_root:
        pytest.skip("an ordinary user's server runs as that user")
    data_dir.mkdir(mode=0o700)
    said: list[str] = []
    with EmbeddedPostgres(data_dir, durable=False, temporary=True, say=said.append) as postgres:
        psycopg.connect(postgres.url).close()
        assert str(postgres.cluster).startswith("/var/lib/pulse/")
    assert mode(data_dir) == 0o700
    assert len(said) == 1
    assert "the database is kept in /var/lib/pulse/" in said[0]
    assert not postgres.place.home.exists()


def test_binaries_that_the_database_user_cannot_reach_are_copied_for_it(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_root:
        pytest.skip("an ordinary user's server runs as that user")
    wheel = postgres_installation().parent
    hidden = data_dir.parent / "hidden"
    hidden.mkdir(mode=0o700)
    for folder in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(
            folder, hidden / folder.name, ignore=shutil.ignore_patterns("include", "pginstall", "*.a")
        )
    monkeypatch.setattr("pulse.embedded.binaries.SYSTEM_HOME", data_dir.parent / "system")
    user = unprivileged_user()

    copied = installation_for(user, hidden / wheel.name / postgres_installation().name)

    assert copied.is_relative_to(data_dir.parent / "system")
    shown = subprocess.run(
        [copied / "bin" / "initdb", "--version"], user=user.uid, group=user.gid, check=False
    )
    assert shown.returncode == 0
    assert mode(hidden) == 0o700


def test_data_directory_in_the_way_of_a_file_gets_one_line(data_dir: Path) -> None:
    data_dir.write_text("a file")
    with pytest.raises(
        EmbeddedError, match=r"^Cannot write to .*: a file is in the way; set PULSE_DATA to a directory"
    ):
        EmbeddedPostgres(data_dir)


@pytest.fixture
def small_disk(data_dir: Path) -> Iterator[Path]:
    data_dir.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m,mode=711", "tmpfs", data_dir],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield data_dir
    subprocess.run(["umount", data_dir], check=True)


def test_full_disk_gets_one_line_and_leaves_no_half_database(small_disk: Path) -> None:
    with pytest.raises(EmbeddedError, match="the disk is full; free some space") as caught:
        EmbeddedPostgres(small_disk).start()
    assert "\n" not in str(caught.value)
    assert not (small_disk / "postgres").exists()


ORDINARY = """
import os, sys
os.environ.pop("XDG_RUNTIME_DIR", None)
from pathlib import Path
from pulse.embedded import EmbeddedPostgres, EmbeddedValkey
with EmbeddedPostgres(Path(sys.argv[1])) as postgres, EmbeddedValkey(Path(sys.argv[1])) as valkey:
    print(os.geteuid(), postgres.cluster.stat().st_uid, postgres.run_sql("SELECT 'works'"))
"""


def test_an_ordinary_user_runs_both_servers_as_itself(data_dir: Path) -> None:
    if not is_root:
        pytest.skip("every other test here already runs as an ordinary user")
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = [
        folder / name for folder in (Path("/usr/bin"), Path("/usr/local/bin")) if (folder / name).exists()
    ]
    if not found:
        pytest.skip("no Python of this version that another user could run")
    home = data_dir.parent / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    site_packages = next(path for path in sys.path if path.endswith("site-packages"))
    outcome = subprocess.run(
        [found[0], "-B", "-c", ORDINARY, home / ".pulse"],
        env={"HOME": str(home), "PATH": os.defpath, "PYTHONPATH": f"{REPOSITORY}:{site_packages}"},
        user=65534,
        group=65534,
        extra_groups=[],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.stdout.split() == ["65534", "65534", "works"], outcome.stderr
