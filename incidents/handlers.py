"""Turn what monitors report into incidents, in the transaction of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from incidents import ending, lifecycle
from incidents.models import Incident, TimelineEntry
from monitors.facts import MonitorChangedStatus, MonitorEdited, MonitorStopped, OutageReleased
from monitors.telemetry.models import Status
from pulse import facts

RECOVERED = (Status.UP, Status.DEGRADED)
BROKEN = (Status.DOWN, Status.FLAPPING)
# An outage that nobody could see any more is open while the monitor is unknown, or a group whose members were
# all paused is pending, and ends from there.
FAILING = (*BROKEN, Status.UNKNOWN, Status.PENDING)
Note = tuple[datetime, str, UUID | None, str]


def register() -> None:
    facts.on(MonitorChangedStatus)(open_and_resolve)
    facts.on(OutageReleased)(open_released)
    facts.on(MonitorStopped)(ending.resolve_stopped)
    facts.on(MonitorEdited)(note_edits)


def open_and_resolve(changes: Sequence[MonitorChangedStatus]) -> None:
    """What breaks opens, unless it is held back; what works again ends. From broken to broken is the same outage."""
    opened = lifecycle.open_for(
        [
            change
            for change in changes
            if change.after in BROKEN and change.before not in BROKEN and change.suppressed is None
        ]
    )
    new = {incident.monitor_no for incident in opened}
    note_changes([change for change in changes if change.monitor_no not in new])
    ending.resolve_for(
        [change for change in changes if change.before in FAILING and change.after in RECOVERED]
    )


def open_released(released: Sequence[OutageReleased]) -> None:
    lifecycle.open_for(released)


def note_changes(changes: Sequence[MonitorChangedStatus]) -> None:
    """Write into open incidents what their monitors became without being over."""
    words: dict[int, Note] = {}
    for change in changes:
        if change.before in BROKEN and change.after is Status.UNKNOWN:
            text = f"Its state is unknown from here on: {change.detail}"
        elif change.after in BROKEN and change.before is not change.after:
            text = f"{_became(change)}: {change.detail}"
        else:
            continue
        words[change.monitor_no] = (change.began, text, None, "")
    _note(words, TimelineEntry.Kind.TRANSITION)


def _became(change: MonitorChangedStatus) -> str:
    if change.after is Status.FLAPPING:
        return "It is flapping now"
    return "Down, and no longer flapping" if change.before is Status.FLAPPING else "Down again"


def note_edits(edits: Sequence[MonitorEdited]) -> None:
    """Write edits of a monitor into its open incident: whoever handles it must know what changed under it."""
    _note(
        {
            edit.monitor_no: (edit.at, f"{edit.by_name} changed {edit.what}.", edit.by_id, edit.by_name)
            for edit in edits
        },
        TimelineEntry.Kind.CHANGED,
    )


def _note(words: Mapping[int, Note], kind: TimelineEntry.Kind) -> None:
    if not words:
        return
    entries = []
    for incident in Incident.objects.filter(monitor_no__in=words, resolved_at=None):
        at, text, by_id, by_name = words[incident.monitor_no or 0]
        entries.append(
            TimelineEntry(incident=incident, at=at, kind=kind, actor_id=by_id, actor_name=by_name, text=text)
        )
    TimelineEntry.objects.bulk_create(entries)
