"""Pages of escalation policies: the list in words, and the form with as many steps as one wants."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notifications import policies
from notifications.models import EscalationPolicy
from notifications.overview import policy_rows
from notifications.policy_forms import PolicyForm
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest


@require_GET
@requires(Ability.VIEW)
def policy_list(request: TenantRequest) -> HttpResponse:
    return render(request, "notifications/policies.html", {"rows": policy_rows()})


@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_RULES)
def create(request: TenantRequest) -> HttpResponse:
    form = PolicyForm(request.POST if request.method == "POST" else None)
    if not _is_saved(request) or (values := form.read()) is None:
        return _form(request, form)
    policy = policies.create(request.organisation, values, Actor.person(request.user))
    messages.success(request, f"{policy} is made. Name it in a rule, so that an outage sets it to work.")
    return redirect("notifications:policies")


@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_RULES)
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    policy = get_object_or_404(EscalationPolicy, pk=pk)
    form = PolicyForm(request.POST if request.method == "POST" else None, policy)
    if not _is_saved(request) or (values := form.read()) is None:
        return _form(request, form, policy=policy)
    policies.update(request.organisation, policy, values, Actor.person(request.user))
    messages.success(request, f"{values['name']} is saved. What is at work goes on by the new steps.")
    return redirect("notifications:policies")


@require_POST
@requires(Ability.EDIT_RULES)
def delete(request: TenantRequest, pk: UUID) -> HttpResponse:
    policy = get_object_or_404(EscalationPolicy, pk=pk)
    policies.delete(request.organisation, policy, Actor.person(request.user))
    messages.success(request, f"{policy} is deleted. Rules that named it tell their channels alone.")
    return redirect("notifications:policies")


def _is_saved(request: TenantRequest) -> bool:
    """Not when a button only adds, drops or moves a step."""
    return request.method == "POST" and not request.POST.get("press")


def _form(request: TenantRequest, form: PolicyForm, **more: object) -> HttpResponse:
    context = {"form": form, **more}
    return render(request, "notifications/policy_form.html", context, status=422 if form.is_refused else 200)
