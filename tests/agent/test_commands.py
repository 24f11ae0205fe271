"""Values of the owner's own commands: a number, or a Nagios plug-in's line."""

from __future__ import annotations

import os
from pathlib import Path
from time import monotonic

import pytest

from pulse_agent.commands import Commands, run
from pulse_agent.configuration import Command


def values(*argv: str, **more: float) -> dict[str, tuple[float, str]]:
    found = run(Command("x", list(argv), **more))  # type: ignore[arg-type]
    return {sample["name"]: (sample["value"], sample.get("unit", "")) for sample in found}


def test_a_number_is_the_value() -> None:
    found = run(Command("queue", ["echo", " 42.5 "], "jobs"))

    assert [(one["name"], one["value"], one.get("unit")) for one in found] == [
        ("command.queue.status", 0, None),
        ("command.queue", 42.5, "jobs"),
    ]


def test_performance_data_of_a_plug_in() -> None:
    line = "DISK OK - free | '/var log'=2643MB;5948;5958;0;5968 load1=0.260;15 rta=80.5ms time=U pl=3%"

    assert values("echo", line) == {
        "command.x.status": (0, ""),
        "command.x.var_log": (2_643_000_000, "bytes"),
        "command.x.load1": (0.26, ""),
        "command.x.rta": (0.0805, "s"),
        "command.x.pl": (3, "%"),
    }


@pytest.mark.parametrize(("status", "told"), [(0, 0), (1, 1), (2, 2), (3, 3), (127, 2)])
def test_the_exit_status_is_a_value(status: int, told: int) -> None:
    assert values("sh", "-c", f"exit {status}")["command.x.status"] == (told, "")


def test_one_that_cannot_be_run_is_unknown() -> None:
    assert values("/does/not/exist") == {"command.x.status": (3, "")}


def test_one_that_hangs_is_ended_with_all_its_children(tmp_path: Path) -> None:
    began = monotonic()

    found = values("sh", "-c", f"sleep 60 & echo $! > {tmp_path}/child; wait", timeout=0.5)

    assert found == {"command.x.status": (3, "")}
    assert monotonic() - began < 10
    child = int((tmp_path / "child").read_text())
    assert not os.path.exists(f"/proc/{child}/cmdline") or not Path(f"/proc/{child}/cmdline").read_bytes()


def test_endless_output_is_read_to_a_limit() -> None:
    assert values("sh", "-c", "yes 7 | head -c 5000000")["command.x"] == (7, "")


def test_each_has_its_own_interval() -> None:
    commands = Commands([Command("often", ["echo", "1"]), Command("rarely", ["echo", "2"], interval=60)])

    assert len(commands.collect(0)) == 4
    assert len(commands.collect(30)) == 2
    assert len(commands.collect(60)) == 4
