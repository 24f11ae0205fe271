"""Every kind of monitor that has settings: those that are probed, and those that report in by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitors.heartbeats import settings as heartbeats
from monitors.hosts import settings as hosts
from monitors.policy import STARTING
from monitors.probes import PROBES
from monitors.probes.probe import Probe
from monitors.probes.settings import Settings


@dataclass(frozen=True, slots=True)
class Reporting:
    """A kind that nobody probes: what it reports decides, and the schedule finds out when it falls silent.

    It has no target, interval, timeout or location. `policy` is what a new one begins with where that differs
    from a probe's.
    """

    title: str
    settings: Settings[Any]
    policy: Mapping[str, Any] = field(default_factory=dict)


REPORTING: dict[str, Reporting] = {
    "heartbeat": Reporting("Heartbeat", heartbeats.SETTINGS, STARTING["heartbeat"]),
    "host": Reporting("Host", hosts.SETTINGS, STARTING["host"]),
}
KINDS: dict[str, Probe | Reporting] = {**PROBES, **REPORTING}
