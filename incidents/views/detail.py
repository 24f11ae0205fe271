"""The page of one incident, and the parts of it that a live page asks for again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from incidents import affecting, assigning, learning, storytelling
from incidents.models import Incident
from tenants.abilities import Ability
from tenants.access import requires
from tenants.requests import TenantRequest

PARTS = ("top", "timeline", "affected", "facts")


@require_GET
@requires(Ability.VIEW)
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    incident = find(pk)
    context: dict[str, Any] = {"incident": incident}
    for part in PARTS:
        context |= _context(request, incident, part)
    return render(request, "incidents/detail.html", context)


@require_GET
@requires(Ability.VIEW)
def part(request: TenantRequest, pk: UUID, name: str) -> HttpResponse:
    if name not in PARTS:
        raise Http404
    incident = find(pk)
    context = {"incident": incident, **_context(request, incident, name)}
    return render(request, f"incidents/_{name}.html", context)


def find(pk: UUID) -> Incident:
    """Every member sees every incident of the organisation; the schema is the wall."""
    return get_object_or_404(Incident.objects.select_related("monitor", "part_of"), pk=pk)


def _context(request: TenantRequest, incident: Incident, part: str) -> dict[str, Any]:
    """What that part of the page shows."""
    if part == "timeline":
        sort = storytelling.read_sort(request.GET.get("show", ""))
        return {
            "entries": storytelling.tell(incident, sort),
            "sort": sort,
            "sorts": storytelling.tabs(sort),
        }
    if part == "affected":
        number = request.GET.get("page", "1")
        page = int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 6 else 1
        return {"affected": affecting.affected(incident, timezone.now(), max(page, 1))}
    if part == "facts":
        return {"postmortem": learning.stored_of(incident), "people": assigning.members()}
    return {}
