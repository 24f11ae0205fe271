"""The agent's settings: from a file and the environment, and what is wrong is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulse_agent.configuration import Misconfigured, load

FILE = """
[pulse]
url = https://pulse.example.org/
key = ppk_live_x%y
interval = 15
collect = cpu, memory
processes = nginx, postgres*

[command raid]
run = /usr/local/bin/check_raid --array "md 0"
interval = 300
"""
ENOUGH = {"PULSE_AGENT_URL": "https://pulse.example.org", "PULSE_AGENT_KEY": "k"}


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "agent.ini"
    file.write_text(FILE)

    found = load(str(file), {"PULSE_AGENT_INTERVAL": "20"})

    assert (found.url, found.key, found.interval) == ("https://pulse.example.org", "ppk_live_x%y", 20)
    assert (found.parts, found.processes) == (["cpu", "memory"], ["nginx", "postgres*"])
    assert found.commands[0].argv == ["/usr/local/bin/check_raid", "--array", "md 0"]
    assert "ppk_live" not in repr(found)


def test_the_environment_is_enough() -> None:
    assert load(None, ENOUGH).host


def test_the_key_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ppk_live_x\n")

    found = load(None, {"PULSE_AGENT_URL": "https://p", "PULSE_AGENT_KEY_FILE": str(tmp_path / "key")})

    assert found.key == "ppk_live_x"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "Set url"),
        ({"PULSE_AGENT_URL": "pulse.example.org"}, "Set url"),
        ({"PULSE_AGENT_URL": "https://p"}, "Set key"),
        ({"PULSE_AGENT_URL": "https://p", "PULSE_AGENT_KEY_FILE": "/none"}, "cannot be read"),
        ({**ENOUGH, "PULSE_AGENT_KEY": "a\u00e4"}, "copy it again"),
        ({**ENOUGH, "PULSE_AGENT_INTERVAL": "0.1"}, "from 1 to 3600"),
        ({**ENOUGH, "PULSE_AGENT_CREATE": "maybe"}, "neither yes nor no"),
        ({**ENOUGH, "PULSE_AGENT_COLLECT": "gpu"}, "does not know gpu"),
    ],
)
def test_what_is_wrong_is_told(environment: dict[str, str], words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        load(None, environment)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no ini", "no INI file"),
        ("[pulse]\ncolour = red", "no setting colour"),
        ("[other]\n", r"\[other\] is unknown"),
        ("[command x]\n", "needs run"),
        ("[command x]\nrun = a 'b", "quotation"),
        ("[command x]\nrun = a\nshell = yes", "no setting shell"),
    ],
)
def test_what_is_wrong_in_the_file_is_told(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "agent.ini"
    file.write_text(text)

    with pytest.raises(Misconfigured, match=words):
        load(str(file), ENOUGH)
