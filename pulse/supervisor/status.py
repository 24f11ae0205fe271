"""`make status` and `make stop`: look at a running supervisor, or end it, from another terminal."""

import os
import signal
import sys
import time
from pathlib import Path

from pulse.embedded.locate import is_running, lock_file
from pulse.embedded.process import is_alive
from pulse.supervisor.health import ask
from pulse.supervisor.lock import read_holder
from pulse.supervisor.processes import memory_bytes, tree_memory_bytes
from pulse.supervisor.state import ChildState, State, load_state

NOT_RUNNING = 3
_STOP_SECONDS = 20.0
_ROW = "{:<12} {:>8}  {:<11} {:>9} {:>9} {:>9}  {}"


def show_status(data_dir: Path) -> int:
    """Print a row per process and the health; exit status 3 when Pulse does not run here."""
    state = load_state(data_dir) if is_running(data_dir) else None
    if state is None:
        print(f"Pulse is not running in {data_dir}: make run", file=sys.stderr)
        return NOT_RUNNING
    now = time.monotonic()
    total = 0
    print(_ROW.format("PROCESS", "PID", "STATE", "UPTIME", "RESTARTS", "MEMORY", "").rstrip())
    for child in _rows(state):
        pid = child["pid"]
        is_own = child["name"] in ("supervisor", "warden")
        memory = ((memory_bytes(pid) or 0) if is_own else tree_memory_bytes(pid)) if pid else 0
        total += memory
        uptime = _duration(now - child["started_at"]) if pid else "-"
        last = f"last end: {child['last_end']}" if child["last_end"] else ""
        columns = (
            child["name"],
            pid or "-",
            child["state"],
            uptime,
            child["restarts"],
            _megabytes(memory),
            last,
        )
        print(_ROW.format(*columns).rstrip())
    print(_ROW.format("total", "", "", "", "", _megabytes(total), "").rstrip())
    print(_health(state))
    return 0


def _rows(state: State) -> list[ChildState]:
    own = [("supervisor", state["pid"]), ("warden", state["warden"])]
    first = [
        ChildState(
            name=name, pid=pid, state="running", started_at=state["started_at"], restarts=0, last_end=""
        )
        for name, pid in own
    ]
    return first + state["children"]


def _health(state: State) -> str:
    if not state["health_path"]:
        return "ready" if state["is_ready"] else "starting"
    status, body = ask(state["local_host"], state["port"], state["health_path"], state["base_url"])
    parts = body.get("parts")
    detail = ", ".join(f"{name} {value}" for name, value in parts.items()) if isinstance(parts, dict) else ""
    said = f"{status} {body.get('status', '')}" if status else "no answer"
    return f"{state['base_url']}{state['health_path']}: {said}{f' ({detail})' if detail else ''}"


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.0f} MB" if size else "-"


def _duration(seconds: float) -> str:
    whole = int(seconds)
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {whole % 60:02}s"


def stop_running(data_dir: Path) -> int:
    """Ask the supervisor to stop and wait until its last process is gone; harmless when none runs."""
    if not is_running(data_dir):
        print(f"Pulse is not running in {data_dir}.")
        return 0
    pid = read_holder(lock_file(data_dir)).get("pid")
    if isinstance(pid, int) and is_alive(pid):
        try:
            os.kill(pid, signal.SIGTERM)
        except PermissionError:
            print(f"Pulse in {data_dir} belongs to another user: stop it as that user.", file=sys.stderr)
            return 1
    deadline = time.monotonic() + _STOP_SECONDS
    while is_running(data_dir):
        if time.monotonic() > deadline:
            print(
                f"Process {pid} did not stop within {_STOP_SECONDS:.0f} s: kill -9 {pid} ends it.",
                file=sys.stderr,
            )
            return 1
        time.sleep(0.05)
    print("Pulse is stopped.")
    return 0
