"""The page that answers why somebody was told at a moment, or why nobody was."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET

from monitors.models import Monitor
from monitors.why.reading import SPANS, decisions_of, step, why
from tenants.abilities import Ability
from tenants.access import requires
from tenants.requests import TenantRequest

NEWEST = 6


@require_GET
@requires(Ability.VIEW)
def explain(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = get_object_or_404(Monitor.objects.visible_to(request.membership), pk=pk)
    typed = request.GET.get("at", "")
    at, span = _moment(typed), request.GET.get("span", "")
    span = span if span in SPANS else "1h"
    context = {
        "monitor": monitor,
        "why": why(monitor, at or timezone.now(), SPANS[span]),
        "span": span,
        "spans": SPANS,
        "unread": bool(typed) and at is None,
    }
    return render(request, "monitors/why.html", context)


@require_GET
@requires(Ability.VIEW)
def decisions(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = get_object_or_404(Monitor.objects.visible_to(request.membership), pk=pk)
    steps = [step(row) for row in decisions_of(monitor)[:NEWEST]]
    return render(request, "monitors/_decisions.html", {"monitor": monitor, "steps": steps})


def _moment(text: str) -> datetime | None:
    """With a zone as in links, or without as a browser's field sends it: then in the reader's."""
    try:
        moment = parse_datetime(text)
        if moment is None or not 1970 < moment.year < 9000:
            return None
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    except (ValueError, OverflowError):
        return None
