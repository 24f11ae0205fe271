"""Keep quiet about a monitor whose incident was resolved by hand while it was down, until it has worked once.

Who resolves by hand says: this is dealt with. A monitor that stays down, starts to flap, or is lost from sight and
found down again has not failed anew, so it opens nothing. Its first good state ends the quiet; so do pausing it and
opening the incident again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from incidents.models import Incident, TimelineEntry

Kind = TimelineEntry.Kind


@dataclass(frozen=True, slots=True)
class Known:
    """Which monitors have an incident open, and which are kept quiet about, with the incident that says so."""

    open: frozenset[int]
    quiet: dict[int, UUID]


def known_of(numbers: Iterable[int]) -> Known:
    """In one query, which both of its indexes serve."""
    by_hand = Q(resolution=Incident.Resolution.BY_HAND, recovered_at=None)
    rows = (
        Incident.objects.filter(Q(resolved_at=None) | by_hand, monitor_no__in=list(numbers))
        .order_by("pk")
        .values_list("monitor_no", "pk", "resolved_at")
    )
    found = list(rows)
    return Known(
        frozenset(number for number, _, resolved in found if number and resolved is None),
        {number: pk for number, pk, resolved in found if number and resolved is not None},
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
