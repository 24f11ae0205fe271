"""How full file systems are, and what disks read and write."""

from __future__ import annotations

import fnmatch
import os
from typing import TYPE_CHECKING

import psutil

from pulse_agent.sample import Samples, counter, gauge

if TYPE_CHECKING:
    from pulse_agent.configuration import Configuration

# Always full by nature, or not a disk.
SKIPPED_TYPES = {"squashfs", "iso9660", "udf", "erofs"}
SKIPPED_DEVICES = ("loop", "ram", "zram", "fd", "sr")


def usage(configuration: Configuration) -> Samples:
    """Of each local file system once, however often it is mounted; network ones could hang and are left out."""
    found: Samples = []
    for mount in _mounts(configuration):
        seen = os.statvfs(mount)
        total = seen.f_blocks * seen.f_frsize
        if not total:
            continue
        free, available = seen.f_bfree * seen.f_frsize, seen.f_bavail * seen.f_frsize
        used = total - free
        found += [
            gauge("disk.total", total, "bytes", mount=mount),
            gauge("disk.used", used, "bytes", mount=mount),
            # As df counts: what is kept for root is neither used nor free.
            gauge(
                "disk.used_percent",
                used / (used + available) * 100 if used + available else 0,
                "%",
                mount=mount,
            ),
        ]
        if seen.f_files:
            share = (1 - seen.f_ffree / seen.f_files) * 100
            found.append(gauge("disk.inodes_used_percent", share, "%", mount=mount))
    return found


def traffic(configuration: Configuration) -> Samples:
    found: Samples = []
    for device, seen in (psutil.disk_io_counters(perdisk=True) or {}).items():
        if device.startswith(SKIPPED_DEVICES) or _is_partition(device):
            continue
        found += [
            counter("disk.read", seen.read_bytes, "bytes", device=device),
            counter("disk.written", seen.write_bytes, "bytes", device=device),
            counter("disk.reads", seen.read_count, device=device),
            counter("disk.writes", seen.write_count, device=device),
        ]
        if hasattr(seen, "busy_time"):
            found.append(counter("disk.busy", seen.busy_time / 1000, "s", device=device))
    return found


def _mounts(configuration: Configuration) -> list[str]:
    shortest: dict[str, str] = {}
    for part in psutil.disk_partitions(all=False):
        if part.fstype in SKIPPED_TYPES or any(
            fnmatch.fnmatch(part.mountpoint, pattern) for pattern in configuration.skip_mounts
        ):
            continue
        known = shortest.get(part.device)
        if known is None or len(part.mountpoint) < len(known):
            shortest[part.device] = part.mountpoint
    return sorted(shortest.values())


def _is_partition(device: str) -> bool:
    """Its disk counts the same traffic again."""
    return os.path.exists(f"/sys/class/block/{device}/partition")
