"""Now: is anything wrong, who has it, and what is being watched."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from incidents.listing import oldest
from monitors.listing import page
from monitors.maintenance.forms import NowForm
from monitors.searching import Query
from monitors.selfcheck import selfcheck
from monitors.summary import summarise
from tenants.abilities import Ability
from tenants.access import requires
from tenants.requests import TenantRequest
from tenants.settings_forms import MuteForm

WORST = 10


@require_GET
@requires(Ability.VIEW)
def now(request: TenantRequest) -> HttpResponse:
    moment = timezone.now()
    context = {
        "summary": summarise(moment),
        "open_incidents": oldest(),
        "page": page(Query(), moment, WORST),
        "selfcheck": selfcheck(moment),
        "mute_form": MuteForm(),
        "now_form": NowForm(),
    }
    return render(request, "dashboard/now.html", context)


@require_GET
@requires(Ability.VIEW)
def worst(request: TenantRequest) -> HttpResponse:
    moment = timezone.now()
    context = {"page": page(Query(), moment, WORST), "selfcheck": selfcheck(moment)}
    return render(request, "dashboard/_worst.html", context)


urlpatterns = [path("", now, name="now"), path("worst/", worst, name="worst")]
