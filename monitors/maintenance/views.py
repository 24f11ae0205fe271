"""Pages of maintenance: calendar and list, one window, its form, and what a person may do to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from monitors.maintenance import calendar, comparing, drafting, editing, showing, starting
from monitors.maintenance.forms import ExtendForm, MaintenanceForm, NowForm
from monitors.maintenance.model import MaintenanceWindow
from monitors.models import Monitor
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest
from tenants.zones import zone_of


@require_GET
@requires(Ability.VIEW)
def overview(request: TenantRequest) -> HttpResponse:
    return render(request, "maintenance/calendar.html", _overview(request) | {"now_form": NowForm()})


@require_GET
@requires(Ability.VIEW)
def month(request: TenantRequest) -> HttpResponse:
    return render(request, "maintenance/_month.html", _overview(request))


@require_GET
@requires(Ability.VIEW)
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    window, now, zone = _window(pk), timezone.now(), zone_of(request)
    count, monitors = showing.covered(window)
    context = {
        "window": window,
        "row": showing.rows([window], now)[0],
        "upcoming": showing.next_ten(window, now, zone),
        "zone": zone,
        "count": count,
        "monitors": monitors,
        "past": showing.past(window, now),
        "comparison": comparing.compare(window, now),
        "extend_form": ExtendForm(),
        "may_edit": _may(request, window.everything),
    }
    return render(request, "maintenance/detail.html", context)


@require_GET
@requires(Ability.VIEW)
def state(request: TenantRequest, pk: UUID) -> HttpResponse:
    window = _window(pk)
    context = {"window": window, "row": showing.rows([window], timezone.now())[0]}
    return render(request, "maintenance/_state.html", context)


@require_http_methods(["GET", "POST"])
@requires(Ability.PLAN_MAINTENANCE)
def create(request: TenantRequest) -> HttpResponse:
    form = _form(request, monitors=request.GET.getlist("monitor"))
    if not form.is_valid():
        return render(request, "maintenance/form.html", {"form": form}, status=422 if form.is_bound else 200)
    _guard(request, form.cleaned_data["everything"])
    window = editing.create(request.organisation, form.cleaned_data, Actor.person(request.user))
    messages.success(request, f"{window} is planned.")
    return redirect("maintenance:detail", window.pk)


@require_http_methods(["GET", "POST"])
@requires(Ability.PLAN_MAINTENANCE)
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    window = _window(pk)
    _guard(request, window.everything)
    form = _form(request, window=window)
    if not form.is_valid():
        context = {"form": form, "window": window}
        return render(request, "maintenance/form.html", context, status=422 if form.is_bound else 200)
    _guard(request, form.cleaned_data["everything"])
    editing.update(request.organisation, window, form.cleaned_data, Actor.person(request.user))
    messages.success(request, f"{form.cleaned_data['name']} is saved.")
    return redirect("maintenance:detail", pk)


@require_GET
@requires(Ability.PLAN_MAINTENANCE)
def draft(request: TenantRequest) -> HttpResponse:
    """The next ten of what is typed in the form."""
    context = drafting.upcoming(request.GET, timezone.now(), zone_of(request))
    return render(request, "maintenance/_draft.html", context)


@require_POST
@requires(Ability.PLAN_MAINTENANCE)
def start_now(request: TenantRequest) -> HttpResponse:
    """Of one monitor, or of the whole organisation."""
    form = NowForm(request.POST)
    monitor = _chosen(request)
    _guard(request, monitor is None)
    if not form.is_valid():
        messages.error(request, "Choose for how long the maintenance lasts.")
        return redirect("maintenance:overview")
    by = Actor.person(request.user)
    window = starting.start(request.organisation, monitor, form.cleaned_data, zone_of(request), by)
    messages.success(request, f"{window} is under way for {form.cleaned_data['minutes']} minutes.")
    return redirect("monitors:detail", monitor.pk) if monitor else redirect("maintenance:detail", window.pk)


@require_POST
@requires(Ability.PLAN_MAINTENANCE)
@transaction.atomic
def pause(request: TenantRequest, pk: UUID) -> HttpResponse:
    window, by = _guarded(request, pk), Actor.person(request.user)
    if "resume" in request.POST:
        editing.resume(request.organisation, window, by)
    else:
        editing.pause(request.organisation, window, by)
    return redirect("maintenance:detail", pk)


@require_POST
@requires(Ability.PLAN_MAINTENANCE)
@transaction.atomic
def end(request: TenantRequest, pk: UUID) -> HttpResponse:
    window, by = _guarded(request, pk), Actor.person(request.user)
    return _tried(request, pk, lambda: editing.end_now(request.organisation, window, by), "It is over.")


@require_POST
@requires(Ability.PLAN_MAINTENANCE)
@transaction.atomic
def extend(request: TenantRequest, pk: UUID) -> HttpResponse:
    window, by, form = _guarded(request, pk), Actor.person(request.user), ExtendForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose by how much to extend it.")
        return redirect("maintenance:detail", pk)
    more = timedelta(minutes=form.cleaned_data["minutes"])
    return _tried(
        request, pk, lambda: editing.extend(request.organisation, window, more, by), "It lasts longer now."
    )


@require_POST
@requires(Ability.PLAN_MAINTENANCE)
@transaction.atomic
def skip(request: TenantRequest, pk: UUID) -> HttpResponse:
    window, by = _guarded(request, pk), Actor.person(request.user)
    return _tried(
        request, pk, lambda: editing.skip(request.organisation, window, by), "The next one is left out."
    )


@require_POST
@requires(Ability.PLAN_MAINTENANCE)
@transaction.atomic
def delete(request: TenantRequest, pk: UUID) -> HttpResponse:
    window = _guarded(request, pk)
    editing.delete(request.organisation, window, Actor.person(request.user))
    messages.success(request, f"{window} is deleted. When it took effect before stays known.")
    return redirect("maintenance:overview")


def _overview(request: TenantRequest) -> dict[str, Any]:
    windows, now, zone = (
        list(MaintenanceWindow.objects.prefetch_related("monitors")),
        timezone.now(),
        zone_of(request),
    )
    first = calendar.month_of(request.GET.get("month", ""), now.astimezone(ZoneInfo(zone)).date())
    real = showing.real_ends(windows, now - timedelta(days=400))
    laid_out = calendar.lay_out(windows, real, first, zone, now)
    rows, over = showing.split(showing.rows(windows, now))
    return {"month": laid_out, "rows": rows, "over": over, "zone": zone, "may_cover_all": _may(request, True)}


def _form(
    request: TenantRequest, window: MaintenanceWindow | None = None, monitors: list[str] | None = None
) -> MaintenanceForm:
    return MaintenanceForm(
        request.POST if request.method == "POST" else None,
        zone=zone_of(request),
        window=window,
        may_cover_all=_may(request, True),
        monitors=monitors,
    )


def _window(pk: UUID) -> MaintenanceWindow:
    """Every member sees every window of the organisation; the schema is the wall."""
    return get_object_or_404(MaintenanceWindow.objects.prefetch_related("monitors"), pk=pk)


def _guarded(request: TenantRequest, pk: UUID) -> MaintenanceWindow:
    """Held until the transaction ends: of two who delete it at once, the second finds nothing."""
    window = get_object_or_404(MaintenanceWindow.objects.select_for_update(), pk=pk)
    _guard(request, window.everything)
    return window


def _may(request: TenantRequest, is_everything: bool) -> bool:
    wanted = Ability.MUTE if is_everything else Ability.PLAN_MAINTENANCE
    return request.membership.may(Ability.PLAN_MAINTENANCE) and request.membership.may(wanted)


def _guard(request: TenantRequest, is_everything: bool) -> None:
    """Maintenance of everything silences the organisation: it takes who may mute it."""
    if is_everything and not request.membership.may(Ability.MUTE):
        raise PermissionDenied(
            f"Your role ({request.membership.role}) may not put all monitors into maintenance."
        )


def _chosen(request: TenantRequest) -> Monitor | None:
    if not (text := request.POST.get("monitor", "")):
        return None
    try:
        return get_object_or_404(Monitor.objects.visible_to(request.membership), pk=UUID(text))
    except ValueError:
        return get_object_or_404(Monitor.objects.none())


def _tried(request: TenantRequest, pk: UUID, verb: Any, done: str) -> HttpResponse:
    try:
        verb()
    except editing.NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("maintenance:detail", pk)
