"""Why somebody got a message, or did not: one delivery with all that led to it and all that came of it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from incidents.models import Incident
from monitors.models import Monitor
from notifications import listing
from notifications.ledger.models import Escalation
from notifications.models import Rule
from notifications.reporting import Called
from notifications.retelling import purpose, retell
from tenants.abilities import Ability
from tenants.access import requires
from tenants.requests import TenantRequest


@require_GET
@requires(Ability.VIEW)
def explain(request: TenantRequest, pk: UUID) -> HttpResponse:
    delivery = listing.find(pk)
    (row,) = listing.rows([delivery])
    incident = Incident.objects.filter(pk=delivery.incident_id).first() if delivery.incident_id else None
    monitor = Monitor.objects.filter(no=delivery.monitor_no).first() if delivery.monitor_no else None
    rule = Rule.objects.filter(pk=delivery.rule_id).first() if delivery.rule_id else None
    chains = Escalation.objects.filter(tenant_no=request.organisation.no, no=delivery.escalation_no or 0)
    context = {
        "row": row,
        "delivery": delivery,
        "incident": incident,
        "called": [Called(chain) for chain in chains],
        "purpose": purpose(delivery),
        "lines": retell(row, incident, monitor, rule, listing.by_number(delivery.folded_into)),
    }
    return render(request, "notifications/why.html", context)
