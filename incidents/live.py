"""Push the open incidents to open pages, rendered once for all readers."""

from __future__ import annotations

from collections.abc import Sequence

from django.template.loader import render_to_string
from django.utils import timezone

from incidents import listing
from incidents.models import Incident
from pulse import live, scoping

NAMED_AT_MOST = 50


def announce(incidents: Sequence[Incident]) -> None:
    """After commit, what is the same for everybody; pages of single incidents hold forms and fetch themselves."""
    if not incidents:
        return
    few = incidents if len(incidents) <= NAMED_AT_MOST else []
    topics = ["incidents", *(f"incident:{incident.pk}" for incident in few)]
    topics += [] if few else ["incidents:many"]
    live.publish_rendered(scoping.current(), topics, render)


def render(_: list[int]) -> dict[str, str]:
    """The oldest open incidents and the count of all, by element id."""
    context = {
        "open_incidents": listing.oldest(),
        "open_incident_count": Incident.objects.filter(resolved_at=None, part_of=None).count(),
        "organisation": scoping.current(),
        "now": timezone.now(),
    }
    return {
        "open-incidents": render_to_string("incidents/_oldest.html", context),
        "open-incident-count": render_to_string("layouts/_incident_count.html", context),
    }
