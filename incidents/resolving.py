"""End an incident by hand, and open one again that is over."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from incidents.ending import End, end_all, end_groups
from incidents.handling import Contradiction
from incidents.locking import lock_incidents, lock_one, lock_rows
from incidents.models import Incident, TimelineEntry
from incidents.saying import OPENED, tell
from monitors.telemetry.models import LiveState, Status
from pulse import scoping
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Organisation

Kind = TimelineEntry.Kind
BROKEN = (Status.DOWN, Status.FLAPPING, Status.UNKNOWN)
REOPENED = [
    "resolved_at", "resolution", "resolved_by_id", "resolved_by", "recovered_at", "acknowledged_at",
    "acknowledged_by_id", "acknowledged_by", "public_state", "part_of", "is_told", "round", "sequence", "version",
]  # fmt: skip


def resolve(organisation: Organisation, incident: Incident, by: Actor) -> Incident:
    """End it, with all that is part of it. One that is over already stays as it is.

    A monitor that is still down stays quiet until it has worked once: `incidents/quieting.py`.
    """
    with transaction.atomic():
        lock_incidents()
        incident = lock_one(incident.pk)
        if incident.resolved_at:
            return incident
        inside = Incident.objects.filter(part_of=incident, resolved_at=None)
        ending = [incident, *lock_rows(list(inside.values_list("pk", flat=True)))]
        broken = _broken(ending)
        text = f"{by.name} resolved it."
        quiet = f"{text} Its monitor is still down, and stays quiet until it has worked once."

        def describe(one: Incident) -> End:
            words = quiet if one.monitor_no in broken else text
            return End(timezone.now(), Incident.Resolution.BY_HAND, words, by.id, by.name)

        end_all(ending, describe)
        # A monitor that works by now has nothing to be quiet about.
        working = [one.monitor_no for one in ending if one.monitor_no and one.monitor_no not in broken]
        Incident.objects.filter(pk__in=[one.pk for one in ending], monitor_no__in=working).update(
            recovered_at=timezone.now()
        )
        end_groups([incident.part_of_id])
        record(organisation, by, "resolved", "incident", incident.pk, str(incident))
    return Incident.objects.get(pk=incident.pk)


def reopen(organisation: Organisation, incident: Incident, by: Actor) -> Incident:
    """Open it again; it is told anew, like an outage that begins. One that is open stays as it is.

    A group opens again with those of its members that were resolved by hand while their monitors were down. A member
    of a group that is over opens again by itself.
    """
    with transaction.atomic():
        lock_incidents()
        incident = lock_one(incident.pk)
        if incident.resolved_at is None:
            return incident
        _refuse_second(incident)
        group = incident.part_of
        if group is not None and group.resolved_at is not None:
            incident.part_of, incident.is_told = None, True
        again = [incident, *_members_to_reopen(incident)]
        for one in again:
            _open_again(one)
        Incident.objects.bulk_update(again, REOPENED)
        TimelineEntry.objects.bulk_create(
            TimelineEntry(
                incident=one,
                kind=Kind.REOPENED,
                actor_id=by.id,
                actor_name=by.name,
                text=f"{by.name} opened it again.",
            )
            for one in again
        )
        record(organisation, by, "reopened", "incident", incident.pk, str(incident))
        tell(OPENED, again)
    return incident


def _open_again(incident: Incident) -> None:
    incident.resolved_at = incident.resolved_by_id = incident.recovered_at = None
    incident.resolution = incident.resolved_by = ""
    incident.acknowledged_at = incident.acknowledged_by_id = None
    incident.acknowledged_by = ""
    incident.public_state = Incident.PublicState.INVESTIGATING
    incident.round += 1
    incident.sequence += 1
    incident.version += 1


def _refuse_second(incident: Incident) -> None:
    """A monitor, and a script's key, have one open incident at most."""
    if incident.monitor_no is not None:
        newer = Incident.objects.filter(monitor_no=incident.monitor_no, resolved_at=None).first()
        if newer is not None:
            raise Contradiction(
                f"Its monitor has a newer incident that is open ({newer.pk}): handle that one."
            )
    if incident.key and Incident.objects.filter(key=incident.key, resolved_at=None).exists():
        raise Contradiction(f"Another incident with the key {incident.key} is open: handle that one.")


def _members_to_reopen(group: Incident) -> list[Incident]:
    inside = Incident.objects.select_for_update(no_key=True).filter(
        part_of=group,
        resolution=Incident.Resolution.BY_HAND,
        recovered_at=None,
        resolved_at__gte=group.resolved_at,
    )
    taken = set(
        Incident.objects.filter(resolved_at=None, monitor_no__isnull=False).values_list(
            "monitor_no", flat=True
        )
    )
    return [one for one in inside.order_by("pk") if one.monitor_no and one.monitor_no not in taken]


def _broken(incidents: list[Incident]) -> set[int]:
    """The monitors of these incidents that do not work now."""
    numbers = [one.monitor_no for one in incidents if one.monitor_no]
    heads = LiveState.objects.filter(
        tenant_no=scoping.current().no, monitor_no__in=numbers, is_head=True, enabled=True
    )
    return set(heads.filter(status__in=BROKEN).values_list("monitor_no", flat=True))
