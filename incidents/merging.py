"""Merge incidents that turn out to be one, and split off what is not part of it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from incidents import live
from incidents.ending import end_groups
from incidents.handling import Contradiction
from incidents.lifecycle import named
from incidents.locking import lock_incidents, lock_one, lock_rows
from incidents.models import Incident, TimelineEntry
from incidents.saying import OPENED, tell
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Organisation

Kind = TimelineEntry.Kind
MERGED_AT_MOST = 500


def merge(organisation: Organisation, incident: Incident, others: Sequence[Incident], by: Actor) -> Incident:
    """Make `others` part of `incident`, and return what stands for all of them.

    Two incidents of single monitors get one that stands for both; so the one returned may be new. What is part of it
    already stays so. Who was told of one of them by itself hears of its end by itself.
    """
    with transaction.atomic():
        lock_incidents()
        root = _root(lock_one(incident.pk))
        found = lock_rows({other.pk for other in others} - {root.pk, incident.pk})
        moving = [one for one in found if one.part_of_id != root.pk]
        if not moving:
            return root
        _refuse([root, *moving])
        entries: list[TimelineEntry] = []
        if root.kind == Incident.Kind.MONITOR:
            root, moving = _standing_for([root, *moving], by, entries), [root, *moving]
        before = [one.part_of_id for one in moving]
        for one in moving:
            one.part_of = root
            entries.append(_entry(one, Kind.MERGED, by, f"{by.name} merged it into {root.name}."))
        Incident.objects.bulk_update(moving, ["part_of"])
        # One level: the members of a group that is merged come along, and the group itself ends with the other.
        came = Incident.objects.filter(part_of__in=moving)
        number = len([one for one in moving if one.monitor_no]) + came.update(part_of=root)
        Incident.objects.filter(pk=root.pk).update(affected=F("affected") + number)
        text = f"{by.name} merged {named([one.name for one in moving])} into it."
        entries.append(_entry(root, Kind.MERGED, by, text))
        TimelineEntry.objects.bulk_create(entries)
        end_groups(before)
        data = {"merged": [str(one.pk) for one in moving]}
        record(organisation, by, "merged", "incident", root.pk, str(root), data)
        live.announce([root, *moving])
    return Incident.objects.get(pk=root.pk)


def split(organisation: Organisation, group: Incident, member: Incident, by: Actor) -> Incident:
    """Take `member` out of `group`: from now on it is an incident by itself, and told as one while it is open."""
    with transaction.atomic():
        lock_incidents()
        group, member = lock_one(group.pk), lock_one(member.pk)
        if member.part_of_id != group.pk:
            if member.part_of_id is None:
                return member
            raise Contradiction("It is part of another incident by now: split it from there.")
        is_silent = not member.is_told
        member.part_of = None
        if is_silent and member.resolved_at is None:
            member.is_told, member.sequence = True, member.sequence + 1
        member.version += 1
        member.save(update_fields=["part_of", "is_told", "sequence", "version"])
        Incident.objects.filter(pk=group.pk, affected__gt=0).update(affected=F("affected") - 1)
        text = f"{by.name} split it from {group.name}."
        TimelineEntry.objects.bulk_create(
            [
                _entry(member, Kind.SPLIT, by, text),
                _entry(group, Kind.SPLIT, by, f"{by.name} split {member.name} from it."),
            ]
        )
        if is_silent and member.resolved_at is None:
            tell(OPENED, [member])
        end_groups([group.pk])
        record(organisation, by, "split", "incident", member.pk, str(member), {"from": str(group.pk)})
        live.announce([group, member])
    return member


def _root(incident: Incident) -> Incident:
    """What stands for it: merging into a part is merging into the whole."""
    return lock_one(incident.part_of_id) if incident.part_of_id else incident


def _refuse(incidents: Sequence[Incident]) -> None:
    over = [one.name for one in incidents if one.resolved_at]
    if over:
        raise Contradiction(f"Only open incidents can be merged, and {named(over)} is resolved.")


def _standing_for(incidents: Sequence[Incident], by: Actor, entries: list[TimelineEntry]) -> Incident:
    """A new one for incidents of single monitors. Nobody is told of it: each of them was told."""
    first = min(incidents, key=lambda one: one.started_at)
    group = Incident.objects.create(
        kind=Incident.Kind.GROUP,
        severity=min((one.severity for one in incidents), key=Incident.Severity.values.index),
        started_at=first.started_at,
        opened_at=min(one.opened_at for one in incidents),
        cause=first.cause,
        is_told=False,
        acknowledged_at=first.acknowledged_at,
        acknowledged_by_id=first.acknowledged_by_id,
        acknowledged_by=first.acknowledged_by,
        first_acknowledged_at=first.first_acknowledged_at,
        assignee_id=first.assignee_id,
        assignee=first.assignee,
        sequence=1,
    )
    text = "First failing check of what it stands for."
    entries.append(TimelineEntry(incident=group, at=group.started_at, kind=Kind.STARTED, text=text))
    return group


def _entry(incident: Incident, kind: TimelineEntry.Kind, by: Actor, text: str) -> TimelineEntry:
    return TimelineEntry(
        incident=incident, at=timezone.now(), kind=kind, actor_id=by.id, actor_name=by.name, text=text
    )
