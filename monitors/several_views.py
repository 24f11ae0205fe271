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
from monitors.models import Monitor
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
    was_shown = (
        request.POST.get("create") == preview.digest
    )  # else the list, or what is watched, is another by now
    made = _made(request, preview, form) if was_shown and not preview.wrong else []
    if not made:
        shown = form if form.errors else ImportForm(initial={"text": form.cleaned_data["text"]})
        context |= {"preview": preview, "form": shown, "is_other": "create" in request.POST and not was_shown}
        return render(
            request, "monitors/import.html", context, status=422 if "create" in request.POST else 200
        )
    messages.success(request, f"{len(made):,} monitor{'s are' if len(made) != 1 else ' is'} being watched.")
    return redirect("monitors:list")


def _made(request: TenantRequest, preview: several.Preview, form: ImportForm) -> list[Monitor]:
    """None of them where one cannot be after all, which the form then says."""
    try:
        return editing.create_many(request.organisation, preview.values, Actor.person(request.user))
    except ConfigError as error:
        _tell(form, error)
        return []


def _tell(form: ImportForm | SeveralForm, error: ConfigError) -> None:
    for _, detail in error.errors[:10]:
        form.add_error(None, detail)


@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_MONITORS)
def edit_several(request: TenantRequest) -> HttpResponse:
    query = searching.read_query(request.GET)
    monitors, total = _offered(query, request.POST.getlist("monitors"))
    form = SeveralForm(request.POST if request.method == "POST" else None, monitors=monitors)
    context: dict[str, Any] = {"form": form, "query": query, "total": total, "at_most": bulk.AT_MOST}
    if not form.is_valid():
        return render(request, "monitors/several.html", context, status=422 if form.is_bound else 200)
    if "apply" not in request.POST:
        context["outlook"] = changing.preview(form.cleaned_data)
        return render(request, "monitors/several.html", context)
    try:
        words = changing.carry_out(request.organisation, form.cleaned_data, Actor.person(request.user))
    except ConfigError as error:
        _tell(form, error)
        return render(request, "monitors/several.html", context, status=422)
    messages.success(request, words)
    return redirect(reverse("monitors:list") + query.address())


def _offered(query: searching.Query, ticked: list[str]) -> tuple[list[Monitor], int]:
    """What the search finds, as many as can be changed at once, and of how many; what is ticked stays there.

    Something that was ticked may stand otherwise by now, or be called so.
    """
    matching = listing.matching(query).order_by("rank", "name", "pk")
    found = list(matching[: bulk.AT_MOST])
    there = {str(row.pk) for row in found}
    missing = [identity for pk in ticked if pk not in there and (identity := bulk.as_id(pk))]
    total = matching.count() if len(found) == bulk.AT_MOST else len(found)
    return [*found, *Monitor.objects.filter(pk__in=missing).order_by("name")], total
