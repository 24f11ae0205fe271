"""The probe engine without storage: one JSON line per figure, exit code 1 when one misses its target."""

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from pathlib import Path
from threading import Event
from time import monotonic, sleep

HERE = Path(__file__).parent
sys.path[0] = str(HERE.parent)

from monitors.probes.engine import Engine  # noqa: E402  (the path is set above, so that the script runs from anywhere)
from monitors.probes.http import HttpConfig  # noqa: E402
from monitors.probes.jobs import Job  # noqa: E402
from monitors.probes.outcome import Outcome  # noqa: E402
from pulse.net.addresses import Policy  # noqa: E402

LOOPBACK = Policy(allow=(ip_network("127.0.0.0/8"),))
AHEAD_S = 1.0
CONFIG = HttpConfig()


@contextmanager
def process(script: str, *arguments: str) -> Iterator[int]:
    """A server of the bench; yields its port."""
    command = [sys.executable, str(HERE / script), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield int(child.stdout.readline())
        finally:
            child.terminate()


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Run:
    """Feeds an engine at a steady rate, as a claimer would: one second ahead, in batches."""

    def __init__(self, options: argparse.Namespace, target_port: int, dns_port: int) -> None:
        self.options = options
        self.port = target_port
        self.total = int(options.rate * options.seconds)
        self.lateness_us: list[int] = []
        self.unexpected = 0
        self.ended = 0
        self.last_start = 0.0
        self.done = Event()
        self.engine = Engine(
            LOOPBACK, on_outcome=self.on_outcome, nameservers=[f"127.0.0.1:{dns_port}"],
            max_in_flight=60_000, ca_file=options.ca, owns_process=True,
        )  # fmt: skip

    def job(self, number: int, start_at: float) -> Job:
        share = number * 37 % 100
        zone, path = "up", ""
        if share < self.options.hanging:
            path = "hang"
        elif share < self.options.hanging + self.options.dead:
            zone = "silent" if self.options.silent and number % 2 else "dead"
        target = f"{self.options.scheme}://n{number % self.options.names}.{zone}.bench:{self.port}/{path}"
        return Job(
            (number, zone == "up" and not path), 1, "http", target, CONFIG, self.options.timeout, start_at
        )

    def on_outcome(self, job: Job, outcome: Outcome, lateness_us: int) -> None:
        good = bool(job.key[1])  # type: ignore[index]
        if good:
            self.lateness_us.append(lateness_us)
        self.ended += 1
        self.last_start = max(self.last_start, job.start_at + lateness_us / 1e6)
        self.unexpected += good != outcome.ok
        if self.ended == self.total:
            self.done.set()

    def run(self) -> tuple[float, float]:
        """(checks per second, CPU µs per check)"""
        self.engine.start()
        before, begin = cpu_s(), monotonic() + 0.2
        number = 0
        while number < self.total:
            upto = min(self.total, int((monotonic() + AHEAD_S - begin) * self.options.rate))
            upto = min(upto, number + self.engine.capacity())
            self.engine.submit(self.job(n, begin + n / self.options.rate) for n in range(number, upto))
            number = max(number, upto)
            sleep(0.1)
        if not self.done.wait(30 + self.options.timeout):
            raise SystemExit(f"{self.engine.in_flight} of {self.total} checks never ended")
        used = cpu_s() - before
        self.engine.stop()
        return self.total / max(self.last_start - begin, self.options.seconds), used / self.total * 1e6


def line(figure: str, value: float, unit: str, target: float, good: bool) -> bool:
    verdict = "ok" if good else "miss"
    print(
        json.dumps(
            {"figure": figure, "value": round(value, 1), "unit": unit, "target": target, "verdict": verdict}
        )
    )
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=2600, help="checks per second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--names", type=int, default=50_000, help="different host names")
    parser.add_argument("--hanging", type=int, default=30, help="percent of targets that never answer")
    parser.add_argument("--dead", type=int, default=5, help="percent of names that do not exist")
    parser.add_argument("--silent", action="store_true", help="half of the dead names get no answer at all")
    parser.add_argument("--timeout", type=float, default=3.0, help="seconds for each check")
    parser.add_argument("--scheme", default="http")
    parser.add_argument("--ca", help="file of trusted certificates")
    parser.add_argument("--target", type=int, help="port of a target that runs; else one is started")
    parser.add_argument("--json", action="store_true", help="only the measurement, for another figure")
    options = parser.parse_args()
    with ExitStack() as running:
        target_port = options.target or running.enter_context(process("target.py"))
        run = Run(options, target_port, running.enter_context(process("nameserver.py")))
        rate, cpu_us = run.run()
    late = sorted(run.lateness_us)
    p99_ms = late[int(len(late) * 0.99)] / 1000
    if options.json:
        found = {"rate": rate, "cpu_us": cpu_us, "p99_ms": p99_ms, "unexpected": run.unexpected}
        print(json.dumps(found))
        return 0
    verdicts = [
        line("engine_cpu_per_check", cpu_us, "us", 300, cpu_us < 300),
        line("engine_rate", rate, "checks/s", 2500, rate >= 2500),
        line("engine_lateness_p99", p99_ms, "ms", 1000, p99_ms < 1000),
        line("engine_unexpected_outcomes", run.unexpected, "checks", 0, run.unexpected == 0),
    ]
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
