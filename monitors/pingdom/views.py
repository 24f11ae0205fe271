"""The page that takes over checks from Pingdom: a token, then what can be chosen, then monitors."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from monitors import bulk, editing
from monitors.controls import Typed
from monitors.pingdom.fetching import read_token
from monitors.pingdom.previewing import Preview, preview
from monitors.probes.sources.shape import SourceError
from pulse.fields import ConfigError, FieldError
from pulse.scoping import current
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest


class TokenForm(forms.Form):
    """`cleaned_data["preview"]` is what the account has. The token is used for that, and shown and kept nowhere."""

    token = Typed(
        label="API token",
        help_text="Of Pingdom, with read access: Settings, Pingdom API. It is used once and not kept.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        try:
            token = read_token(self.cleaned_data.get("token"))
            self.cleaned_data["preview"] = preview(current(), token)
        except (FieldError, SourceError) as error:
            self.add_error("token", f"{str(error)[:1].upper()}{str(error)[1:]}")
        return self.cleaned_data


@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_MONITORS)
def import_checks(request: TenantRequest) -> HttpResponse:
    if "create" in request.POST:
        return _create(request)
    form = TokenForm(request.POST if request.method == "POST" else None)
    found: Preview | None = form.cleaned_data["preview"] if form.is_valid() else None
    context = {"form": form, "preview": found, "rows": _rows(found) if found else []}
    return render(
        request, "monitors/pingdom.html", context, status=422 if form.is_bound and not found else 200
    )


def _create(request: TenantRequest) -> HttpResponse:
    """The definitions travel in the page: each is read again, by the rules that everything typed is read by."""
    try:
        values = bulk.read_new({"monitors": _definitions(request.POST)})
    except ConfigError as error:
        for _, detail in list(error.errors)[:10]:
            messages.error(request, detail)
        return redirect("monitors:pingdom")
    made = editing.create_many(request.organisation, values, Actor.person(request.user))
    messages.success(request, f"{len(made):,} monitor{'s are' if len(made) != 1 else ' is'} being watched.")
    return redirect("monitors:list")


def _definitions(posted: QueryDict) -> list[Any]:
    """Of the boxes with a tick: each brings its definition."""
    try:
        found = [json.loads(text) for text in posted.getlist("definition")]
    except (ValueError, RecursionError):
        raise ConfigError([("", "Read the checks again: the page was changed.")]) from None
    if not found:
        raise ConfigError([("", "Choose at least one check.")])
    return found


def _rows(found: Preview) -> list[tuple[Any, str, bool]]:
    """Each check that is possible with its definition as text, and whether a monitor watches it already."""
    return [
        (
            check,
            json.dumps(check.definition),
            (check.definition["kind"], check.definition["target"]) in found.known,
        )
        for check in found.possible
        if check.definition
    ]
