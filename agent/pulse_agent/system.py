"""CPU, load, memory, swap, network, temperatures and uptime, as the kernel counts them."""

from __future__ import annotations

import fnmatch
import os
import time
from typing import TYPE_CHECKING

import psutil

from pulse_agent.sample import Samples, counter, gauge

if TYPE_CHECKING:
    from pulse_agent.configuration import Configuration

MODES = ("user", "system", "idle", "iowait", "nice", "irq", "softirq", "steal")
# What `cpu` saw the last time: shares are of the time in between.
_before: dict[str, float] = {}


def cpu(configuration: Configuration) -> Samples:
    """Shares of the time since the last turn, of all cores together; nothing at the first."""
    times = psutil.cpu_times()
    now = {mode: float(getattr(times, mode)) for mode in MODES if hasattr(times, mode)}
    spent = {mode: max(0.0, value - _before.get(mode, value)) for mode, value in now.items()}
    _before.update(now)
    total = sum(spent.values())
    found = [gauge("cpu.count", psutil.cpu_count() or 1)]
    if total <= 0:
        return found
    busy = total - spent.get("idle", 0.0) - spent.get("iowait", 0.0)
    found.append(gauge("cpu.percent", round(busy / total * 100, 2), "%"))
    shares = {mode: round(value / total * 100, 2) for mode, value in spent.items()}
    return found + [gauge("cpu.mode_percent", share, "%", mode=mode) for mode, share in shares.items()]


def load(configuration: Configuration) -> Samples:
    one, five, fifteen = os.getloadavg()
    return [gauge("load.1m", one), gauge("load.5m", five), gauge("load.15m", fifteen)]


def memory(configuration: Configuration) -> Samples:
    found = psutil.virtual_memory()
    return [
        gauge("memory.total", found.total, "bytes"),
        gauge("memory.available", found.available, "bytes"),
        gauge("memory.used", found.total - found.available, "bytes"),
        gauge("memory.used_percent", (1 - found.available / found.total) * 100 if found.total else 0, "%"),
    ]


def swap(configuration: Configuration) -> Samples:
    found = psutil.swap_memory()
    return [
        gauge("swap.total", found.total, "bytes"),
        gauge("swap.used", found.used, "bytes"),
        gauge("swap.used_percent", found.percent, "%"),
    ]


def network(configuration: Configuration) -> Samples:
    """Per interface; those of containers and the loopback are left out unless told otherwise."""
    found: Samples = []
    for name, seen in psutil.net_io_counters(pernic=True).items():
        if any(fnmatch.fnmatch(name, pattern) for pattern in configuration.skip_interfaces):
            continue
        found += [
            counter("network.received", seen.bytes_recv, "bytes", interface=name),
            counter("network.sent", seen.bytes_sent, "bytes", interface=name),
            counter("network.errors", seen.errin + seen.errout, interface=name),
            counter("network.dropped", seen.dropin + seen.dropout, interface=name),
        ]
    return found


def temperatures(configuration: Configuration) -> Samples:
    sensors = getattr(psutil, "sensors_temperatures", None)  # not on every system
    if sensors is None:
        return []
    found: Samples = []
    for chip, readings in sensors().items():
        for place, reading in enumerate(readings):
            if reading.current is not None:
                name = f"{chip} {reading.label or place}"
                found.append(gauge("temperature", reading.current, "°C", sensor=name))
    return found


def uptime(configuration: Configuration) -> Samples:
    return [gauge("uptime", max(0.0, time.time() - psutil.boot_time()), "s")]
