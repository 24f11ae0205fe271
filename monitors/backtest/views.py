"""The panel of a monitor's form that follows what is typed into its policy."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from monitors.backtest.running import SPAN, read_draft, run
from monitors.backtest.showing import show
from monitors.forms_policy import label_of, policy_as_sent
from monitors.models import Monitor
from pulse.fields import ConfigError
from tenants.abilities import Ability
from tenants.access import requires
from tenants.requests import TenantRequest


@require_POST
@requires(Ability.EDIT_MONITORS)
def backtest(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = get_object_or_404(Monitor.objects.visible_to(request.membership), pk=pk)
    end = timezone.now()
    try:
        draft = read_draft(policy_as_sent(request.POST), monitor)
        found = show(run(monitor, *draft, end - SPAN, end), end, timezone.get_current_timezone())
    except ConfigError as error:
        complaints = [(label_of(pointer), words) for pointer, words in error.errors]
        return render(request, "monitors/_backtest.html", {"complaints": complaints})
    return render(request, "monitors/_backtest.html", {"backtest": found})
