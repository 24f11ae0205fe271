"""Read the process table: who descends from whom, and what memory each one costs."""

import os
import signal
from collections import defaultdict
from contextlib import suppress
from pathlib import Path


def descendants(root: int) -> list[int]:
    """Ids of all processes below `root`, parents first; empty where there is no /proc."""
    below: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it ended while we looked
        below[parent].append(int(entry.name))
    found: list[int] = []
    waiting = [root]
    while waiting:
        children = below.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def memory_bytes(pid: int) -> int | None:
    """Proportional set size: shared pages are divided among the processes that share them."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return None  # gone, or another user's
    return None


def tree_memory_bytes(pid: int) -> int:
    """Proportional set size of a process and everything below it."""
    return sum(memory_bytes(one) or 0 for one in (pid, *descendants(pid)))


def signal_group(group: int, number: int) -> None:
    """Signal a whole process group; one that is gone is fine."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def kill_all(pids: list[int]) -> None:
    """SIGKILL each process; those that are gone are fine."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
