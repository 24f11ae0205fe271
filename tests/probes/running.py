"""A running engine for tests, asked one check at a time."""

import queue
import threading
from collections.abc import Callable, Sequence
from time import clock_gettime, monotonic, pthread_getcpuclockid
from typing import Any, Self, TypeVar

from monitors.probes.engine import Engine
from monitors.probes.http import HttpConfig
from monitors.probes.jobs import Job
from monitors.probes.outcome import Outcome
from pulse.net.addresses import Policy

Found = TypeVar("Found")


def undisturbed(attempt: Callable[[], tuple[Found, float]], within_s: float) -> Found:
    """What `attempt` found, once its neighbours waited no longer than `within_s` seconds.

    What a check does to its neighbours it does at each of three attempts; a busy machine does it now and then.
    """
    waits = []
    for _ in range(3):
        found, waited_s = attempt()
        if waited_s < within_s:
            return found
        waits.append(waited_s)
    raise AssertionError(f"neighbours waited {waits} s, at most {within_s} s is allowed")


def loop_work_s() -> float:
    """CPU seconds that the thread of the running engine has spent: what it does to its neighbours, on any machine."""
    [thread] = [thread for thread in threading.enumerate() if thread.name == "probe-engine"]
    assert thread.ident is not None
    return clock_gettime(pthread_getcpuclockid(thread.ident))


class Probing:
    """Use as a context manager; `outcomes` receives (job, outcome, lateness_us) in the order of finishing."""

    def __init__(
        self, policy: Policy, nameservers: Sequence[str], ca_file: str | None = None, **more: Any
    ) -> None:
        self.outcomes: queue.Queue[tuple[Job, Outcome, int]] = queue.Queue()
        self.engine = Engine(
            policy, on_outcome=self._hand_over, nameservers=nameservers, ca_file=ca_file, **more
        )

    def check(self, target: str, config: object = None, timeout_s: float = 3.0) -> Outcome:
        """The outcome of one check made now."""
        self.engine.submit([self.job(target, config, timeout_s)])
        return self.next()[1]

    def job(
        self,
        target: str,
        config: object = None,
        timeout_s: float = 3.0,
        *,
        tenant: int = 1,
        after_s: float = 0.0,
    ) -> Job:
        return Job(target, tenant, "http", target, config or HttpConfig(), timeout_s, monotonic() + after_s)

    def next(self, timeout_s: float = 10.0) -> tuple[Job, Outcome, int]:
        return self.outcomes.get(timeout=timeout_s)

    def __enter__(self) -> Self:
        self.engine.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.engine.stop()

    def _hand_over(self, job: Job, outcome: Outcome, lateness_us: int) -> None:
        self.outcomes.put((job, outcome, lateness_us))
