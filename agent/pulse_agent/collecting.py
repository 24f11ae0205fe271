"""What can be collected. One part that fails (a sensor, a file system) keeps out no other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from pulse_agent import disks, processes, system
from pulse_agent.commands import Commands
from pulse_agent.sample import Samples

if TYPE_CHECKING:
    from pulse_agent.configuration import Configuration

log = logging.getLogger("pulse_agent")

PARTS: dict[str, Callable[[Configuration], Samples]] = {
    "cpu": system.cpu,
    "load": system.load,
    "memory": system.memory,
    "swap": system.swap,
    "disks": disks.usage,
    "disk_io": disks.traffic,
    "network": system.network,
    "temperatures": system.temperatures,
    "uptime": system.uptime,
    "processes": processes.count,
}


class Collector:
    """Collects everything once; says at most once what a part cannot do, and again when that changes."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._commands = Commands(configuration.commands)
        self._told: dict[str, str] = {}

    def collect(self, now: float) -> Samples:
        """Samples without times; `now` is the monotonic clock, by which commands with an interval are due."""
        found: Samples = []
        for name in self._configuration.parts:
            found += self._try(name, lambda part=PARTS[name]: part(self._configuration))  # type: ignore[misc]
        found += self._try("commands", lambda: self._commands.collect(now))
        return found

    def _try(self, name: str, collect: Callable[[], Samples]) -> Samples:
        try:
            found = collect()
        except Exception as error:  # of a driver, a kernel or psutil: the other parts go on
            words = f"{type(error).__name__}: {error}"
            if self._told.get(name) != words:
                log.warning("%s cannot be collected: %s", name, words)
                self._told[name] = words
            return []
        self._told.pop(name, None)
        return found
