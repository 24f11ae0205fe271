"""Pages of on-call: who has it now, one schedule with its calendar, its form, overrides and feeds."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notifications.models import Override, Schedule
from notifications.oncall import drafting, feeding, planning, reading, showing
from notifications.oncall.drafting import Draft
from notifications.oncall.forms import OverrideForm, ScheduleForm, moment_of
from pulse.fields import ConfigError
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest
from tenants.zones import zone_of


@require_GET
@requires(Ability.VIEW)
def overview(request: TenantRequest) -> HttpResponse:
    return _overview(request)


@require_GET
@requires(Ability.VIEW)
def now(request: TenantRequest) -> HttpResponse:
    """The part of the overview that asks for itself again."""
    return render(request, "oncall/_now.html", {"standings": showing.overview(timezone.now())})


@require_GET
@requires(Ability.VIEW)
def duty(request: TenantRequest) -> HttpResponse:
    """For the first page: what this person is on call for; nothing where that is nothing."""
    duties = reading.on_call_of(request.user.pk, timezone.now())
    return render(request, "oncall/_duty.html", {"duties": duties})


@require_GET
@requires(Ability.VIEW)
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    return _page(request, pk)


@require_GET
@requires(Ability.VIEW)
def calendar(request: TenantRequest, pk: UUID) -> HttpResponse:
    schedule = get_object_or_404(Schedule, pk=pk)
    context = showing.page(schedule, *_view(request), zone_of(request), timezone.now())
    return render(request, "oncall/_calendar.html", {**context, "zone": zone_of(request)})


@require_GET
@requires(Ability.VIEW)
def who(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Who would be on call at the time that was typed, on the reader's clocks."""
    schedule, text = get_object_or_404(Schedule, pk=pk), request.GET.get("at", "")
    said: dict[str, Any] = {"asked": text}
    try:
        at = moment_of(text, ZoneInfo(zone_of(request)))
    except django_forms.ValidationError as error:
        said["complaint"] = error.messages[0]
    else:
        known = reading.know([schedule], at, at + showing.PREVIEW)[schedule.pk]
        said["answer"] = showing.who_at(known, at)
    return render(request, "oncall/_who.html", said) if request.htmx else _page(request, pk, said=said)


@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_ONCALL)
def create(request: TenantRequest) -> HttpResponse:
    today = timezone.now().astimezone(ZoneInfo(zone_of(request))).date()
    given = drafting.of_post(request.POST) if request.method == "POST" else None
    return _form(request, given or drafting.blank(zone_of(request), today), None)


@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_ONCALL)
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    schedule = get_object_or_404(Schedule, pk=pk)
    given = drafting.of_post(request.POST) if request.method == "POST" else None
    return _form(request, given or drafting.of_schedule(schedule), schedule)


@require_POST
@requires(Ability.EDIT_ONCALL)
def draft(request: TenantRequest, pk: UUID | None = None) -> HttpResponse:
    """What is typed in the form comes to this."""
    members, schedule = reading.members(), get_object_or_404(Schedule, pk=pk) if pk else None
    form = ScheduleForm(drafting.of_post(request.POST), members, schedule)
    values = form.read(timezone.now())
    context = showing.preview(values, members, timezone.now()) if values else {"is_unfinished": True}
    return render(request, "oncall/_draft.html", context)


@require_POST
@requires(Ability.EDIT_ONCALL)
def delete(request: TenantRequest, pk: UUID) -> HttpResponse:
    schedule = get_object_or_404(Schedule, pk=pk)
    planning.delete(request.organisation, schedule, Actor.person(request.user))
    messages.success(request, f"{schedule} is deleted. Policies that ask it find nobody there.")
    return redirect("oncall:overview")


@require_POST
@requires(Ability.OVERRIDE)
def override(request: TenantRequest, pk: UUID) -> HttpResponse:
    schedule, moment, members = get_object_or_404(Schedule, pk=pk), timezone.now(), reading.members()
    form = OverrideForm(request.POST, members=members, zone=zone_of(request), now=moment)
    if form.is_valid():
        wanted, by = form.wanted(), Actor.person(request.user)
        try:
            planning.check_override(wanted, moment, members)
            name = members[wanted.person]
            planning.add_override(request.organisation, schedule, wanted, name, moment, by)
        except ConfigError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{name} takes over.")
            return redirect("oncall:detail", pk)
    return _page(request, pk, override_form=form, status=422)


@require_POST
@requires(Ability.OVERRIDE)
def remove_override(request: TenantRequest, pk: UUID, override_id: UUID) -> HttpResponse:
    found = get_object_or_404(Override, pk=override_id, schedule=pk)
    planning.remove_override(request.organisation, found, timezone.now(), Actor.person(request.user))
    messages.success(request, "The layers say again who is on call.")
    return redirect("oncall:detail", pk)


@never_cache
@require_POST
@requires(Ability.EDIT_ONCALL)
def feed(request: TenantRequest, pk: UUID) -> HttpResponse:
    """The address is shown in the very answer, this once."""
    schedule, by = get_object_or_404(Schedule, pk=pk), Actor.person(request.user)
    if "revoke" not in request.POST:
        return _page(request, pk, address=feeding.make(request.organisation, schedule, by))
    feeding.revoke(request.organisation, schedule, by)
    messages.success(request, "The calendar's address no longer works.")
    return redirect("oncall:detail", pk)


@never_cache
@require_POST
@requires(Ability.OVERRIDE)
def own_feed(request: TenantRequest) -> HttpResponse:
    if "revoke" not in request.POST:
        return _overview(request, address=feeding.make_own(request.organisation, request.user))
    feeding.revoke_own(request.organisation, request.user)
    messages.success(request, "The calendar's address no longer works.")
    return redirect("oncall:overview")


def _overview(request: TenantRequest, address: str = "") -> HttpResponse:
    moment = timezone.now()
    context = {
        "standings": showing.overview(moment),
        "duties": reading.on_call_of(request.user.pk, moment),
        "has_feed": feeding.has_own(request.organisation, request.user),
        "address": address,
        "zone": zone_of(request),
    }
    return render(request, "oncall/overview.html", context)


def _page(
    request: TenantRequest,
    pk: UUID,
    *,
    override_form: OverrideForm | None = None,
    address: str = "",
    said: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    schedule, zone, moment = get_object_or_404(Schedule, pk=pk), zone_of(request), timezone.now()
    blank = OverrideForm(members=reading.members(), zone=zone, now=moment)
    context = showing.page(schedule, *_view(request), zone, moment)
    context |= {"zone": zone, "override_form": override_form or blank, "address": address, **(said or {})}
    return render(request, "oncall/detail.html", context, status=status)


def _view(request: TenantRequest) -> tuple[str, str]:
    return request.GET.get("view", ""), request.GET.get("day", "")


def _form(request: TenantRequest, given: Draft, schedule: Schedule | None) -> HttpResponse:
    """A button that adds, removes or moves something shows the form again; the other one saves it."""
    moment, members, button = timezone.now(), reading.members(), request.POST.get("press", "")
    if button:
        given = drafting.press(given, button, moment.astimezone(ZoneInfo(zone_of(request))).date())
    form = ScheduleForm(given, members, schedule)
    values = form.read(moment) if request.method == "POST" and not button else None
    saved = _save(request, form, values) if values else None
    if saved is None:
        context = {"form": form, "schedule": schedule}
        return render(request, "oncall/form.html", context, status=422 if form.is_refused else 200)
    messages.success(request, f"{saved} is saved.")
    return redirect("oncall:detail", saved.pk)


def _save(request: TenantRequest, form: ScheduleForm, values: dict[str, Any]) -> Schedule | None:
    by = Actor.person(request.user)
    if form.schedule:
        return planning.update(request.organisation, form.schedule, values, by)
    try:
        return planning.create(request.organisation, values, by)
    except ConfigError as error:
        form.refuse(error)
    return None
