"""A Prometheus behind basic authentication, with an hour of known numbers in its storage."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time

from tests.peers.running import peer_folder, program, running
from tests.ports import free_port

USER, PASSWORD = "admin", "test"
# bcrypt of the password, as Prometheus' own guide to basic authentication has it.
HASHED = "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay"
STEP_S, COUNT = 15, 240


@dataclass(frozen=True)
class PrometheusPeer:
    """`began` is the time of the first sample; there is one every 15 s since, for an hour up to the start."""

    url: str
    began: int


@contextmanager
def prometheus() -> Iterator[PrometheusPeer]:
    with peer_folder() as folder:
        began = int(time()) // STEP_S * STEP_S - (COUNT - 1) * STEP_S
        (folder / "numbers").write_text(_numbers(began))
        data = folder / "data"
        subprocess.run(
            [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", folder / "numbers", data],
            check=True, capture_output=True,
        )  # fmt: skip
        (folder / "prometheus.yml").write_text("global: {}\n")
        (folder / "web.yml").write_text(f"basic_auth_users:\n  {USER}: {HASHED}\n")
        port = free_port()
        argv: list[str | Path] = [
            program("prometheus"), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={data}",
            f"--web.config.file={folder / 'web.yml'}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
        ]  # fmt: skip
        with running(argv, folder, port=port):
            yield PrometheusPeer(f"http://127.0.0.1:{port}", began)


def _numbers(began: int) -> str:
    """A counter of 2 per second, one of 0.5 per second in two parts, and a gauge that stands at 42."""
    lines = ["# TYPE requests counter"]
    times = [began + place * STEP_S for place in range(COUNT)]
    lines += [f"requests_total {2 * (at - began)} {at}" for at in times]
    lines.append("# TYPE errors counter")
    for part, rate in (("read", 0.2), ("write", 0.3)):
        lines += [f'errors_total{{part="{part}"}} {rate * (at - began):.1f} {at}' for at in times]
    lines.append("# TYPE temperature gauge")
    lines += [f"temperature 42 {at}" for at in times]
    return "\n".join([*lines, "# EOF\n"])
