"""Pages that deal with many monitors at once: paste a list, edit several."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from monitors import bulk, changing, editing, listing, searching, several
from monitors.forms_several import ImportForm, SeveralForm
from pulse.fields import ConfigError
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest


@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_MONITORS)
def import_list(request: TenantRequest) -> HttpResponse:
    form = ImportForm(request.POST if request.method == "POST" else None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if not form.is_valid():
        return render(request, "monitors/import.html", context, status=422 if form.is_bound else 200)
    preview = several.preview(form.cleaned_data["text"])
    if "create" not in request.POST or preview.wrong:
        context |= {"preview": preview, "form": ImportForm(initial={"text": form.cleaned_data["text"]})}
        return render(
            request, "monitors/import.html", context, status=422 if "create" in request.POST else 200
        )
    made = editing.create_many(request.organisation, preview.values, Actor.person(request.user))
    messages.success(request, f"{len(made):,} monitor{'s are' if len(made) != 1 else ' is'} being watched.")
    return redirect("monitors:list")


@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_MONITORS)
def edit_several(request: TenantRequest) -> HttpResponse:
    query = searching.read_query(request.GET)
    monitors = list(listing.matching(query).order_by("rank", "name", "pk")[: bulk.AT_MOST])
    form = SeveralForm(request.POST if request.method == "POST" else None, monitors=monitors)
    context: dict[str, Any] = {"form": form, "query": query, "count": len(monitors)}
    if not form.is_valid():
        return render(request, "monitors/several.html", context, status=422 if form.is_bound else 200)
    if "apply" not in request.POST:
        context["outlook"] = changing.preview(form.cleaned_data)
        return render(request, "monitors/several.html", context)
    try:
        words = changing.carry_out(request.organisation, form.cleaned_data, Actor.person(request.user))
    except ConfigError as error:
        for _, detail in list(error.errors)[:10]:
            form.add_error(None, detail)
        return render(request, "monitors/several.html", context, status=422)
    messages.success(request, words)
    return redirect(reverse("monitors:list") + query.address())
