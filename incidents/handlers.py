"""Turn what monitors report into incidents, in the transaction of the report."""

from __future__ import annotations

from collections.abc import Sequence

from incidents import lifecycle
from monitors.facts import MonitorChangedStatus, MonitorEdited, MonitorStopped
from monitors.telemetry.models import Status
from pulse import facts

RECOVERED = (Status.UP, Status.DEGRADED)
# An outage that nobody could see any more is open while the monitor is unknown, or a group whose members were
# all paused is pending, and ends from there.
FAILING = (Status.DOWN, Status.UNKNOWN, Status.PENDING)


def register() -> None:
    facts.on(MonitorChangedStatus)(open_and_resolve)
    facts.on(MonitorStopped)(lifecycle.resolve_stopped)
    facts.on(MonitorEdited)(lifecycle.note_edits)


def open_and_resolve(changes: Sequence[MonitorChangedStatus]) -> None:
    lifecycle.open_for([change for change in changes if change.after is Status.DOWN])
    lifecycle.note_lost(
        [change for change in changes if change.before is Status.DOWN and change.after is Status.UNKNOWN]
    )
    lifecycle.resolve_for(
        [change for change in changes if change.before in FAILING and change.after in RECOVERED]
    )
