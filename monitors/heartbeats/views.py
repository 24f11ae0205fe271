"""Parts of a heartbeat's page: its pings, what one of them brought along, and a new address."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from monitors.heartbeats import keeping, page, reading, showing
from monitors.heartbeats.settings import SETTINGS
from monitors.models import Monitor
from pulse.fields import ConfigError
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest


@require_GET
@requires(Ability.VIEW)
def pings(request: TenantRequest, pk: UUID) -> HttpResponse:
    """The newest, or those before the number in `before`."""
    monitor = heartbeat(request, pk)
    before = request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else reading.BEYOND
    found = reading.recent(monitor.no, page.SHOWN, number)
    context = {"monitor": monitor, "pings": found, "older": found[-1].n if len(found) == page.SHOWN else None}
    template = (
        "monitors/heartbeats/_pings.html" if number == reading.BEYOND else "monitors/heartbeats/_more.html"
    )
    return render(request, template, context)


@require_GET
@requires(Ability.EDIT_MONITORS)
def expected(request: TenantRequest) -> HttpResponse:
    """The next times of a schedule that is being typed, or what is wrong with it."""
    typed = {
        name: request.GET[name] for name in ("schedule", "period_seconds", "zone") if name in request.GET
    }
    lines = [line.strip() for line in request.GET.get("calendar", "").splitlines() if line.strip()]
    try:
        config = SETTINGS.load({**typed, "calendar": lines})
    except ConfigError as error:
        context: dict[str, object] = {"refusal": error.errors[0][1]}
    else:
        context = {"upcoming": page.upcoming(config, None, timezone.now()), "zone": config.zone}
    return render(request, "monitors/heartbeats/_expected.html", context)


@require_GET
@requires(Ability.VIEW)
def charts(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = heartbeat(request, pk)
    found = page.work_out(monitor, request.organisation, request.membership, timezone.now())
    return render(request, "monitors/heartbeats/_charts.html", {"monitor": monitor, "heartbeat": found})


@require_GET
@requires(Ability.VIEW)
def upcoming(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = heartbeat(request, pk)
    found = page.work_out(monitor, request.organisation, request.membership, timezone.now())
    return render(request, "monitors/heartbeats/_upcoming.html", {"monitor": monitor, "heartbeat": found})


@require_GET
@requires(Ability.VIEW)
def body(request: TenantRequest, pk: UUID, n: int) -> HttpResponse:
    """Shown on demand: as text, or dumped where it is none."""
    monitor = heartbeat(request, pk)
    content, size = _body(monitor, n)
    context = {"monitor": monitor, "n": n, "body": showing.of(content, size)}
    return render(request, "monitors/heartbeats/body.html", context)


@require_GET
@requires(Ability.VIEW)
def download(request: TenantRequest, pk: UUID, n: int) -> HttpResponse:
    """As it came, and never as a page: whoever reports chose what is in it."""
    content, _ = _body(heartbeat(request, pk), n)
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="ping-{n}.txt"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@requires(Ability.EDIT_MONITORS)
def rotate(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = heartbeat(request, pk)
    keeping.rotate(request.organisation, monitor, Actor.person(request.user))
    messages.success(request, f"{monitor} has a new address; the old one is unknown from now on.")
    return redirect("monitors:detail", pk)


def heartbeat(request: TenantRequest, pk: UUID) -> Monitor:
    return get_object_or_404(Monitor.objects.visible_to(request.membership), pk=pk, kind="heartbeat")


def _body(monitor: Monitor, n: int) -> tuple[bytes, int]:
    found = reading.body(monitor.no, n) if n < reading.BEYOND else None
    if found is None or not found[0]:
        raise Http404
    return found
