"""Keep quiet about a monitor whose incident was resolved by hand while it was down, until it has worked once.

Who resolves by hand says: this is dealt with. A monitor that stays down, starts to flap, or is lost from sight and
found down again has not failed anew, so it opens nothing. Its first good state ends the quiet; so do pausing it and
opening the incident again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from incidents.models import Incident, TimelineEntry

Kind = TimelineEntry.Kind


@dataclass(frozen=True, slots=True)
class Known:
    """What matters to monitors that fail now.

    Which have an incident open, which are kept quiet about and the incident that says so, and the open incidents that
    may stand for others, oldest first.
    """

    open: frozenset[int]
    quiet: dict[int, UUID]
    standing: list[Incident]


def known_of(numbers: Collection[int]) -> Known:
    """In one query, which the indexes of what is open and of what keeps quiet serve."""
    by_hand = Q(resolution=Incident.Resolution.BY_HAND, recovered_at=None)
    apart = (Incident.Kind.MONITOR, Incident.Kind.DRILL)  # nothing real is part of a drill
    standing = Q(resolved_at=None, part_of=None) & ~Q(kind__in=apart)
    found = Incident.objects.filter(
        Q(Q(resolved_at=None) | by_hand, monitor_no__in=numbers) | standing
    ).order_by("pk")
    return Known(
        frozenset(one.monitor_no for one in found if one.monitor_no and one.resolved_at is None),
        {one.monitor_no: one.pk for one in found if one.monitor_no and one.resolved_at is not None},
        [one for one in found if not one.monitor_no and one.resolved_at is None],
    )


def note_unopened(unopened: Mapping[int, UUID], details: Mapping[int, str]) -> None:
    """Write into the incident that keeps quiet what happened since: nothing may vanish."""
    TimelineEntry.objects.bulk_create(
        TimelineEntry(
            incident_id=incident,
            kind=Kind.TRANSITION,
            text=f"Failed again without having worked since it was resolved by hand, so nothing was opened:"
            f" {details[number]}",
        )
        for number, incident in unopened.items()
    )


def end_quiet(recovered: Mapping[int, tuple[datetime, str]]) -> None:
    """These monitors work (or are no longer watched) since then: from here on their failures count again."""
    ending = list(
        Incident.objects.select_for_update(no_key=True)
        .filter(monitor_no__in=recovered, resolution=Incident.Resolution.BY_HAND, recovered_at=None)
        .order_by("pk")
    )
    for incident in ending:
        incident.recovered_at = recovered[_number(incident)][0]
    Incident.objects.bulk_update(ending, ["recovered_at"])
    TimelineEntry.objects.bulk_create(
        TimelineEntry(incident=incident, kind=Kind.TRANSITION, text=recovered[_number(incident)][1])
        for incident in ending
    )


def _number(incident: Incident) -> int:
    assert incident.monitor_no is not None
    return incident.monitor_no
