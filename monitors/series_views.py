"""The series of a monitor: a part of its page, and a page of its own without scripts."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from monitors.models import Monitor
from monitors.plotting import panel
from monitors.series import refusals
from pulse import scoping
from pulse.links import path_in
from tenants.abilities import Ability
from tenants.access import requires
from tenants.requests import TenantRequest


@require_GET
@requires(Ability.VIEW)
def series(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = get_object_or_404(Monitor.objects.visible_to(request.membership), pk=pk)
    number = request.GET.get("series", "")
    chosen = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None
    context = {
        "monitor": monitor,
        "refused": refusals.of(monitor.no),
        "panel": panel(monitor, request.GET.get("range", ""), chosen, timezone.now()),
    }
    response = render(request, "monitors/_series.html" if request.htmx else "monitors/series.html", context)
    if request.htmx.boosted:  # a link within the monitor's page: its address says what is shown there
        response["HX-Replace-Url"] = f"{_page_of(monitor)}?{request.GET.urlencode()}"
    return response


def _page_of(monitor: Monitor) -> str:
    return path_in(scoping.current().slug, "monitors:detail", monitor.pk)
