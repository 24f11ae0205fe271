"""The kinds of probes: one module each, listed here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from monitors.probes import http
from monitors.probes.jobs import Job
from monitors.probes.outcome import Outcome
from pulse.net.fetch import Outbound

Done = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True)
class Probe:
    """A kind of check.

    `load` turns decoded JSON into a config or raises ConfigError; `check_target` raises ValueError with a
    sentence for a target that can never work; `start` begins a check on the engine's loop and calls back
    exactly once.
    """

    load: Callable[[object], Any]
    check_target: Callable[[str], object]
    start: Callable[[Outbound, Job, Done], None]


PROBES = {
    "http": Probe(load=http.load, check_target=http.check_target, start=http.start),
}
