"""The part of a monitor's page that asks whether a new issuer of its certificate is the right one, and the answer."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from monitors import accepting, editing, watching
from monitors.models import Monitor
from monitors.reading import standings
from monitors.views import until_checked
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest


@require_GET
@requires(Ability.VIEW)
def issuer(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = get_object_or_404(Monitor.objects.visible_to(request.membership), pk=pk)
    asks = accepting.is_asked(monitor, standings([monitor])[monitor.no])
    return render(request, "monitors/_issuer.html", {"monitor": monitor, "asks_issuer": asks})


@require_POST
@requires(Ability.EDIT_MONITORS)
def accept(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = get_object_or_404(Monitor.objects.visible_to(request.membership), pk=pk)
    watching.forget(monitor.pk)
    awaited = editing.accept_issuer(request.organisation, monitor, Actor.person(request.user))
    messages.success(request, "The issuer that the next good check sees is accepted.")
    return until_checked(pk, awaited)
