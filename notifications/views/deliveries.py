"""Pages of deliveries: what was sent to whom, what came back, and dead letters sent again."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from incidents.models import Incident
from notifications import listing, reporting, resending
from notifications.models import NotificationChannel
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest


@require_GET
@requires(Ability.VIEW)
def delivery_list(request: TenantRequest) -> HttpResponse:
    query = listing.read_query(request.GET)
    context = {
        "query": query,
        "page": listing.page(query),
        "tabs": listing.tabs(query),
        "channels": NotificationChannel.objects.order_by("name"),
    }
    return render(request, "notifications/deliveries.html", context)


@require_GET
@requires(Ability.VIEW)
def table(request: TenantRequest) -> HttpResponse:
    query = listing.read_query(request.GET)
    return render(request, "notifications/_deliveries.html", {"query": query, "page": listing.page(query)})


@require_GET
@requires(Ability.VIEW)
def of_incident(request: TenantRequest, pk: UUID) -> HttpResponse:
    """The part that an incident's page shows; opened by itself, the whole list with that filter."""
    incident = get_object_or_404(Incident, pk=pk)
    if not request.htmx:
        return redirect(f"{reverse('notifications:deliveries')}?incident={pk}")
    context = {"incident": incident, "report": reporting.report(incident)}
    return render(request, "notifications/_of_incident.html", context)


@require_POST
@requires(Ability.RESEND)
def resend(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Back to the list with the filters that the address carries."""
    delivery = listing.find(pk)
    try:
        resending.resend(request.organisation, delivery, Actor.person(request.user))
        messages.success(request, f"Sending it to {delivery.channel_name} again.")
    except resending.NotResendable as refusal:
        messages.error(request, str(refusal))
    return redirect(reverse("notifications:deliveries") + listing.read_query(request.GET).here)
