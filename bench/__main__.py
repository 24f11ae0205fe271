"""The figures that Pulse promises, measured here: one JSON line each, exit code 1 when one misses its target."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from bench import (
    agent,
    compared,
    heartbeats,
    ingest,
    judging,
    lossless,
    outage,
    packing,
    pipeline,
    startup,
    storage,
    telling,
    transitions,
    uptime,
)
from bench.report import calibration, say

FIGURES = {
    "baseline": compared.baseline,
    "https": compared.https,
    "hanging": compared.hanging,
    "dead": compared.dead,
    "blackbox": compared.blackbox,
    "pipeline": pipeline.run,
    "tenants": pipeline.tenants,
    "memory": pipeline.memory,
    "transitions": transitions.run,
    "telling": telling.run,
    "wiped": telling.wiped,
    "lossless": lossless.run,
    "outage": outage.run,
    "heartbeats": heartbeats.run,
    "ingest": ingest.run,
    "agent": agent.run,
    "storage": storage.run,
    "packing": packing.run,
    "judging": judging.run,
    "uptime": uptime.run,
    "startup": startup.run,
}
# Seconds of measuring unless told.
LASTS_S = {"pipeline": 600, "tenants": 120, "memory": 3600, "transitions": 60, "wiped": 95}
# The pipeline is measured at 5,000 checks a second, for which one process has no core to itself.
EVERY_S = {"pipeline": 10}
WORKERS = {"pipeline": 2}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"any of engine, {', '.join(FIGURES)}; all unless told")
    parser.add_argument("--monitors", type=int, default=50_000)
    parser.add_argument("--workers", type=int, help="checks workers; 2 for pipeline, 1 for most")
    parser.add_argument("--organisations", type=int, default=50)
    parser.add_argument(
        "--interval", type=int, help="seconds between checks of a monitor; 10 for pipeline, 30 for most"
    )
    parser.add_argument(
        "--seconds", type=float, help="of measuring; 600 for pipeline, 3600 for memory, 10 for most"
    )
    parser.add_argument("--speed", type=int, default=2000, help="checks per second without storage")
    parser.add_argument(
        "--rate", type=int, help="transitions per second; 20 for transitions, 100 for telling"
    )
    parser.add_argument("--deliveries", type=int, default=100_000, help="told while workers are killed")
    parser.add_argument("--patience", type=float, default=1800, help="seconds until all of them must be told")
    parser.add_argument("--pages", type=int, default=100, help="pages open in all")
    parser.add_argument(
        "--browsers", type=int, default=2, help="of them in real browsers, which are measured"
    )
    parser.add_argument("--settle", type=float, default=60, help="seconds before memory is weighed")
    parser.add_argument("--log", help="file for the output of the worker or web process")
    options = parser.parse_args()
    names = options.names or ["engine", *FIGURES]
    unknown = set(names) - {"engine", *FIGURES}
    if unknown:
        parser.error(f"there is no figure {', '.join(sorted(unknown))}")
    say(calibration())
    return max([measure(name, options) for name in names])


def measure(name: str, options: argparse.Namespace) -> int:
    """Each in a process of its own when several are asked for: Django is set up once per process."""
    if name == "engine":
        return subprocess.run(
            [sys.executable, str(Path(__file__).parent / "engine.py")], check=False
        ).returncode
    if len(options.names) != 1:
        arguments = [argument for argument in sys.argv[1:] if argument not in {"engine", *FIGURES}]
        return subprocess.run([sys.executable, "-m", "bench", name, *arguments], check=False).returncode
    options.seconds = options.seconds or LASTS_S.get(name, 10)
    options.interval = options.interval or EVERY_S.get(name, 30)
    options.workers = options.workers or WORKERS.get(name, 1)
    figures = [say(figure) for figure in FIGURES[name](options)]
    return int(any(figure.verdict == "miss" for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
