"""End incidents: with their monitors' recovery, when a person says so, or with the last that is part of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from incidents import live
from incidents.deciding import DecisionKind, decided
from incidents.joining import cause_of, number_of
from incidents.lifecycle import named
from incidents.locking import lock_incidents, lock_rows
from incidents.models import Incident, TimelineEntry
from incidents.quieting import end_quiet
from incidents.saying import RESOLVED, tell
from monitors.facts import MonitorChangedStatus, MonitorStopped
from monitors.telemetry.models import Status
from pulse import failpoints

Kind = TimelineEntry.Kind
Resolution = Incident.Resolution
RECOVERY = {
    Status.UP: "The monitor is up again.",
    Status.DEGRADED: "The monitor works again, but not as well as it should.",
}
FIELDS = [
    "resolved_at", "resolution", "resolved_by_id", "resolved_by", "public_state", "recovered_at", "sequence", "cause",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class End:
    """How and when an incident ends, who ended it, and what its timeline says."""

    at: datetime
    resolution: str
    text: str
    by_id: UUID | None = None
    by_name: str = ""


def resolve_for(recoveries: Sequence[MonitorChangedStatus]) -> None:
    """Resolve the open incidents of monitors that recovered."""
    ended = {recovery.monitor_no: recovery for recovery in recoveries}
    _resolve(
        ended,
        lambda number: End(ended[number].began, Resolution.RECOVERED, RECOVERY[ended[number].after]),
        {
            number: (change.began, "The monitor works again; from here on its failures count anew.")
            for number, change in ended.items()
        },
    )


def resolve_stopped(stops: Sequence[MonitorStopped]) -> None:
    """Resolve the open incidents of monitors that nobody watches any more, with that as the cause."""
    ended = {stop.monitor_no: stop for stop in stops}

    def describe(number: int) -> End:
        stop = ended[number]
        text = f"{stop.by_name} {stop.why} the monitor."
        return End(stop.at, stop.why, text, stop.by_id, stop.by_name)

    _resolve(
        ended,
        describe,
        {
            number: (stop.at, f"{stop.by_name} {stop.why} the monitor; nothing is kept quiet any more.")
            for number, stop in ended.items()
        },
    )


def end_all(incidents: Sequence[Incident], describe: Callable[[Incident], End]) -> None:
    """End these open incidents, whose rows and whose organisation are locked, and what ends with them."""
    if not incidents:
        return
    entries = []
    for incident in incidents:
        end = describe(incident)
        # A recovery is dated to its good slot, which a clock set back must not put before the start.
        incident.resolved_at = max(end.at, incident.started_at)
        incident.resolution, incident.resolved_by_id, incident.resolved_by = (
            end.resolution,
            end.by_id,
            end.by_name,
        )
        incident.public_state = Incident.PublicState.RESOLVED
        incident.sequence += 1
        incident.cause = cause_of(incident)
        entries.append(
            TimelineEntry(
                incident=incident,
                at=timezone.now(),
                kind=Kind.RESOLVED,
                actor_id=end.by_id,
                actor_name=end.by_name,
                text=end.text,
            )
        )
    Incident.objects.bulk_update(incidents, FIELDS, batch_size=1000)
    TimelineEntry.objects.bulk_create(entries, batch_size=2000)
    decided(
        (number_of(incident), timezone.now(), DecisionKind.RESOLVED, incident.pk, describe(incident).text)
        for incident in incidents
        if incident.monitor_no
    )
    tell(RESOLVED, incidents)
    failpoints.reach("incident.ended")


def end_groups(ids: Collection[UUID | None]) -> None:
    """End those of these groups that have nothing open left; their rows follow those of the members."""
    wanted = [pk for pk in ids if pk is not None]
    open_ones = [group for group in lock_rows(wanted) if group.resolved_at is None and group.has_own_end]
    left = dict(
        Incident.objects.filter(part_of__in=open_ones, resolved_at=None, monitor_no__isnull=False)
        .order_by()
        .values_list("part_of")
        .annotate(number=Count("pk"))
    )
    over = [group for group in open_ones if not left.get(group.pk)]
    live.announce([group for group in open_ones if left.get(group.pk)])
    if over:
        last = _last_ends(over)
        # What was merged into it, a group or what a person opened, has no monitor to end it.
        inside = list(
            Incident.objects.select_for_update(no_key=True)
            .filter(part_of__in=over, resolved_at=None, monitor_no=None)
            .order_by("pk")
        )
        text = "All that belonged to it is over."
        end_all(
            [*over, *inside],
            lambda incident: End(
                last.get(incident.pk) or last.get(incident.part_of_id) or timezone.now(),
                Resolution.ENDED,
                text,
            ),
        )


def _resolve(
    numbers: Mapping[int, object], describe: Callable[[int], End], works: Mapping[int, tuple[datetime, str]]
) -> None:
    concerned = Incident.objects.filter(monitor_no__in=numbers).filter(
        Q(resolved_at=None) | Q(resolution=Resolution.BY_HAND, recovered_at=None)
    )
    if not concerned.exists():
        return
    lock_incidents()
    end_quiet(works)
    incidents = list(
        Incident.objects.select_for_update(no_key=True)
        .filter(monitor_no__in=numbers, resolved_at=None)
        .order_by("pk")
    )
    end_all(incidents, lambda incident: describe(number_of(incident)))
    groups: dict[UUID, list[str]] = {}
    for incident in incidents:
        if incident.part_of_id:
            groups.setdefault(incident.part_of_id, []).append(incident.name)
    TimelineEntry.objects.bulk_create(
        TimelineEntry(incident_id=pk, kind=Kind.TRANSITION, text=f"Over: {named(names)}.")
        for pk, names in groups.items()
    )
    end_groups(list(groups))


def _last_ends(groups: Sequence[Incident]) -> dict[UUID | None, datetime]:
    """When the last member of each ended: the outage was over then."""
    ends: dict[UUID | None, datetime] = {}
    found = Incident.objects.filter(part_of__in=groups, resolved_at__isnull=False)
    for group, at in found.values_list("part_of", "resolved_at"):
        if at is not None:
            ends[group] = max(at, ends.get(group, at))
    return ends
