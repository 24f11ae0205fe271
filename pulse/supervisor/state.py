"""What the supervisor tells `make status`, in a small file that is replaced whole at each change."""

import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from pulse.embedded.secrets import write_private

if TYPE_CHECKING:
    from pulse.supervisor.child import Child


class ChildState(TypedDict):
    """`started_at` is of the monotonic clock, which all processes of one boot share."""

    name: str
    pid: int
    state: str
    started_at: float
    restarts: int
    last_end: str


class State(TypedDict):
    """What `status` prints, but for memory and health, which it looks at itself."""

    pid: int
    warden: int
    started_at: float
    base_url: str
    local_host: str
    port: int
    health_path: str
    is_ready: bool
    children: list[ChildState]


class StateFile:
    """`PULSE_DATA/state.json`; only as true as the lock beside it, which says whether anybody runs."""

    def __init__(
        self, data_dir: Path, *, base_url: str, local_host: str, port: int, health_path: str
    ) -> None:
        self.path = data_dir / "state.json"
        self.warden = 0
        self.is_ready = False
        self._fixed = (base_url, local_host, port, health_path)
        self._started_at = time.monotonic()

    def save(self, children: Iterable["Child"]) -> None:
        """Write the present state; on a full disk the old one stays."""
        base_url, local_host, port, health_path = self._fixed
        state = State(
            pid=os.getpid(),
            warden=self.warden,
            started_at=self._started_at,
            base_url=base_url,
            local_host=local_host,
            port=port,
            health_path=health_path,
            is_ready=self.is_ready,
            children=[_child_state(child) for child in children if child.restart or child.is_running],
        )
        with suppress(OSError):
            write_private(self.path, json.dumps(state))

    def remove(self) -> None:
        """Nobody runs any more."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def load_state(data_dir: Path) -> State | None:
    """The last state written, or None before there is one."""
    try:
        state: State = json.loads((data_dir / "state.json").read_text())
    except (OSError, json.JSONDecodeError):
        return None
    return state


def _child_state(child: "Child") -> ChildState:
    waiting = "restarting" if child.next_start is not None else "stopped"
    return ChildState(
        name=child.spec.name,
        pid=child.pid if child.is_running else 0,
        state="running" if child.is_running else waiting,
        started_at=child.started_at,
        restarts=child.restarts,
        last_end=child.describe_end() if child.exit_status is not None else "",
    )
