"""Open the incidents of outages: guarded, idempotent, with timeline, decisions and durable facts in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.utils import timezone

from incidents import live
from incidents.deciding import DecisionKind, decided
from incidents.joining import Placed, Placing, cause_of, number_of
from incidents.locking import lock_incidents
from incidents.models import Incident, TimelineEntry
from incidents.quieting import known_of, note_unopened
from incidents.saying import OPENED, snapshot, tell, tell_joined
from monitors.facts import MonitorChangedStatus, OutageReleased
from monitors.models import Monitor
from monitors.telemetry.models import Status
from pulse import failpoints
from pulse.outbox.appending import withdraw

Kind = TimelineEntry.Kind
Outage = MonitorChangedStatus | OutageReleased
NAMED_AT_MOST = 5
REASONS = {
    "maintenance": "the maintenance window {} covered it",
    "parent": "{}, which it depends on, was down",
}


def open_for(outages: Sequence[Outage]) -> list[Incident]:
    """One incident per monitor that went down and has none open; those of a mass outage belong to one together."""
    failed = {outage.monitor_no: outage for outage in outages}
    if not failed:
        return []
    lock_incidents()
    known = known_of(failed)
    if known.quiet:
        _keep_quiet(known.quiet, failed)
    taken = known.quiet.keys() | known.open
    monitors = Monitor.objects.filter(no__in=failed.keys() - taken).order_by("no")
    opening = [_new(monitor, failed[monitor.no]) for monitor in monitors]
    if not opening:
        return []
    groups = known.standing
    by_hand = _named_by_hand(opening, [group for group in groups if group.kind == Incident.Kind.MANUAL])
    alone = [item for item in opening if item.part_of_id is None]
    placed = Placing(alone, groups, timezone.now(), _addresses(failed)).run()
    failpoints.reach("incident.placed")
    _write(opening, failed, [*placed, *by_hand])
    return opening


def _addresses(failed: Mapping[int, Outage]) -> dict[int, str]:
    """Where those outages are that one result confirmed: what is known already need not be asked for."""
    return {
        number: outage.address
        for number, outage in failed.items()
        if isinstance(outage, MonitorChangedStatus) and outage.address
    }


def named(names: Sequence[str]) -> str:
    """`shop, api and 12 others`."""
    shown = list(names[:NAMED_AT_MOST])
    if len(names) > len(shown):
        return f"{', '.join(shown)} and {len(names) - len(shown):,} others"
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def _keep_quiet(quiet: Mapping[int, UUID], failed: Mapping[int, Outage]) -> None:
    """Those that have not worked since somebody resolved their incident by hand. Whatever did work counts."""
    note_unopened(quiet, {number: failed[number].detail for number in quiet})
    decided(
        (
            number,
            failed[number].at,
            DecisionKind.NOT_OPENED,
            incident,
            "Its incident was resolved by hand, and it has not worked since.",
        )
        for number, incident in quiet.items()
    )
    live.announce(list(Incident.objects.filter(pk__in=quiet.values())))


def _named_by_hand(opening: Sequence[Incident], manual: Sequence[Incident]) -> list[Placed]:
    """What a person has opened an incident about already belongs to that one."""
    if not manual:
        return []
    numbers = {number_of(incident): incident for incident in opening}
    named_in = Incident.about.through.objects.filter(incident__in=manual, monitor__no__in=numbers)
    # The oldest of several stands last, and wins.
    about = dict(named_in.order_by("-incident_id").values_list("monitor__no", "incident_id"))
    groups = [group for group in manual if group.pk in about.values()]
    placed = {group.pk: Placed(group, is_new=False) for group in groups}
    for number, pk in about.items():
        numbers[number].part_of, numbers[number].is_told = placed[pk].group, False
        placed[pk].joining.append(numbers[number])
    return list(placed.values())


def _write(opening: Sequence[Incident], failed: Mapping[int, Outage], placed: Sequence[Placed]) -> None:
    for one in placed:
        _grow(one)
    # In one statement: whose part they are is checked at its end, and of 200 organisations each pays for every one.
    new_groups = [one.group for one in placed if one.is_new]
    Incident.objects.bulk_create([*new_groups, *opening], batch_size=1000)
    adopted = [incident for one in placed for incident in one.adopted]
    untold = withdraw(OPENED, [incident.pk for incident in adopted], "part of a larger outage")
    for one in placed:
        for incident in one.adopted:
            incident.part_of, incident.is_told = one.group, incident.is_told and incident.pk not in untold
    Incident.objects.bulk_update(adopted, ["part_of", "is_told"])
    for one in placed:
        if not one.is_new:
            one.group.save(update_fields=["affected", "shared", "cause", "started_at", "last_joined_at"])
    TimelineEntry.objects.bulk_create(
        [
            *(
                entry
                for incident in opening
                for entry in _first_entries(incident, failed[number_of(incident)])
            ),
            *(entry for one in placed for entry in _entries_of(one)),
        ],
        batch_size=2000,
    )
    decided(
        (
            number_of(incident),
            failed[number_of(incident)].at,
            DecisionKind.JOINED if incident.part_of_id else DecisionKind.OPENED,
            incident.part_of_id or incident.pk,
            incident.part_of.cause if incident.part_of else incident.cause,
        )
        for incident in opening
    )
    _tell(opening, placed)


def _grow(one: Placed) -> None:
    group = one.group
    group.affected += len(one.joining) + len(one.adopted)
    begun = [incident.started_at for incident in (*one.joining, *one.adopted)]
    if one.is_new:
        group.started_at = min(begun)
        group.opened_at = max(incident.opened_at for incident in one.joining)
    elif group.kind == Incident.Kind.GROUP:
        group.started_at = min([group.started_at, *begun])
    group.cause = cause_of(group)


def _tell(opening: Sequence[Incident], placed: Sequence[Placed]) -> None:
    """One message for a mass outage. Of an outage that was told already, only who was not told hears."""
    tell(OPENED, [*(one.group for one in placed if one.is_new), *(item for item in opening if item.is_told)])
    for one in placed:
        if not one.is_new:
            tell_joined(one.group, [number_of(incident) for incident in one.joining])
    live.announce([one.group for one in placed])


def _new(monitor: Monitor, outage: Outage) -> Incident:
    return Incident(
        monitor=monitor,
        monitor_no=monitor.no,
        monitor_snapshot=snapshot(monitor),
        started_at=outage.began,
        opened_at=outage.at,
        cause=_cause(outage),
        sequence=1,
    )


def _cause(outage: Outage) -> str:
    is_flapping = isinstance(outage, MonitorChangedStatus) and outage.after is Status.FLAPPING
    words = f"flapping between working and failing, last: {outage.detail}" if is_flapping else outage.detail
    return words[:255]


def _first_entries(incident: Incident, outage: Outage) -> list[TimelineEntry]:
    entries = [
        TimelineEntry(
            incident=incident,
            at=outage.began,
            kind=Kind.STARTED,
            text="First failing check; the outage is dated to it.",
        )
    ]
    words = f"Confirmed down: {incident.cause}"
    if isinstance(outage, OutageReleased):
        why = REASONS[outage.was.reason].format(outage.was.by)
        words = f"It was held back because {why}. That is over, and it is still down: {incident.cause}"
    elif outage.after is Status.FLAPPING:
        words = f"Confirmed {incident.cause}"
    entries.append(TimelineEntry(incident=incident, at=outage.at, kind=Kind.OPENED, text=words))
    if incident.part_of:
        words = f"Part of a larger outage: {incident.part_of.cause or incident.part_of.name}."
        entries.append(TimelineEntry(incident=incident, at=outage.at, kind=Kind.JOINED, text=words))
    return entries


def _entries_of(one: Placed) -> list[TimelineEntry]:
    """What a mass outage's own timeline says of those that came to it."""
    group, entries = one.group, []
    at = max((incident.opened_at for incident in one.joining), default=timezone.now())
    if one.is_new:
        text = f"First failing check of {_names([min(one.joining, key=lambda item: item.started_at)])}."
        entries.append(TimelineEntry(incident=group, at=group.started_at, kind=Kind.STARTED, text=text))
        text = f"Likely one outage: {group.cause}."
        entries.append(TimelineEntry(incident=group, at=at, kind=Kind.OPENED, text=text))
    elif one.was:
        text = f"It is wider than it seemed: {group.cause}. Before: {one.was}."
        entries.append(TimelineEntry(incident=group, at=at, kind=Kind.CHANGED, text=text))
    if one.joining:
        text = f"Down: {_names(one.joining)}."
        entries.append(TimelineEntry(incident=group, at=at, kind=Kind.JOINED, text=text))
    if one.adopted:
        text = f"Open already, and part of it: {_names(one.adopted)}."
        entries.append(TimelineEntry(incident=group, at=at, kind=Kind.JOINED, text=text))
        entries += [
            TimelineEntry(
                incident=incident, at=at, kind=Kind.JOINED, text=f"Part of a larger outage: {group.cause}."
            )
            for incident in one.adopted
        ]
    return entries


def _names(incidents: Collection[Incident]) -> str:
    return named([incident.name for incident in incidents])
