"""Look again at what was held back when a mute or a snooze changes, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Sequence

from incidents.facts import IncidentAcknowledged, IncidentReleased
from incidents.models import Incident, TimelineEntry
from monitors.facts import MonitorChangedStatus, SnoozeChanged
from notifications import chaining, noticing
from notifications.ledger import chains
from pulse import facts, scoping
from pulse.outbox import relaying
from tenants.facts import MuteChanged


def register() -> None:
    facts.on(MuteChanged)(release_after_mute)
    facts.on(SnoozeChanged)(release_after_snooze)
    facts.on(IncidentAcknowledged)(chaining.stop_acknowledged)
    facts.on(IncidentReleased)(chaining.resume_released)
    facts.on(MonitorChangedStatus)(noticing.notice)


def release_after_mute(changes: Sequence[MuteChanged]) -> None:
    """The relay judges each held fact anew: it may be held on for another reason. So do policies at work."""
    relaying.release(scoping.current().no)
    chains.wake(scoping.current().no)


def release_after_snooze(changes: Sequence[SnoozeChanged]) -> None:
    relaying.release(scoping.current().no)
    by_monitor = {change.monitor_no: change for change in changes}
    TimelineEntry.objects.bulk_create(
        TimelineEntry(
            incident=incident,
            kind=TimelineEntry.Kind.CHANGED,
            actor_name=(change := by_monitor[incident.monitor_no or 0]).by_name,
            text=f"{change.by_name} {'snoozed' if change.snoozed else 'ended the snooze of'} the monitor.",
        )
        for incident in Incident.objects.filter(monitor_no__in=by_monitor, resolved_at=None)
    )
