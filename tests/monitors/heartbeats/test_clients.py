"""Other people's clients, and the lines of our own page on heartbeats, against a running server."""

from __future__ import annotations

import re
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitors.heartbeats import snippets
from monitors.heartbeats.advancing import Kind
from monitors.telemetry.models import Status
from tenants import keys
from tenants.actors import COMMAND_LINE
from tests.monitors.heartbeats.serving import heartbeat, rows_of, token_of
from tests.monitors.stepping import status

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it is written for an older pydantic
    from healthchecks_io import CheckTrap, Client

PAGE = Path(__file__).resolve().parents[3] / "docs/checks/heartbeats.md"
EXAMPLE = "https://pulse.example.com/ping/<token>"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """What the page calls /usr/local/bin/backup.sh: says something, ends with the status in `exit`."""
    (tmp_path / "exit").write_text("0")
    script = tmp_path / "backup.sh"
    script.write_text(f'#!/bin/sh\necho "42 files"\nexit $(cat {tmp_path}/exit)\n')
    script.chmod(0o755)
    return script


def run(script: str, job: Path, url: str, **environment: str) -> int:
    text = script.replace(EXAMPLE, url).replace("/usr/local/bin/backup.sh", str(job))
    done = subprocess.run(
        ["/bin/sh", "-c", text], env={"PATH": "/usr/bin:/bin", **environment}, timeout=20, check=False
    )
    return done.returncode


def test_the_python_client_of_healthchecks_works_unchanged(acme: Any, pings: str) -> None:
    monitor = heartbeat(acme)
    token = token_of(acme, monitor)
    with Client(ping_url=pings) as client:
        assert client.start_ping(uuid=token) == (True, "OK")
        assert client.success_ping(uuid=token, data="42 files") == (True, "OK")
        assert client.exit_code_ping(3, uuid=token) == (True, "OK")
        assert client.fail_ping(uuid=token) == (True, "OK")
    assert rows_of(monitor, "kind, exit_status") == [
        (Kind.START, None), (Kind.SUCCESS, None), (Kind.FAIL, 3), (Kind.FAIL, None),
    ]  # fmt: skip
    assert status(monitor) is Status.DOWN


def test_its_context_manager_by_slug_reports_how_the_block_ended(acme: Any, pings: str) -> None:
    monitor = heartbeat(acme, "nightly")
    key = keys.create(acme, "jobs", ["ingest"], COMMAND_LINE)[1]
    with Client(ping_key=key, ping_url=pings) as client:
        with CheckTrap(client, slug="nightly") as trap:
            trap.add_log("42 files")
        with pytest.raises(ZeroDivisionError), CheckTrap(client, slug="nightly"):
            raise ZeroDivisionError
    assert rows_of(monitor) == [Kind.START, Kind.SUCCESS, Kind.START, Kind.FAIL]
    assert rows_of(monitor, "convert_from(body, 'UTF8')")[1] == "42 files"


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("curl -m 10 --retry 5 {url}", [Kind.SUCCESS]),
        ("curl -fsS -m 10 --retry 5 -o /dev/null {url}/fail", [Kind.FAIL]),
        ("/bin/false; curl --retry 3 {url}/$?", [Kind.FAIL]),
        ('m=$(echo hello 2>&1); curl -fsS -m 10 --retry 5 --data-raw "$m" {url}', [Kind.SUCCESS]),
        ("curl --head {url}/start && curl -X PUT {url}", [Kind.START, Kind.SUCCESS]),
    ],
)
def test_curl_lines_of_healthchecks_work(
    acme: Any, pings: str, job: Path, line: str, kinds: list[Kind]
) -> None:
    monitor = heartbeat(acme)
    assert run(line.format(url=f"{pings}/{token_of(acme, monitor)}"), job, "") == 0
    assert rows_of(monitor) == kinds


@pytest.mark.parametrize(("code", "kind"), [(0, Kind.SUCCESS), (4, Kind.FAIL)])
def test_the_crontab_line_reports_the_exit_status(
    acme: Any, pings: str, job: Path, code: int, kind: Kind
) -> None:
    monitor = heartbeat(acme)
    job.with_name("exit").write_text(str(code))
    command = block("crontab").split(maxsplit=5)[5]
    assert run(command, job, f"{pings}/{token_of(acme, monitor)}") == 0
    assert rows_of(monitor, "kind, exit_status") == [(kind, code)]


@pytest.mark.parametrize("code", [0, 2])
def test_the_backup_script_reports_start_output_and_status(
    acme: Any, pings: str, job: Path, code: int
) -> None:
    monitor = heartbeat(acme)
    job.with_name("exit").write_text(str(code))
    assert run(block("sh"), job, f"{pings}/{token_of(acme, monitor)}") == code
    started, ended = rows_of(
        monitor, "kind, exit_status, rid, duration_us IS NOT NULL, convert_from(body, 'UTF8')"
    )
    assert started[0] == Kind.START
    assert ended[1:] == (code, started[2], True, "42 files")


def unit_commands(unit: str) -> dict[str, str]:
    """What systemd would run: the word after `=`, without the sign that lets it fail, and $$ as a shell's $."""
    lines = unit.replace("\\\n", " ").splitlines()
    named = (line.partition("=") for line in lines if line.startswith("Exec"))
    return {name: command.removeprefix("-").replace("$$", "$") for name, _, command in named}


@pytest.mark.parametrize(
    ("exit_status", "kind", "kept"), [("0", Kind.SUCCESS, 0), ("5", Kind.FAIL, 5), ("KILL", Kind.FAIL, None)]
)
@pytest.mark.parametrize("source", ["page", "snippet"])
def test_the_systemd_unit_reports_how_the_job_ended(
    acme: Any, pings: str, job: Path, source: str, exit_status: str, kind: Kind, kept: int | None
) -> None:
    monitor = heartbeat(acme)
    url = f"{pings}/{token_of(acme, monitor)}"
    unit = block("ini") if source == "page" else snippets.SYSTEMD.format(url=EXAMPLE)
    commands = unit_commands(unit)
    assert run(commands["ExecStartPre"], job, url) == 0
    assert run(commands["ExecStopPost"], job, url, EXIT_STATUS=exit_status) == 0
    assert rows_of(monitor, "kind, exit_status") == [(Kind.START, None), (kind, kept)]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_the_systemd_unit_is_one(tmp_path: Path, job: Path) -> None:
    unit = tmp_path / "backup.service"
    unit.write_text(block("ini").replace("/usr/local/bin/backup.sh", str(job)))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=30, check=False
    )
    assert [line for line in done.stderr.splitlines() if "backup.service" in line] == []


@pytest.mark.parametrize(("code", "kind"), [(0, Kind.SUCCESS), (9, Kind.FAIL)])
def test_the_container_of_the_cronjob_reports(
    acme: Any, pings: str, job: Path, code: int, kind: Kind
) -> None:
    monitor = heartbeat(acme)
    job.with_name("exit").write_text(str(code))
    document = yaml.safe_load(block("yaml"))
    container = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == ["/bin/sh", "-c"]
    [script] = container["args"]
    assert run(script, job, "", PING=f"{pings}/{token_of(acme, monitor)}") == code
    assert rows_of(monitor) == [Kind.START, kind]


def test_the_snippets_of_the_page_work(acme: Any, pings: str, job: Path) -> None:
    monitor = heartbeat(acme)
    for snippet in snippets.of(f"{pings}/{token_of(acme, monitor)}"):
        if snippet.title == "Python":
            exec(compile(snippet.text, "snippet", "exec"), {})
        elif snippet.title in ("Shell", "Script with start, output and exit status"):
            assert run(snippet.text, job, "") == 0
    assert rows_of(monitor) == [Kind.SUCCESS, Kind.START, Kind.SUCCESS, Kind.SUCCESS]
