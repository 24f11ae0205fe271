"""The life of a supervisor, from outside: ready, crashes, ^C, kill -9, and nothing left behind."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pulse.embedded import EmbeddedError
from pulse.embedded.locate import REPOSITORY, environment
from pulse.supervisor.state import load_state
from tests.supervisor.conftest import StartSupervisor
from tests.supervisor.harness import eventually

STUBBORN = "trap '' TERM INT; while :; do sleep 1; done"
FORKING = "sleep 300 & (setsid sleep 300 &) ; sleep 300"


def command(name: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pulse.supervisor", name],
        cwd=REPOSITORY,
        env={**os.environ, "PULSE_DATA": str(data_dir)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_interrupt_ends_every_process_within_ten_seconds(supervise: StartSupervisor) -> None:
    running = supervise({"forking": FORKING, "stubborn": STUBBORN})
    assert eventually(lambda: len(running.left_over()) > 8)
    assert running.interrupt() < 10
    assert running.process.returncode == 0
    assert running.left_over() == []
    assert "stubborn did not stop in time and is killed" in running.output


def test_second_interrupt_hurries(supervise: StartSupervisor) -> None:
    running = supervise({"stubborn": STUBBORN})
    running.process.send_signal(signal.SIGINT)
    assert eventually(lambda: "^C again to hurry" in running.output)
    assert running.interrupt() < 2
    assert running.left_over() == []


def test_kill_9_of_the_supervisor_leaves_no_process_and_the_next_start_works(
    supervise: StartSupervisor, data_dir: Path
) -> None:
    running = supervise({"forking": "sleep 300 & sleep 300", "stubborn": STUBBORN})
    running.process.kill()
    running.process.wait()
    assert eventually(lambda: running.left_over() == [], 5)
    again = supervise({"one": "sleep 300"})
    assert again.child("one")["state"] == "running"
    log = (data_dir / "logs" / "postgres.log").read_text()
    assert "was interrupted" not in log  # it had time for its checkpoint


def test_a_crashed_child_is_started_again_later_and_later(supervise: StartSupervisor) -> None:
    running = supervise({"crash": "sleep 0.2; exit 3"})
    assert eventually(lambda: running.child("crash")["restarts"] == 3, 8)
    for delay in (1, 2, 4):
        assert f"crash ended (exit status 3); starting it again in {delay} s" in running.output


def test_what_a_crashed_child_left_running_is_ended(supervise: StartSupervisor) -> None:
    running = supervise({"crash": "sleep 300 & echo left $!; exit 1"})
    assert eventually(lambda: "crash    | left " in running.output)
    orphan = int(running.output.split("crash    | left ")[1].split()[0])
    assert eventually(lambda: not Path(f"/proc/{orphan}").exists())


@pytest.mark.parametrize("server", ["postgres", "valkey"])
def test_a_killed_server_comes_back(supervise: StartSupervisor, server: str) -> None:
    running = supervise({"one": "sleep 300"})
    first = running.child(server)["pid"]
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: running.child(server)["pid"] not in (0, first), 8)
    assert running.interrupt() < 10


def test_a_killed_warden_is_replaced(supervise: StartSupervisor, data_dir: Path) -> None:
    running = supervise({"forking": "sleep 300 & sleep 300"})

    def warden() -> int:
        state = load_state(data_dir)
        return state["warden"] if state else 0

    first = warden()
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: warden() not in (0, first))
    running.process.kill()
    running.process.wait()
    assert eventually(lambda: running.left_over() == [], 5)


def test_second_start_in_one_directory_is_refused_by_name(supervise: StartSupervisor) -> None:
    running = supervise({"one": "sleep 300"})
    second = supervise({"one": "sleep 300"}, wait=False)
    assert second.process.wait(10) == 1
    assert f"as process {running.process.pid} at http://localhost:{running.port}" in second.output
    assert len(second.output.splitlines()) == 1


def test_two_run_side_by_side(supervise: StartSupervisor, data_dir: Path) -> None:
    first = supervise({"one": "sleep 300"})
    second = supervise({"one": "sleep 300"}, on=data_dir.with_name("other"))
    url = "DATABASE_URL"
    assert (
        environment({"PULSE_DATA": str(first.data_dir)})[url]
        != environment({"PULSE_DATA": str(second.data_dir)})[url]
    )
    assert first.interrupt() < 10
    assert second.child("one")["state"] == "running"
    assert second.interrupt() < 10
    assert second.left_over() == []


def test_a_port_in_use_gets_one_line_with_the_way_out(supervise: StartSupervisor) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = supervise({"one": "sleep 300"}, wait=False, port=port)
        assert refused.process.wait(10) == 1
    assert refused.output.startswith(f"PORT={port} is in use on 127.0.0.1:")
    assert f"PORT={port + 1} make run" in refused.output
    assert len(refused.output.splitlines()) == 1


def test_a_broken_database_url_gets_one_line_without_its_password(supervise: StartSupervisor) -> None:
    url = "postgresql://pulse:geheim@127.0.0.1:1/pulse"
    refused = supervise({"one": "sleep 300"}, wait=False, database_url=url)
    assert refused.process.wait(15) == 1
    assert "DATABASE_URL does not work: tried postgresql://pulse:***@127.0.0.1:1/pulse" in refused.output
    assert "geheim" not in refused.output
    assert refused.left_over() == []


def test_a_preparation_that_fails_stops_the_start_with_its_last_words(supervise: StartSupervisor) -> None:
    refused = supervise(
        preparations={"migrate": "echo 'the schema is newer than this Pulse' >&2; exit 1"}, wait=False
    )
    assert refused.process.wait(15) == 1
    assert refused.output.splitlines()[-1] == "the schema is newer than this Pulse"
    assert refused.left_over() == []


def test_interrupt_during_a_preparation_ends_it_too(supervise: StartSupervisor) -> None:
    running = supervise(preparations={"slow": "echo begun; sleep 300"}, wait=False)
    assert eventually(lambda: "begun" in running.output)
    assert running.interrupt() < 10
    assert running.left_over() == []


def test_the_sign_in_link_is_shown_when_ready_and_not_logged(
    supervise: StartSupervisor, data_dir: Path
) -> None:
    running = supervise({"one": "sleep 300"}, answers={"link": "echo http://localhost/once"})
    assert eventually(lambda: "http://localhost/once" in running.output)
    assert running.output.index("ready\n") < running.output.index("http://localhost/once")
    logged = b"".join(path.read_bytes() for path in (data_dir / "logs").iterdir())
    assert b"once" not in logged


def test_secrets_are_generated_once_with_mode_600(supervise: StartSupervisor, data_dir: Path) -> None:
    def secrets() -> dict[str, tuple[int, str]]:
        files = (data_dir / "secrets").iterdir()
        return {path.name: (path.stat().st_mode & 0o777, path.read_text()) for path in files}

    running = supervise({"one": "sleep 300"})
    first = secrets()
    running.interrupt()
    supervise({"one": "sleep 300"}, port=running.port)
    assert secrets() == first
    assert set(first) == {
        "secret-key",
        "encryption-keys",
        "environment.json",
        "postgres-superuser",
        "postgres-pulse",
    }
    assert {found for found, _ in first.values()} == {0o600}
    assert first["encryption-keys"][1].startswith("k1:")


def test_status_shows_each_process_and_stop_ends_them(supervise: StartSupervisor, data_dir: Path) -> None:
    running = supervise({"one": "sleep 300"})
    shown = command("status", data_dir)
    assert shown.returncode == 0
    rows = {line.split()[0]: line.split() for line in shown.stdout.splitlines()}
    assert {"supervisor", "warden", "postgres", "valkey", "one", "total"} <= set(rows)
    assert rows["one"][1:3] == [str(running.child("one")["pid"]), "running"]
    assert command("stop", data_dir).returncode == 0
    assert running.process.wait(1) == 0
    assert running.left_over() == []


def test_status_exits_with_3_and_manage_says_make_run_when_nothing_runs(data_dir: Path) -> None:
    shown = command("status", data_dir)
    assert shown.returncode == 3
    assert "not running" in shown.stderr
    with pytest.raises(EmbeddedError, match=r"not running in .*: make run"):
        environment({"PULSE_DATA": str(data_dir)})
    assert command("stop", data_dir).returncode == 0
