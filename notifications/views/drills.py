"""Pages of fire drills: start one, and see who was reached, how, and in how long."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from incidents import drilling
from incidents.models import Incident
from monitors.models import Monitor
from notifications.drill_forms import DrillForm
from notifications.previewing import preview
from notifications.reporting import report
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest

SHOWN = 50


@require_http_methods(["GET", "POST"])
@requires(Ability.DRILL)
def drill_list(request: TenantRequest) -> HttpResponse:
    form = DrillForm(request.POST if request.method == "POST" else None, initial=request.GET.dict())
    if form.is_valid():
        wanted = form.cleaned_data
        by = Actor.person(request.user)
        incident = drilling.start(request.organisation, wanted["monitor"], wanted["severity"], by)
        messages.success(request, "The drill has begun: it goes the way of a real outage.")
        return redirect("notifications:drill", incident.pk)
    drills = Incident.objects.filter(kind=Incident.Kind.DRILL).order_by("-opened_at")[:SHOWN]
    context = {"form": form, "drills": drills, "preview": _preview(request)}
    return render(request, "notifications/drills.html", context, status=422 if form.is_bound else 200)


@require_GET
@requires(Ability.VIEW)
def drill(request: TenantRequest, pk: UUID) -> HttpResponse:
    incident = get_object_or_404(Incident, pk=pk, kind=Incident.Kind.DRILL)
    context = {"incident": incident, "report": report(incident)}
    template = "notifications/_drill_report.html" if request.htmx else "notifications/drill.html"
    return render(request, template, context)


def _preview(request: TenantRequest) -> object:
    """Who would be told, of the monitor that the address names."""
    try:
        monitor = Monitor.objects.get(pk=UUID(request.GET.get("monitor", "")))
    except (ValueError, Monitor.DoesNotExist):
        return None
    return preview(request.organisation, monitor, "major", timezone.now())
