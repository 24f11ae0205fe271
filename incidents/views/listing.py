"""Pages that list incidents: all of them, the parts of that page, and those of one monitor."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from incidents import listing, measuring
from incidents.assigning import members
from incidents.models import Incident
from monitors.models import Monitor
from tenants.abilities import Ability
from tenants.access import requires
from tenants.requests import TenantRequest

OF_MONITOR = 5


@require_GET
@requires(Ability.VIEW)
def incident_list(request: TenantRequest) -> HttpResponse:
    query, now = listing.read_query(request.GET), timezone.now()
    context = {
        "query": query,
        "tabs": listing.tabs(query, now),
        "people": members(),
        "severities": Incident.Severity.values,
        "periods": listing.PERIODS.items(),
        "of_monitor": Monitor.objects.filter(pk=query.monitor).first() if query.monitor else None,
        "current": None if query.state == "resolved" else listing.current(query, now),
        "page": None if query.state in ("open", "acknowledged") else listing.resolved(query, now),
        **_figures(query, now),
    }
    return render(request, "incidents/list.html", context)


@require_GET
@requires(Ability.VIEW)
def current(request: TenantRequest) -> HttpResponse:
    query = listing.read_query(request.GET)
    context = {"query": query, "current": listing.current(query, timezone.now())}
    return render(request, "incidents/_open.html", context)


@require_GET
@requires(Ability.VIEW)
def oldest(request: TenantRequest) -> HttpResponse:
    return render(request, "incidents/_oldest.html", {"open_incidents": listing.oldest()})


@require_GET
@requires(Ability.VIEW)
def resolved(request: TenantRequest) -> HttpResponse:
    query = listing.read_query(request.GET)
    page = listing.resolved(query, timezone.now())
    return render(request, "incidents/_resolved.html", {"query": query, "page": page})


@require_GET
@requires(Ability.VIEW)
def figures(request: TenantRequest) -> HttpResponse:
    """Counts and medians, which change with each incident."""
    query, now = listing.read_query(request.GET), timezone.now()
    context = {"query": query, "tabs": listing.tabs(query, now), **_figures(query, now)}
    return render(request, "incidents/_figures.html", context)


@require_GET
@requires(Ability.VIEW)
def of_monitor(request: TenantRequest, monitor: UUID) -> HttpResponse:
    found = Incident.objects.filter(Q(monitor=monitor) | Q(about=monitor)).distinct()[:OF_MONITOR]
    return render(request, "incidents/_of_monitor.html", {"incidents": found, "monitor_id": monitor})


def _figures(query: listing.Query, now: datetime) -> dict[str, Any]:
    found, period = listing.measured(query, now)
    return {"figures": measuring.measure(found), "period": period}
