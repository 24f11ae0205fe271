"""How many processes there are, and whether those that should run do."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

import psutil

from pulse_agent.sample import Samples, gauge

if TYPE_CHECKING:
    from pulse_agent.configuration import Configuration


def count(configuration: Configuration) -> Samples:
    """All of them, and for each name or pattern that was asked for its number and its memory."""
    found = [gauge("processes.count", len(psutil.pids()))]
    if not configuration.processes:
        return found
    running = dict.fromkeys(configuration.processes, 0)
    memory = dict.fromkeys(configuration.processes, 0)
    for process in psutil.process_iter(["name"]):
        name = process.info["name"] or ""
        for wanted in configuration.processes:
            if fnmatch.fnmatch(name, wanted):
                running[wanted] += 1
                memory[wanted] += _resident(process)
    for wanted in configuration.processes:
        found.append(gauge("processes.running", running[wanted], process=wanted))
        found.append(gauge("processes.memory", memory[wanted], "bytes", process=wanted))
    return found


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it ended meanwhile
        return 0
