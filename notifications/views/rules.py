"""Pages of rules: list in words, form, and who is told of one monitor."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from monitors.models import Monitor
from notifications import rules
from notifications.forms import RuleForm
from notifications.models import NotificationChannel, Rule, Severity
from notifications.overview import rule_rows, sentence
from notifications.previewing import preview
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest


@require_GET
@requires(Ability.VIEW)
def rule_list(request: TenantRequest) -> HttpResponse:
    return render(request, "notifications/rules.html", _rules())


@require_GET
@requires(Ability.VIEW)
def table(request: TenantRequest) -> HttpResponse:
    return render(request, "notifications/_rules.html", _rules())


@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_RULES)
def create(request: TenantRequest) -> HttpResponse:
    form = RuleForm(
        request.POST if request.method == "POST" else None, monitors=request.GET.getlist("monitor")
    )
    if not form.is_valid():
        return _form(request, form)
    rule = rules.create(request.organisation, form.cleaned_data, Actor.person(request.user))
    messages.success(request, sentence(rule))
    return redirect("notifications:rules")


@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_RULES)
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    rule = get_object_or_404(Rule, pk=pk)
    form = RuleForm(request.POST if request.method == "POST" else None, rule=rule)
    if not form.is_valid():
        return _form(request, form, rule=rule)
    rule = rules.update(request.organisation, rule, form.cleaned_data, Actor.person(request.user))
    messages.success(request, f"{rule} is saved. {sentence(rule)}")
    return redirect("notifications:rules")


@require_POST
@requires(Ability.EDIT_RULES)
def delete(request: TenantRequest, pk: UUID) -> HttpResponse:
    rule = get_object_or_404(Rule, pk=pk)
    rules.delete(request.organisation, rule, Actor.person(request.user))
    messages.success(request, f"{rule} is deleted. Who was told of an open outage still hears of its end.")
    return redirect("notifications:rules")


@require_GET
@requires(Ability.VIEW)
def told(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = get_object_or_404(Monitor.objects.visible_to(request.membership), pk=pk)
    severity = request.GET.get("severity", "")
    severity = severity if severity in Severity.values else Severity.MAJOR
    context = {
        "monitor": monitor,
        "severity": severity,
        "severities": Severity.values,
        "preview": preview(request.organisation, monitor, severity, timezone.now()),
    }
    return render(request, "notifications/_told.html", context)


def _rules() -> dict[str, object]:
    return {"rows": rule_rows(), "has_channels": NotificationChannel.objects.exists()}


def _form(request: TenantRequest, form: RuleForm, **more: object) -> HttpResponse:
    context = {"form": form, **more}
    return render(request, "notifications/rule_form.html", context, status=422 if form.is_bound else 200)
