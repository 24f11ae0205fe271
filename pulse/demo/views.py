"""The demo's shop, which fails on purpose, and its receiver, which checks what it gets as a real one would."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from notifications import channels
from notifications.models import NotificationChannel
from pulse.demo import filling
from pulse.scoping import in_tenant
from tenants.middleware import find_membership
from tenants.models import Organisation
from tenants.requests import PublicRequest

PERIOD = timedelta(minutes=5)
OUTAGE = timedelta(minutes=1)
RECEIVED = "demo:received"
KEPT = 50


def is_down(born: datetime, now: datetime) -> bool:
    """One minute in every five, the first of them one minute after the demo was made."""
    return OUTAGE <= (now - born) % PERIOD < 2 * OUTAGE


@require_safe
def shop(request: HttpRequest) -> HttpResponse:
    if is_down(_demo().created_at, timezone.now()):
        response = HttpResponse("Out of order, as for one minute in every five.\n", "text/plain", status=503)
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  # Django offers no other way to say "meant so"
        return response
    return HttpResponse("Open.\n", "text/plain")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def receiver(request: PublicRequest) -> HttpResponse:
    """POST takes a signed message; GET shows members of the demo what came in."""
    organisation = _demo()
    if request.method == "POST":
        return _receive(request, organisation)
    if not request.user.is_authenticated or find_membership(organisation.slug, request.user.pk) is None:
        raise Http404
    received = [row | {"at": datetime.fromisoformat(row["at"])} for row in cache.get(RECEIVED) or []]
    return render(request, "demo/receiver.html", {"received": received, "demo": organisation})


def _receive(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    with in_tenant(organisation):
        channel = NotificationChannel.objects.filter(name=filling.RECEIVER).first()
        secret = channels.secret_of(organisation, channel) if channel else ""
    try:
        content = Webhook(secret).verify(request.body, dict(request.headers)) if secret else None
    except (WebhookVerificationError, ValueError) as error:
        return JsonResponse({"error": f"signature refused: {error}"}, status=400)
    if not isinstance(content, dict):
        return JsonResponse({"error": "no channel of the demo posts here"}, status=404)
    known = cache.get(RECEIVED) or []
    if content["id"] not in {row["id"] for row in known}:
        row = {
            "id": content["id"],
            "type": content["type"],
            "at": timezone.now().isoformat(),
            "body": json.dumps(content, indent=2),
        }
        cache.set(RECEIVED, [row, *known][:KEPT], timeout=7 * 24 * 3600)
    return HttpResponse(status=204)


def _demo() -> Organisation:
    organisation = filling.find() if settings.PULSE_DEMO else None
    if organisation is None or organisation.state != Organisation.State.READY:
        raise Http404
    return organisation
