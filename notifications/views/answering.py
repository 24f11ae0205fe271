"""The page behind a message's link: it says how the incident stands, and a button acts. Looking changes nothing."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from notifications import answering
from pulse import links


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """Scanners of mail follow every link, so only a posted form acts; the token itself is what proves the right."""
    asked = answering.find(token)
    if asked is None:
        raise Http404
    if request.method == "POST":
        verb = answering.take_back if request.POST.get("undo") else answering.acknowledge
        verb(asked)
        return redirect(request.path)
    incident = asked.incident
    context = {
        "asked": asked,
        "incident": incident,
        "mine": bool(incident and asked.by and incident.acknowledged_by == asked.by.name),
        "url": links.page_of(asked.organisation.slug, "incidents:detail", incident.pk) if incident else "",
    }
    response = render(request, "telling/acknowledge.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response
