"""Pages of incidents: list, one incident with its timeline, and who has it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from incidents import handling, listing
from incidents.models import Incident
from incidents.storytelling import tell
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest

OF_MONITOR = 5


@require_GET
@requires(Ability.VIEW)
def incident_list(request: TenantRequest) -> HttpResponse:
    query = listing.read_query(request.GET)
    context = {
        "query": query,
        "tabs": listing.tabs(query),
        "open_incidents": [] if query.state == "resolved" else listing.current(query),
        "page": None if query.state in ("open", "acknowledged") else listing.resolved(query),
    }
    return render(request, "incidents/list.html", context)


@require_GET
@requires(Ability.VIEW)
def current(request: TenantRequest) -> HttpResponse:
    query = listing.read_query(request.GET)
    context = {"query": query, "open_incidents": listing.current(query)}
    return render(request, "incidents/_open.html", context)


@require_GET
@requires(Ability.VIEW)
def oldest(request: TenantRequest) -> HttpResponse:
    return render(request, "incidents/_oldest.html", {"open_incidents": listing.oldest()})


@require_GET
@requires(Ability.VIEW)
def resolved(request: TenantRequest) -> HttpResponse:
    query = listing.read_query(request.GET)
    return render(request, "incidents/_resolved.html", {"query": query, "page": listing.resolved(query)})


@require_GET
@requires(Ability.VIEW)
def of_monitor(request: TenantRequest, monitor: UUID) -> HttpResponse:
    found = Incident.objects.filter(monitor=monitor)[:OF_MONITOR]
    return render(request, "incidents/_of_monitor.html", {"incidents": found, "monitor_id": monitor})


@require_GET
@requires(Ability.VIEW)
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    incident = _incident(pk)
    return render(request, "incidents/detail.html", {"incident": incident, "entries": tell(incident)})


@require_GET
@requires(Ability.VIEW)
def story(request: TenantRequest, pk: UUID) -> HttpResponse:
    incident = _incident(pk)
    return render(request, "incidents/_story.html", {"incident": incident, "entries": tell(incident)})


@require_POST
@requires(Ability.ACKNOWLEDGE)
def acknowledge(request: TenantRequest, pk: UUID) -> HttpResponse:
    by = Actor.person(request.user)
    incident = handling.acknowledge(request.organisation, _incident(pk), by)
    if incident.acknowledged_by_id == by.id:
        messages.success(request, "You have it. Everybody sees that.")
    elif incident.acknowledged_at:
        messages.warning(request, f"{incident.acknowledged_by} has it already.")
    else:
        messages.warning(request, "It was over before you took it.")
    return redirect("incidents:detail", pk)


def _incident(pk: UUID) -> Incident:
    """Every member sees every incident of the organisation; the schema is the wall."""
    return get_object_or_404(Incident, pk=pk)
