"""docs/api.md: its commands are run as they stand, one after the other, by a shell."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port
from tests.receivers import wait_until

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "api.md").read_text()


@pytest.fixture
def address(world: None) -> Iterator[str]:
    """Pulse's web process."""
    port = free_port()
    arguments = ["-m", "uvicorn", "pulse.asgi:application", "--port", str(port), "--log-level", "warning"]
    server = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=dict(os.environ))
    try:
        wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, 20, "the server")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def test_the_commands_of_the_guide_run_as_they_stand(
    address: str, api: Any, checker: Any, target: Any
) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    script = "set -eu\n" + "\n".join(blocks).replace("https://shop.example.com/", target.url)

    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PULSE": address, "KEY": api.key},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(blocks) >= 7
    assert '"down_after": 2' in done.stdout or '"down_after":2' in done.stdout
    assert '"ok":true' in done.stdout.replace(" ", "")
    for path in ("monitors", "channels", "rules"):
        assert api.get(path).json()["results"] == []


def test_the_guide_names_every_scope_status_and_limit() -> None:
    from pulse.api.document import document
    from tenants.abilities import SCOPES

    for scope in SCOPES:
        assert scope.partition(":")[0] in GUIDE or scope == "ingest"
    for code in set(re.findall(rb'"([45]\d\d)": \{', document())):
        assert code.decode() in GUIDE
    assert "64 KiB" in GUIDE


def test_the_errors_shown_are_those_that_come(api: Any) -> None:
    shown = re.search(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    assert shown

    answer = api.post("monitors", {"name": "x", "target": "https://a.example/", "policy": {"down_after": 0}})

    assert answer.json() == json.loads(shown[1])
