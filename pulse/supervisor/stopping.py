"""End everything within 10 seconds: bells first, then work in hand, then the stores, then what is left."""

import os
import time
from collections.abc import Sequence

from pulse.supervisor.child import Child
from pulse.supervisor.children import DOES_WORK, KEEPS_DATA, RINGS_BELLS
from pulse.supervisor.processes import descendants, kill_all
from pulse.supervisor.supervising import Supervisor

# Seconds after the request by which each stage must be gone. Work has 8: a probe in flight may take them.
_GONE_BY = {RINGS_BELLS: 1.5, DOES_WORK: 8.0, KEEPS_DATA: 9.4}
_HURRIED = 0.3
_HARD_SECONDS = 0.4  # between a hard signal and its effect


def stop(supervisor: Supervisor) -> None:
    """Returns when no descendant is left. A second ^C shortens each stage to what a kill takes."""
    supervisor.is_stopping = True
    began = time.monotonic()
    # A second ^C may have come before this line was reached: it counts.
    asked_before = min(supervisor.stop_requests, 1)
    for child in supervisor.children:
        child.next_start = None
    for stage, seconds in _GONE_BY.items():
        children = [child for child in supervisor.children if child.spec.stage == stage]
        _end_stage(supervisor, children, began + seconds, asked_before)
    _sweep(supervisor)


def _end_stage(supervisor: Supervisor, children: Sequence[Child], deadline: float, asked_before: int) -> None:
    def are_gone() -> bool:
        return not any(child.is_running for child in children)

    def are_gone_or_hurried() -> bool:
        return are_gone() or supervisor.stop_requests > asked_before

    for child in children:
        child.ask_to_stop()
    supervisor.wait(are_gone_or_hurried, max(deadline - time.monotonic(), _HURRIED))
    if not are_gone():
        supervisor.wait(are_gone, _HURRIED)
    for child in children:
        if child.is_running:
            supervisor.say(f"{child.spec.name} did not stop in time and is killed")
            child.kill()
    supervisor.wait(are_gone, _HARD_SECONDS)


def _sweep(supervisor: Supervisor) -> None:
    """Whatever still descends from us: we adopted every orphan, so nothing can be elsewhere."""
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline:
        left = [pid for pid in descendants(os.getpid()) if pid != supervisor.warden.pid]
        if not left:
            break
        kill_all(left)
        supervisor.pump(0.02)
    supervisor.warden.dismiss()
