"""Run the owner's own commands and read a value from what they print.

A number on the first line is the value. A line of a Nagios plug-in is understood too: its exit status and its
performance data (https://nagios-plugins.org/doc/guidelines.html#AEN200).
"""

from __future__ import annotations

import logging
import math
import os
import re
import signal
import subprocess
import tempfile
from typing import TYPE_CHECKING

from pulse_agent.sample import Samples, gauge

if TYPE_CHECKING:
    from pulse_agent.configuration import Command

log = logging.getLogger("pulse_agent")

OUTPUT_AT_MOST = 64 * 1024
# 'label'=value[UOM];[warn];[crit];[min];[max]; a quote within a label is doubled.
PERFORMANCE = re.compile(r"('(?:[^']|'')+'|[^\s='|;]+)=(-?[0-9.]+(?:[eE][-+]?\d+)?)([a-zA-Z%]*)")
UNITS = {"B": ("bytes", 1), "KB": ("bytes", 1000), "MB": ("bytes", 1e6), "GB": ("bytes", 1e9), "TB": ("bytes", 1e12),
         "s": ("s", 1), "ms": ("s", 1e-3), "us": ("s", 1e-6), "%": ("%", 1), "c": ("", 1), "": ("", 1)}  # fmt: skip
PLACES_AT_MOST = 50


class Commands:
    def __init__(self, commands: list[Command]) -> None:
        self._commands = commands
        self._due: dict[str, float] = {}

    def collect(self, now: float) -> Samples:
        """Of those that are due, one after the other."""
        found: Samples = []
        for command in self._commands:
            if self._due.get(command.name, now) <= now:
                self._due[command.name] = now + command.interval
                found += run(command)
        return found


def run(command: Command) -> Samples:
    """`command.NAME.status` is 0 for good, 1 warning, 2 critical, 3 unknown; 3 also when it cannot be run."""
    name = f"command.{command.name}"
    try:
        status, output = _output(command)
    except subprocess.TimeoutExpired:
        log.warning("command %s took longer than %g s and was ended", command.name, command.timeout)
        return [gauge(f"{name}.status", 3)]
    except OSError as error:
        log.warning("command %s cannot be run: %s", command.name, error.strerror)
        return [gauge(f"{name}.status", 3)]
    found = [gauge(f"{name}.status", status if status in (0, 1, 2, 3) else 2)]
    first = output.strip().partition("\n")[0]
    value = _number(first.strip())
    if value is not None:
        return [*found, gauge(name, value, command.unit)]
    return found + _performance(name, output)


def _output(command: Command) -> tuple[int, str]:
    """Its exit status and the beginning of what it printed; a group of its own, so that all of it can be ended."""
    with tempfile.TemporaryFile() as printed:
        child = subprocess.Popen(
            command.argv,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            status = child.wait(command.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        printed.seek(0)
        return status, printed.read(OUTPUT_AT_MOST).decode("utf-8", "replace")


def _performance(name: str, output: str) -> Samples:
    """What stands behind the bar of each line."""
    found: Samples = []
    for line in output.splitlines():
        for label, text, uom in PERFORMANCE.findall(line.partition("|")[2])[:PLACES_AT_MOST]:
            unit, factor = UNITS.get(uom, (uom[:16], 1))
            value = _number(text)
            if value is not None:
                clean = re.sub(r"[^A-Za-z0-9_.:/-]+", "_", label.strip("'")).strip("_/")[:60] or "value"
                found.append(gauge(f"{name}.{clean}", value * factor, unit))
    return found[:PLACES_AT_MOST]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
