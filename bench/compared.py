"""The engine beside what it is compared with, in one run: bare libcurl, itself with bad targets, blackbox_exporter."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import blackbox_exporter
from bench.places import HERE, bench_server
from bench.report import Figure, at_least, at_most, info

# Names that the resolver knows after the first round, as it does those of monitors with short intervals.
FEW_NAMES = 200


def baseline(options: argparse.Namespace) -> Iterator[Figure]:
    """HTTP: both bare loops, and the engine without storage."""
    with bench_server("target.py") as port:
        settings = {"rate": options.speed, "seconds": options.seconds, "names": FEW_NAMES}
        perform = script("baseline.py", "perform", port=port, **settings)
        bare = script("baseline.py", "socket_action", port=port, **settings)
        engine = script("engine.py", "--json", target=port, hanging=0, dead=0, **settings)
    yield info("bare_perform_cpu", perform["cpu_us"], "us/check")
    yield info("bare_socket_action_cpu", bare["cpu_us"], "us/check")
    yield info("engine_cpu", engine["cpu_us"], "us/check")
    yield at_most("engine_to_bare", engine["cpu_us"] / bare["cpu_us"], "times", 2.0)


def https(options: argparse.Namespace) -> Iterator[Figure]:
    """HTTPS with full verification against the machine's own store plus the bench's authority."""
    with (
        certificates() as (ca_file, certificate),
        bench_server("target.py", "--certificate", certificate) as port,
    ):
        settings = {
            "rate": min(options.speed, 400), "seconds": options.seconds, "names": FEW_NAMES, "scheme": "https",
            "ca": ca_file,
        }  # fmt: skip
        perform = script("baseline.py", "perform", port=port, **settings)
        bare = script("baseline.py", "socket_action", port=port, **settings)
        engine = script("engine.py", "--json", target=port, hanging=0, dead=0, **settings)
    yield info("https_bare_perform_cpu", perform["cpu_us"], "us/check")
    yield info("https_bare_socket_action_cpu", bare["cpu_us"], "us/check")
    yield info("https_engine_cpu", engine["cpu_us"], "us/check")
    yield at_most("https_engine_to_bare", engine["cpu_us"] / bare["cpu_us"], "times", 1.3)
    yield at_most("https_unexpected_outcomes", engine["unexpected"], "checks", 0)


def hanging(options: argparse.Namespace) -> Iterator[Figure]:
    """30 % of the targets take the whole timeout of 10 s; the lateness is that of the others."""
    yield from beside_bad("hanging", options, hanging=30, dead=0)


def dead(options: argparse.Namespace) -> Iterator[Figure]:
    """10 % of the names are dead, half of those without any answer of a name server."""
    yield from beside_bad("dead", options, hanging=0, dead=10, silent=True)


def beside_bad(name: str, options: argparse.Namespace, **bad: Any) -> Iterator[Figure]:
    settings = {"rate": options.speed, "seconds": options.seconds, "timeout": 10}
    calm = script("engine.py", "--json", hanging=0, dead=0, **settings)
    rough = script("engine.py", "--json", **bad, **settings)
    yield info(f"{name}_lateness_p99_without", calm["p99_ms"], "ms")
    yield at_most(f"{name}_lateness_p99", rough["p99_ms"], "ms", round(1.1 * calm["p99_ms"], 2))
    yield info(f"{name}_cpu_without", calm["cpu_us"], "us/check")
    yield info(f"{name}_cpu", rough["cpu_us"], "us/check")
    yield at_most(f"{name}_unexpected_outcomes", rough["unexpected"], "checks", 0)


def blackbox(options: argparse.Namespace) -> Iterator[Figure]:
    """The engine alone against Debian's prometheus-blackbox-exporter; the whole pipeline is in `pipeline`."""
    with bench_server("target.py") as port:
        peer = blackbox_exporter.cpu_us(port, options.seconds)
        if peer is None:
            print(blackbox_exporter.MISSING, flush=True)
            return
        settings = {"rate": options.speed, "seconds": options.seconds, "names": FEW_NAMES}
        engine = script("engine.py", "--json", target=port, hanging=0, dead=0, **settings)
    yield info("blackbox_cpu", peer, "us/probe")
    yield at_least("engine_probes_per_core_to_blackbox", peer / engine["cpu_us"], "times", 3.0)


def script(name: str, *words: str, **options: Any) -> Any:
    """What a script of the bench printed; each runs in a process of its own, so that its CPU is its own."""
    arguments = [*words]
    for option, value in options.items():
        arguments += [f"--{option}"] if value is True else [f"--{option}", str(value)]
    command = [sys.executable, str(HERE / name), *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


@contextmanager
def certificates() -> Iterator[tuple[str, str]]:
    """Files: a store as large as a machine's with the bench's authority in it, and a server's key and chain."""
    from pulse.net.handle import default_ca_file
    from tests.certificates import Authority

    with tempfile.TemporaryDirectory(prefix="pulse-bench-") as name:
        folder = Path(name)
        authority = Authority(folder)
        authority.server_context("*.up.bench")
        [certificate] = folder.glob("*bench*.pem")
        store = folder / "store.pem"
        store.write_bytes(Path(default_ca_file()).read_bytes() + authority.ca_file.read_bytes())
        yield str(store), str(certificate)
